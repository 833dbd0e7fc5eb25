// main() of a service: settings, the commands `migrate` and `serve`, signals.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "base/crypto.h"
#include "base/embedded_file.h"
#include "engine/runtime.h"

namespace tessera::engine {

// Builds the service's parts; called by `serve` only.
using MakeParts = std::function<absl::StatusOr<ServiceParts>(const KeyFile& keys)>;

// Runs `tessera-<name> migrate|serve`; the process's exit code. Settings come from flags, else from the environment
// (TESSERA_DSN for --dsn and so on), else from defaults that work on loopback only.
int ServiceMain(int argc, char** argv, const std::string& name, const std::vector<EmbeddedFile>& files,
                const MakeParts& make_parts);

}  // namespace tessera::engine
