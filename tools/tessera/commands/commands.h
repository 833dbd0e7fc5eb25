// The commands, one file per group.
#pragma once

#include <vector>

#include "absl/status/statusor.h"
#include "tools/tessera/cli/arguments.h"
#include "tools/tessera/cli/stack.h"

namespace tessera::cli {

struct Command {
  Syntax syntax;
  // The exit code, or what went wrong.
  absl::StatusOr<int> (*run)(Stack& stack, const Arguments& arguments);
};

std::vector<Command> CallCommands();
std::vector<Command> CheckCommands();
std::vector<Command> CustomerCommands();
std::vector<Command> DeadLetterCommands();
std::vector<Command> HealthCommands();
std::vector<Command> MergeCommands();
std::vector<Command> ParkedCommands();
std::vector<Command> PointsCommands();
std::vector<Command> ProgressCommands();
std::vector<Command> ReplayCommands();
std::vector<Command> TokenCommands();
std::vector<Command> TopCommands();
std::vector<Command> WaitingCommands();

// An option of several commands: only this service.
inline Option ServiceOption() { return {"service", "NAME", "only this service, such as oneid (all that are known)"}; }
inline Option MetricsOption() {
  return {"metrics", "ADDRESSES",
          "host:port of each instance's metrics, with commas between (TESSERA_METRICS; the local stack's)"};
}
inline Option LimitOption() { return {"limit", "N", "how many of each service at most (50)"}; }

}  // namespace tessera::cli
