// Due timers -> commands. Pure, thread-safe.
#pragma once

#include "engine/outcome.h"
#include "services/membership/domain/commands.h"

namespace tessera::membership::timers {

// The command that handles all that is due of the timer.
Command FromTimer(const engine::TimerKey& key);

}  // namespace tessera::membership::timers
