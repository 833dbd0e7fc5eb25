// The relay's rounds by an ordinary loop.
#pragma once

#include <cstdint>
#include <string>

#include "tests/bench/load/round.h"

namespace tessera::bench::naive {

// The first `operations` events of the outbox, each produced and waited for before the next.
Round Relay(const std::string& topic_prefix, int64_t operations);

}  // namespace tessera::bench::naive
