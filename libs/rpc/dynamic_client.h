// Calls any method of a server with JSON, by what the server's reflection tells. Thread-compatible.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "rpc/client.h"

namespace tessera::rpc {

class DynamicClient {
 public:
  // `client` must outlive it.
  explicit DynamicClient(Client& client);
  ~DynamicClient();

  // Full names, sorted as the server sorts them.
  absl::StatusOr<std::vector<std::string>> ListServices();

  // The proto text of a service, method, message or enum. NotFound if the server knows none of this name.
  absl::StatusOr<std::string> Describe(const std::string& symbol);

  // One call: `json` is the request, the answer is the response (indented; fields by their names in the proto file,
  // those without a value, too). `method` is "package.Service/Method". InvalidArgument if the JSON is no such request
  // or the method streams; else as Client::Call.
  absl::StatusOr<std::string> CallJson(const std::string& method, const std::string& json,
                                       const CallOptions& options = {});

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace tessera::rpc
