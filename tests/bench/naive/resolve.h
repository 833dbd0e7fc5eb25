// oneid's rounds by ordinary transactions.
#pragma once

#include "tests/bench/load/channel_load.h"
#include "tests/bench/load/round.h"

namespace tessera::bench::naive {

// Each connection reads partitions of its own, record by record, each in a transaction of its own.
Round Resolve(const ChannelLoad& load, int connections);

}  // namespace tessera::bench::naive
