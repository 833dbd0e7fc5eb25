// What is due by the clock. See lots.h and holds.h for what then happens.
#pragma once

#include "services/membership/domain/books.h"

namespace tessera::membership {

// Everything of all sides that is due: holds that time out, lots that activate and expire, reviews of the tier. First
// in every decision about a member, so that none depends on when a timer runs.
void BringUpToDate(Books& books);

Outcome Decide(Tables& tables, const TimerFired& command, absl::Time now);

}  // namespace tessera::membership
