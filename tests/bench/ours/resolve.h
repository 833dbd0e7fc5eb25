// oneid's rounds by the service's own writers.
#pragma once

#include "tests/bench/load/channel_load.h"
#include "tests/bench/load/round.h"

namespace tessera::bench::ours {

// The brand and its known customers, in a migrated database.
void PrepareResolve(int64_t customers);

Round Resolve(const ChannelLoad& load);

}  // namespace tessera::bench::ours
