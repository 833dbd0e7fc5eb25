// The ledger's rounds by ordinary transactions.
#pragma once

#include "tests/bench/load/earn_load.h"

namespace tessera::bench::naive {

// One transaction for each call, all the rows that the ledger writes.
Round EarnPoints(const EarnLoad& load, int connections);

// One transaction for each call with the least that could be called a ledger: four statements, of which one adds to the
// balance, the others note request, entry and event. No lot, no tier, no order of events.
Round EarnLeast(const EarnLoad& load, int connections);

}  // namespace tessera::bench::naive
