// What a merge costs, whatever the past of the customers: the batch with one merge, timed from its record to its
// commit.
#pragma once

#include <cstdint>

#include "tests/bench/load/round.h"

namespace tessera::bench::ours {

// Pairs of customers: as many whose customers have the longer past as with the shorter one, in the same tables.
struct MergeLoad {
  int64_t pairs = 0;  // of each kind
  int64_t longer = 0;
  int64_t shorter = 0;  // events of each customer
};

// A brand in oneid with these customers.
void PrepareMerges(const MergeLoad& load);

// Merges the pairs, one merge at a time, one of each kind in turn; the first of each is not counted. The figures are
// long_p50_ms and short_p50_ms. Of oneid, prepared as above, and of membership, prepared by PrepareLedger and
// SeedLedger: the first half of the members has the longer past.
Round MergeInOneid(int64_t pairs);
Round MergeInMembership(int64_t pairs);

}  // namespace tessera::bench::ours
