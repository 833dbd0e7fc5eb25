// The load of the whole flow: channel events to the broker, and the wait for the last balance.
#pragma once

#include <string>

#include "tests/bench/load/channel_load.h"
#include "tests/bench/load/round.h"

namespace tessera::bench {

// From the first event that is published until membership, whose database it is, has read as many customer events as
// were published. `first`: instead of the load, the first event of each of its customers.
Round DriveFlow(const ChannelLoad& load, const std::string& topic_prefix, bool first);

}  // namespace tessera::bench
