// Domain facts -> events to publish. Pure, thread-safe.
#pragma once

#include <vector>

#include "engine/service.h"
#include "services/membership/domain/commands.h"

namespace tessera::membership::events {

void EncodeFact(const Fact& fact, const engine::Cause& cause, std::vector<engine::Published>& out);

}  // namespace tessera::membership::events
