// tessera call: any method of any service, by reflection.
#include <iostream>
#include <iterator>
#include <optional>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/status.h"
#include "tools/tessera/cli/output.h"
#include "tools/tessera/cli/records.h"
#include "tools/tessera/cli/table.h"
#include "tools/tessera/commands/commands.h"

namespace tessera::cli {
namespace {

struct Known {
  std::vector<MethodChoice> choices;
  Table table{{{"SERVICE"}, {"METHOD"}, {"ROLES"}, {"STREAMS"}}};
  Json json = Json::array();
  std::vector<absl::Status> unanswered;  // why, of each service that did not answer
};

// Every method of the services that answer.
absl::StatusOr<Known> ListMethods(Stack& stack) {
  TESSERA_ASSIGN_OR_RETURN(const auto services, stack.Services());
  Known known;
  for (const std::string& service : services) {
    const auto grpc_services = stack.ListGrpcServices(service);
    if (!grpc_services.ok()) {
      known.unanswered.push_back(grpc_services.status());
      continue;
    }
    for (const std::string& grpc_service : *grpc_services) {
      TESSERA_ASSIGN_OR_RETURN(const auto methods, stack.ListMethods(service, grpc_service));
      for (const rpc::MethodDescription& method : methods) {
        known.choices.push_back({service, method.name, method.streams});
        known.table.Add({service, method.name, absl::StrJoin(method.roles, ", "), method.streams ? "yes" : ""});
        known.json.push_back(
            {{"service", service}, {"method", method.name}, {"roles", method.roles}, {"streams", method.streams}});
      }
    }
  }
  return known;
}

// The proto text of the method and of every message and enum in its request and response.
absl::StatusOr<int> Describe(Stack& stack, const MethodChoice& choice) {
  std::string symbol = choice.method;
  symbol[symbol.find('/')] = '.';
  TESSERA_ASSIGN_OR_RETURN(const std::string text, stack.Describe(choice.service, symbol));
  Print(text);
  return 0;
}

// Requests are the lines of standard input, or the one that was given; each response is printed as it comes.
absl::StatusOr<int> Stream(Stack& stack, const MethodChoice& choice, std::optional<std::string> only) {
  const bool from_input = only == "-";
  const auto next = [&]() -> std::optional<std::string> {
    if (!from_input) return std::exchange(only, std::nullopt);
    std::string line;
    while (std::getline(std::cin, line)) {
      if (!absl::StripAsciiWhitespace(line).empty()) return line;
    }
    return std::nullopt;
  };
  TESSERA_RETURN_IF_ERROR(stack.StreamJson(choice.service, choice.method, next, [](const std::string& response) {
    Print(response + "\n");
    std::fflush(stdout);
  }));
  return 0;
}

absl::StatusOr<int> Call(Stack& stack, const Arguments& arguments) {
  TESSERA_ASSIGN_OR_RETURN(const Known known, ListMethods(stack));
  if (arguments.words().empty()) {
    if (arguments.Has("json")) {
      PrintJson(known.json);
    } else if (!known.choices.empty()) {
      Print(known.table.Text());
    }
    PrintErrors(known.unanswered);
    return known.unanswered.empty() ? 0 : 1;
  }
  const absl::StatusOr<MethodChoice> chosen = ChooseMethod(arguments.words()[0], known.choices);
  // It may be a method of the service that does not answer; and what all services have, it has, too.
  const bool certain = chosen.ok() && !chosen->method.starts_with("tessera.ops.");
  if (!certain && !known.unanswered.empty()) {
    PrintErrors(known.unanswered);
    return 1;
  }
  TESSERA_ASSIGN_OR_RETURN(const MethodChoice choice, chosen);
  if (arguments.Has("describe")) return Describe(stack, choice);
  std::string json = arguments.words().size() > 1 ? arguments.words()[1] : "{}";
  if (choice.streams) return Stream(stack, choice, json);
  if (json == "-") json.assign(std::istreambuf_iterator<char>(std::cin), {});
  TESSERA_ASSIGN_OR_RETURN(const std::string response, stack.CallJson(choice.service, choice.method, json));
  Print(response);
  if (!response.ends_with('\n')) Print("\n");
  return 0;
}

}  // namespace

std::vector<Command> CallCommands() {
  return {{{.words = "call",
            .summary =
                "Calls any method with a JSON request and prints the JSON response; lists all without a METHOD. Of a "
                "method that streams, each line of standard input (\"-\") is a request, and each response a line.",
            .positionals = {{"method", "in full, or as much as tells it from others", Count::kAtMostOne},
                            {"json", "the request; \"-\" reads it from standard input ({})", Count::kAtMostOne}},
            .options = {ServiceOption(),
                        {"describe", "", "print what the method takes and answers, with all types, instead"}},
            .example = "call ProgramService/GetProgram '{\"brand_id\": \"retail\"}'"},
           &Call}};
}

}  // namespace tessera::cli
