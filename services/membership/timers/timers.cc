#include "services/membership/timers/timers.h"

namespace tessera::membership::timers {

Command FromTimer(const engine::TimerKey& key) {
  return TimerFired{{{key.owner}, key.brand}, static_cast<TimerKind>(key.kind)};
}

}  // namespace tessera::membership::timers
