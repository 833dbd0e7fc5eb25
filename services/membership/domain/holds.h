// Holds and spends: taking parts of lots, and giving them back. All functions change the books only.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "services/membership/domain/books.h"

namespace tessera::membership {

// Ends an open hold: `captured` of it is spent, in hold order, the rest is released. Tells nothing.
void EndHold(Books& books, const HoldKey& key, HoldState state, int64_t captured);

// Times out the side's holds that are due, and sets the timer to the next.
void EndDueHolds(Books& books, const MemberKey& side);

Outcome Decide(Tables& tables, const HoldPoints& command, absl::Time now);
Outcome Decide(Tables& tables, const SpendPoints& command, absl::Time now);
Outcome Decide(Tables& tables, const CaptureHold& command, absl::Time now);
Outcome Decide(Tables& tables, const ReleaseHold& command, absl::Time now);
Outcome Decide(Tables& tables, const RefundSpend& command, absl::Time now);

}  // namespace tessera::membership
