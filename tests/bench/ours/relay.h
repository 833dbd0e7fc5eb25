// The relay's rounds: what the outbox holds, to the broker.
#pragma once

#include <string>

#include "tests/bench/load/round.h"

namespace tessera::bench::ours {

// By the engine's relay, with its cursors, to topics with this prefix.
Round Relay(const std::string& topic_prefix);

}  // namespace tessera::bench::ours
