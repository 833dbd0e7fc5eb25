// What every service offers its operators (tessera.ops.v1.OperationsService): waiting, parked and refused events, the
// invariants, the progress. Thread-safe after construction.
#pragma once

#include <string>
#include <vector>

#include "base/embedded_file.h"
#include "engine/api_binding.h"
#include "engine/relay.h"

namespace tessera::engine {

struct OperationsConfig {
  std::string wrapping_key;          // opens stored records
  LogTopics topics;                  // names of the service's logs
  std::vector<EmbeddedFile> checks;  // "checks/<name>.sql": queries that answer a row per violation
};

// Registers all methods of the OperationsService.
void RegisterOperations(ApiBinding& api, OperationsConfig config);

}  // namespace tessera::engine
