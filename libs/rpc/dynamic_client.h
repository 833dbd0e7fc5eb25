// Calls any method of a server with JSON, by what the server's reflection tells. Thread-compatible.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "rpc/client.h"

namespace tessera::rpc {

// A method as the server describes it.
struct MethodDescription {
  std::string name;                // "package.Service/Method"
  std::vector<std::string> roles;  // one of which a caller's token must hold
  bool streams = false;            // in one direction or both
};

class DynamicClient {
 public:
  // `client` must outlive it.
  explicit DynamicClient(Client& client);
  ~DynamicClient();

  // Full names, sorted as the server sorts them.
  absl::StatusOr<std::vector<std::string>> ListServices();

  // In the order of the proto file. NotFound if the server has no such service.
  absl::StatusOr<std::vector<MethodDescription>> ListMethods(const std::string& service);

  // The proto text of a service, method, message or enum and of all that it uses (describe.h). NotFound if the server
  // knows none of this name.
  absl::StatusOr<std::string> Describe(const std::string& symbol);

  // One call: `json` is the request, the answer is the response (indented; fields by their names in the proto file,
  // those without a value, too; an Any that the server itself could not read as readable_any.h says). `method` is
  // "package.Service/Method". InvalidArgument if the JSON is no such request or the method streams; else as
  // Client::Call.
  absl::StatusOr<std::string> CallJson(const std::string& method, const std::string& json,
                                       const CallOptions& options = {});

  // A method that streams, in either or both directions: `next` gives requests until nullopt, `on_response` gets each
  // response, on one line; threads as in Client::Stream. InvalidArgument with its number for a request whose JSON is
  // none: it and what follows is not sent.
  absl::Status StreamJson(const std::string& method, const std::function<std::optional<std::string>()>& next,
                          const std::function<void(const std::string&)>& on_response, const CallOptions& options = {});

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace tessera::rpc
