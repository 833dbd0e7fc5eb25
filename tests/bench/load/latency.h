// How long an event takes to become a balance while nothing else happens.
#pragma once

#include <cstdint>
#include <string>

#include "tests/bench/load/round.h"

namespace tessera::bench {

// Publishes events of one customer by oneid's PublishEvent, one after the other, and asks membership's GetBalance until
// each is in the balance. The customer must be the only member of the brand.
Round MeasureLatency(const std::string& oneid, const std::string& membership, int64_t samples, uint64_t seed);

}  // namespace tessera::bench
