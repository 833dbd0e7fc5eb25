#include "tools/tessera/cli/stack.h"

#include <cstdlib>
#include <fstream>
#include <sstream>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "base/status.h"
#include "base/strings.h"
#include "rpc/endpoint.h"
#include "rpc/token.h"

namespace tessera::cli {
namespace {

constexpr char kIssuer[] = "tessera-dev";
constexpr absl::Duration kTokenTtl = absl::Hours(12);

std::optional<std::string> FromEnvironment(const std::string& name) {
  const char* value = std::getenv(name.c_str());
  return value == nullptr ? std::nullopt : std::optional<std::string>(value);
}

std::string ReadFile(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  return in ? text.str() : "";
}

std::filesystem::path VarOf(const Arguments& arguments) {
  const std::string given = arguments.Text("var", FromEnvironment("TESSERA_VAR").value_or(""));
  if (!given.empty()) return given;
  std::error_code error;
  const auto here = FindVar(std::filesystem::current_path(error));
  // Else the clone that this program was built in.
  return here.empty() ? FindVar(std::filesystem::read_symlink("/proc/self/exe", error).parent_path()) : here;
}

// Says whose error it is where gRPC's text does not.
absl::Status Explained(const absl::Status& status, const std::string& service, const std::string& endpoint) {
  if (status.ok() || ErrorInfoOf(status)) return status;
  if (status.code() == absl::StatusCode::kUnavailable || status.code() == absl::StatusCode::kDeadlineExceeded) {
    return absl::Status(status.code(),
                        absl::StrCat(service, " does not answer at ", endpoint, " (", status.message(), ")"));
  }
  return status;
}

}  // namespace

absl::StatusOr<std::unique_ptr<Stack>> Stack::Find(const Arguments& arguments) {
  const auto var = VarOf(arguments);
  Files files;
  if (!var.empty()) files = {ReadFile(var / "ports.json"), ReadFile(var / "tls.json"), ""};
  if (arguments.Has("token-file")) files.token = ReadFile(arguments.Text("token-file"));
  TESSERA_ASSIGN_OR_RETURN(Settings settings, ReadSettings(arguments, &FromEnvironment, files));
  settings.var = var;
  TESSERA_ASSIGN_OR_RETURN(const int64_t timeout, arguments.Number("timeout", 30, 1, 86'400));
  const absl::Duration stream_timeout = arguments.Has("timeout") ? absl::Seconds(timeout) : absl::InfiniteDuration();
  return std::unique_ptr<Stack>(
      new Stack(std::move(settings), arguments.Text("service"), absl::Seconds(timeout), stream_timeout));
}

absl::StatusOr<std::vector<std::string>> Stack::Services() const {
  if (!only_service_.empty()) return std::vector<std::string>{only_service_};
  std::vector<std::string> services;
  for (const auto& [service, endpoint] : settings_.endpoints) services.push_back(service);
  if (!services.empty()) return services;
  return absl::FailedPreconditionError(
      "no service is known: start the local stack (`tools/dev up`), or say --oneid HOST:PORT or --membership "
      "HOST:PORT");
}

absl::StatusOr<std::string> Stack::Brokers() const {
  if (!settings_.brokers.empty()) return settings_.brokers;
  return absl::FailedPreconditionError(
      "no broker is known: start the local stack (`tools/dev up`), or say --brokers HOST:PORT");
}

absl::StatusOr<std::map<std::string, std::string>> Stack::MetricsAddresses() const {
  if (!settings_.metrics.empty()) return settings_.metrics;
  return absl::FailedPreconditionError(
      "no instance's metrics are known: start the local stack (`tools/dev up`), or say --metrics HOST:PORT,...");
}

absl::StatusOr<Stack::Connection*> Stack::Connect(const std::string& service) {
  const auto endpoint = settings_.endpoints.find(service);
  if (endpoint == settings_.endpoints.end()) {
    return absl::FailedPreconditionError(absl::StrCat("it is not known where ", service,
                                                      " is: start the local stack (`tools/dev up`), or set TESSERA_",
                                                      absl::AsciiStrToUpper(service), "=HOST:PORT"));
  }
  auto& connection = connections_[service];
  if (connection == nullptr) connection = std::make_unique<Connection>(endpoint->second, settings_.tls);
  return connection.get();
}

absl::StatusOr<std::string> Stack::SignToken(const std::vector<std::string>& brands,
                                             const std::vector<std::string>& roles, const std::string& subject,
                                             absl::Duration ttl) const {
  const std::string key = settings_.var.empty() ? "" : ReadFile(settings_.var / "secrets" / "signing.pem");
  if (key.empty()) {
    return absl::FailedPreconditionError(
        "there is no local stack whose key could sign a token: start one (`tools/dev up`), or say --var DIR");
  }
  const absl::Time now = absl::Now();
  return rpc::SignToken(
      key,
      {.subject = subject, .issuer = kIssuer, .brands = brands, .roles = roles, .issued = now, .expiry = now + ttl});
}

absl::StatusOr<rpc::CallOptions> Stack::OptionsFor(const std::string& service, Connection& connection,
                                                   std::string_view method) {
  rpc::CallOptions options{.token = settings_.token, .timeout = timeout_};
  if (!options.token.empty()) return options;
  const auto known = connection.tokens.find(method);
  if (known != connection.tokens.end()) {
    options.token = known->second;
    return options;
  }
  if (!rpc::IsLoopback(connection.endpoint)) {
    return absl::UnauthenticatedError(
        absl::StrCat(service, " is at ", connection.endpoint, ", which is not this machine: no token is made for it"));
  }
  // Just the roles that the method asks for.
  const std::string name(method);
  TESSERA_ASSIGN_OR_RETURN(const auto methods, ListMethods(service, name.substr(0, name.find('/'))));
  std::vector<std::string> roles;
  for (const rpc::MethodDescription& one : methods) {
    if (one.name == name) roles = one.roles;
  }
  TESSERA_ASSIGN_OR_RETURN(options.token, SignToken({"*"}, roles, "tessera", kTokenTtl));
  connection.tokens.emplace(name, options.token);
  return options;
}

absl::StatusOr<std::string> Stack::CallBytes(const std::string& service, std::string_view method,
                                             std::string_view request) {
  TESSERA_ASSIGN_OR_RETURN(Connection* const connection, Connect(service));
  TESSERA_ASSIGN_OR_RETURN(const rpc::CallOptions options, OptionsFor(service, *connection, method));
  auto response = connection->client.CallBytes(method, request, options);
  if (!response.ok()) return Explained(response.status(), service, connection->endpoint);
  return response;
}

absl::StatusOr<std::string> Stack::CallJson(const std::string& service, const std::string& method,
                                            const std::string& json) {
  TESSERA_ASSIGN_OR_RETURN(Connection* const connection, Connect(service));
  TESSERA_ASSIGN_OR_RETURN(const rpc::CallOptions options, OptionsFor(service, *connection, method));
  auto response = connection->dynamic.CallJson(method, json, options);
  if (!response.ok()) return Explained(response.status(), service, connection->endpoint);
  return response;
}

absl::Status Stack::StreamJson(const std::string& service, const std::string& method,
                               const std::function<std::optional<std::string>()>& next,
                               const std::function<void(const std::string&)>& on_response) {
  TESSERA_ASSIGN_OR_RETURN(Connection* const connection, Connect(service));
  TESSERA_ASSIGN_OR_RETURN(rpc::CallOptions options, OptionsFor(service, *connection, method));
  options.timeout = stream_timeout_;
  return Explained(connection->dynamic.StreamJson(method, next, on_response, options), service, connection->endpoint);
}

absl::StatusOr<std::vector<rpc::MethodDescription>> Stack::ListMethods(const std::string& service,
                                                                       const std::string& grpc_service) {
  TESSERA_ASSIGN_OR_RETURN(Connection* const connection, Connect(service));
  auto methods = connection->dynamic.ListMethods(grpc_service);
  if (!methods.ok()) return Explained(methods.status(), service, connection->endpoint);
  return methods;
}

absl::StatusOr<std::vector<std::string>> Stack::ListGrpcServices(const std::string& service) {
  TESSERA_ASSIGN_OR_RETURN(Connection* const connection, Connect(service));
  auto names = connection->dynamic.ListServices();
  if (!names.ok()) return Explained(names.status(), service, connection->endpoint);
  return names;
}

absl::StatusOr<std::string> Stack::Describe(const std::string& service, const std::string& symbol) {
  TESSERA_ASSIGN_OR_RETURN(Connection* const connection, Connect(service));
  auto text = connection->dynamic.Describe(symbol);
  if (!text.ok()) return Explained(text.status(), service, connection->endpoint);
  return text;
}

}  // namespace tessera::cli
