// tessera token: a bearer token of the local stack, for grpcurl and other clients.
#include <set>

#include "base/status.h"
#include "tools/tessera/cli/output.h"
#include "tools/tessera/commands/commands.h"

namespace tessera::cli {
namespace {

// Every role that a method of a running service asks for.
absl::StatusOr<std::vector<std::string>> AllRoles(Stack& stack) {
  TESSERA_ASSIGN_OR_RETURN(const auto services, stack.Services());
  std::set<std::string> roles;
  for (const std::string& service : services) {
    TESSERA_ASSIGN_OR_RETURN(const auto grpc_services, stack.ListGrpcServices(service));
    for (const std::string& grpc_service : grpc_services) {
      TESSERA_ASSIGN_OR_RETURN(const auto methods, stack.ListMethods(service, grpc_service));
      for (const rpc::MethodDescription& method : methods) roles.insert(method.roles.begin(), method.roles.end());
    }
  }
  return std::vector<std::string>(roles.begin(), roles.end());
}

absl::StatusOr<int> Token(Stack& stack, const Arguments& arguments) {
  TESSERA_ASSIGN_OR_RETURN(const int64_t ttl, arguments.Number("ttl-seconds", 3'600, 1, 31'536'000));
  std::vector<std::string> brands = arguments.All("brand"), roles = arguments.All("role");
  if (brands.empty()) brands = {"*"};
  if (roles.empty()) {
    TESSERA_ASSIGN_OR_RETURN(roles, AllRoles(stack));
  }
  TESSERA_ASSIGN_OR_RETURN(const std::string token,
                           stack.SignToken(brands, roles, arguments.Text("subject", "tessera"), absl::Seconds(ttl)));
  if (arguments.Has("json")) {
    PrintJson({{"token", token}, {"brands", brands}, {"roles", roles}});
  } else {
    Print(token + "\n");
  }
  return 0;
}

}  // namespace

std::vector<Command> TokenCommands() {
  return {{{.words = "token",
            .summary = "Prints a bearer token for the local stack, signed with its key.",
            .options = {{"brand", "ID", "a brand that it is good for (repeatable; all)"},
                        {"role", "ROLE", "a role that it carries (repeatable; all that the running services ask for)"},
                        {"subject", "NAME", "whom it names (tessera)"},
                        {"ttl-seconds", "N", "how long it is good for (3600)"}},
            .example = "token --brand retail --role membership.reader"},
           &Token}};
}

}  // namespace tessera::cli
