// tessera.sample.v1.ActivityService: proto -> command -> reply.
#pragma once

#include "engine/api.h"

namespace tessera::sample {

void RegisterActivityApi(engine::Api& api);

}  // namespace tessera::sample
