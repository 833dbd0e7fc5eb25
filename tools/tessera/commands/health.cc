// tessera health: whether the instances are ready to serve.
#include "base/status.h"
#include "metrics/page.h"
#include "tools/tessera/cli/output.h"
#include "tools/tessera/cli/table.h"
#include "tools/tessera/commands/commands.h"

namespace tessera::cli {
namespace {

constexpr absl::Duration kFetchTimeout = absl::Seconds(2);

absl::StatusOr<int> Health(Stack& stack, const Arguments& arguments) {
  TESSERA_ASSIGN_OR_RETURN(const auto addresses, stack.MetricsAddresses());
  Table table({{"INSTANCE"}, {"STATE"}});
  Json json = Json::object();
  bool all_serve = true;
  for (const auto& [instance, address] : addresses) {
    const absl::Status status = metrics::Fetch(address, "/healthz", kFetchTimeout).status();
    all_serve = all_serve && status.ok();
    const std::string state = status.ok() ? "serving" : std::string(status.message());
    table.Add({instance, state});
    json[instance] = {{"serving", status.ok()}, {"state", state}};
  }
  if (arguments.Has("json")) {
    PrintJson(json);
  } else {
    Print(table.Text());
  }
  return all_serve ? 0 : 1;
}

}  // namespace

std::vector<Command> HealthCommands() {
  return {{{.words = "health",
            .summary = "Tells whether the instances are ready to serve; exit code 0 if all are.",
            .options = {MetricsOption()}},
           &Health}};
}

}  // namespace tessera::cli
