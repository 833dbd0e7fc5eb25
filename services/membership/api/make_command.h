// Inside api/ only: a domain command as the engine takes it. The facade's type is service.cc's affair, so it hands in
// how a command is wrapped.
#pragma once

#include <memory>

#include "engine/api.h"
#include "services/membership/domain/commands.h"

namespace tessera::membership::api {

// Defined in service.cc.
std::unique_ptr<engine::AnyCommand> Wrap(Command command);

}  // namespace tessera::membership::api
