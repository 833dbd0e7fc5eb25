// Facts as events: which topic, key and bytes. Pure functions.
#pragma once

#include <vector>

#include "engine/service.h"
#include "services/oneid/domain/fact.h"

namespace tessera::oneid {

void PublishFact(const Fact& fact, const engine::Cause& cause, std::vector<engine::Published>& out);

}  // namespace tessera::oneid
