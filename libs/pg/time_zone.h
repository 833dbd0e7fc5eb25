// Time zones that rows name.
#pragma once

#include <string_view>

#include "absl/time/time.h"
#include "pg/tx.h"

namespace tessera::pg {

// The zone of a name that was read by `tx`. If this machine's time zone data has none, the transaction is rejected:
// FailedPrecondition TIME_ZONE_UNKNOWN.
absl::TimeZone ZoneOf(Tx& tx, std::string_view name);

}  // namespace tessera::pg
