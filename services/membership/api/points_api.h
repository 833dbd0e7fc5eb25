// PointsService's mutations: request -> command, reply -> response.
#pragma once

#include <string>

#include "engine/api.h"
#include "services/membership/domain/commands.h"

namespace tessera::membership::api {

void RegisterPointsApi(engine::Api& api);

// The response bytes of any command.
std::string EncodeReply(const Command& command, const Reply& reply);

}  // namespace tessera::membership::api
