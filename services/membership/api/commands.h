// The mutating methods: request -> command, reply -> response.
#pragma once

#include <memory>
#include <string>

#include "engine/api.h"
#include "services/membership/domain/commands.h"

namespace tessera::membership::api {

// A command as the engine takes it; defined in service.cc, which alone knows the facade's type.
std::unique_ptr<engine::AnyCommand> Wrap(Command command);

void RegisterPointsCommands(engine::Api& api);
void RegisterProgramCommands(engine::Api& api);

// The response bytes of any command.
std::string EncodeReply(const Command& command, const Reply& reply);
std::string EncodeProgramReply(const ProgramReply& reply);

}  // namespace tessera::membership::api
