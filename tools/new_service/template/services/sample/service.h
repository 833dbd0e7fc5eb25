// The typed facade of the sample over the engine.
#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "base/embedded_file.h"
#include "engine/service.h"
#include "services/sample/domain/activity.h"

namespace tessera::sample {

std::unique_ptr<engine::Service> NewService();
std::unique_ptr<engine::AnyCommand> NewCommand(Command command);

// The error that a caller gets for a refusal.
absl::Status StatusOf(Reason reason, std::string_view field);

// Migrations and checks.
const std::vector<EmbeddedFile>& EmbeddedFiles();

}  // namespace tessera::sample
