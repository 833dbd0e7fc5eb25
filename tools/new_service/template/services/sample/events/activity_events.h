// Domain facts -> event protos.
#pragma once

#include <vector>

#include "engine/service.h"
#include "services/sample/domain/activity.h"

namespace tessera::sample {

void EncodeFact(const Fact& fact, const engine::Cause& cause, std::vector<engine::Published>& out);

}  // namespace tessera::sample
