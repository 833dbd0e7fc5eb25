// The services that a command speaks to. Thread-compatible.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "rpc/client.h"
#include "rpc/dynamic_client.h"
#include "tools/tessera/cli/settings.h"

namespace tessera::cli {

class Stack {
 public:
  // InvalidArgument for options that cannot be used.
  static absl::StatusOr<std::unique_ptr<Stack>> Find(const Arguments& arguments);

  // Those that --service names, else all that are known, sorted.
  absl::StatusOr<std::vector<std::string>> Services() const;

  // FailedPrecondition that says what to give if they are not known.
  absl::StatusOr<std::string> Brokers() const;
  absl::StatusOr<std::map<std::string, std::string>> MetricsAddresses() const;  // by instance

  const std::string& kafka_properties() const { return settings_.kafka_properties; }
  const std::string& topic_prefix() const { return settings_.topic_prefix; }

  // One call of a method, "tessera.ops.v1.OperationsService/RunChecks". Errors are the server's; FailedPrecondition if
  // it is not known where the service is, Unauthenticated if there is no token.
  template <class Request, class Response>
  absl::StatusOr<Response> Call(const std::string& service, std::string_view method, const Request& request) {
    auto bytes = CallBytes(service, method, request.SerializeAsString());
    if (!bytes.ok()) return bytes.status();
    Response response;
    if (!response.ParseFromString(*bytes)) return absl::InternalError("the response is of another type");
    return response;
  }
  absl::StatusOr<std::string> CallBytes(const std::string& service, std::string_view method, std::string_view request);
  absl::StatusOr<std::string> CallJson(const std::string& service, const std::string& method, const std::string& json);
  // A method that streams, as rpc::DynamicClient::StreamJson; for as long as --timeout says, else without a deadline.
  absl::Status StreamJson(const std::string& service, const std::string& method,
                          const std::function<std::optional<std::string>()>& next,
                          const std::function<void(const std::string&)>& on_response);

  // What the service offers, by reflection: its gRPC services, their methods, the proto text of a symbol.
  absl::StatusOr<std::vector<std::string>> ListGrpcServices(const std::string& service);
  absl::StatusOr<std::vector<rpc::MethodDescription>> ListMethods(const std::string& service,
                                                                  const std::string& grpc_service);
  absl::StatusOr<std::string> Describe(const std::string& service, const std::string& symbol);

  // A token of the local stack. FailedPrecondition if there is no local stack to sign for.
  absl::StatusOr<std::string> SignToken(const std::vector<std::string>& brands, const std::vector<std::string>& roles,
                                        const std::string& subject, absl::Duration ttl) const;

 private:
  struct Connection {
    Connection(const std::string& target, const rpc::TlsFiles& tls)
        : endpoint(target), client(target, tls), dynamic(client) {}
    const std::string endpoint;
    rpc::Client client;
    rpc::DynamicClient dynamic;
    std::map<std::string, std::string, std::less<>> tokens;  // signed here, by method
  };

  Stack(Settings settings, std::string only_service, absl::Duration timeout, absl::Duration stream_timeout)
      : settings_(std::move(settings)),
        only_service_(std::move(only_service)),
        timeout_(timeout),
        stream_timeout_(stream_timeout) {}

  absl::StatusOr<Connection*> Connect(const std::string& service);
  absl::StatusOr<rpc::CallOptions> OptionsFor(const std::string& service, Connection& connection,
                                              std::string_view method);

  const Settings settings_;
  const std::string only_service_;
  const absl::Duration timeout_, stream_timeout_;
  std::map<std::string, std::unique_ptr<Connection>> connections_;
};

}  // namespace tessera::cli
