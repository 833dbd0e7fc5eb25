// Calls methods by name, for the command line, the gateway and tests: no generated gRPC code. Thread-safe; connects
// when first used and again whenever needed.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "rpc/tls.h"

namespace tessera::rpc {

struct CallOptions {
  std::string token;                           // "" sends none
  absl::Duration timeout = absl::Seconds(30);  // InfiniteDuration: no deadline
  std::string traceparent;                     // "" sends none
};

class Client {
 public:
  // `target` is "127.0.0.1:5001". Without TLS, the channel is not encrypted: loopback, or a network that is. Every call
  // answers InvalidArgument that names the file if TLS cannot use it.
  explicit Client(const std::string& target, const TlsFiles& tls = {});
  ~Client();
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  // One call; waits. Errors are the server's, with ErrorInfo; Unavailable and DeadlineExceeded may also be ours.
  // `method` is "tessera.membership.v1.PointsService/GetBalance".
  template <class Request, class Response>
  absl::StatusOr<Response> Call(std::string_view method, const Request& request, const CallOptions& options = {}) {
    absl::StatusOr<std::string> bytes = CallBytes(method, request.SerializeAsString(), options);
    if (!bytes.ok()) return bytes.status();
    Response response;
    if (!response.ParseFromString(*bytes)) return absl::InternalError("the response is of another type");
    return response;
  }
  absl::StatusOr<std::string> CallBytes(std::string_view method, std::string_view request,
                                        const CallOptions& options = {});

  // Does not wait: any number of calls may be on their way. `done` runs once, on a thread of gRPC's, and must not
  // block.
  void CallBytesAsync(std::string_view method, std::string_view request, const CallOptions& options,
                      std::function<void(absl::StatusOr<std::string>)> done);

  // A stream in both directions; waits for its end. Sends what `next` gives until nullopt, and hands each response to
  // `on_response`. Both run on gRPC's threads, each one at a time. The server's pace is kept.
  absl::Status Stream(std::string_view method, const CallOptions& options,
                      std::function<std::optional<std::string>()> next, std::function<void(std::string)> on_response);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace tessera::rpc
