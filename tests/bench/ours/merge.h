// What a merge costs, whatever the past of the customers: the batch with one merge, timed from its record to its
// commit.
#pragma once

#include <cstdint>

#include "tests/bench/load/round.h"

namespace tessera::bench::ours {

// A brand with this many customers in oneid, each with so many past events.
void PrepareMerges(int64_t customers, int64_t events_each);

// Merges the customers two by two, one merge at a time; the first is not counted. Of oneid, prepared as above, and of
// membership, prepared by PrepareLedger.
Round MergeInOneid(int64_t customers);
Round MergeInMembership(int64_t customers);

}  // namespace tessera::bench::ours
