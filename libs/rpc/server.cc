#include "rpc/server.h"

#include <google/protobuf/descriptor.h>
#include <grpcpp/health_check_service_interface.h>
#include <grpcpp/resource_quota.h>
#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>

#include <atomic>
#include <set>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/check.h"
#include "base/log.h"
#include "base/strings.h"
#include "rpc/callback_queue.h"
#include "rpc/endpoint.h"
#include "rpc/grpc_log.h"
#include "rpc/grpc_status.h"
#include "rpc/method.h"
#include "rpc/reactors.h"
#include "rpc/reflection.h"
#include "rpc/tls_credentials.h"

namespace tessera::rpc {
namespace {

namespace pb = google::protobuf;
using grpc::reflection::v1alpha::ServerReflectionRequest;

constexpr std::string_view kReflectionMethods[] = {"grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
                                                   "grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo"};
constexpr char kHealthService[] = "grpc.health.v1.Health";
constexpr size_t kTraceparentBytesMax = 128;

absl::Status Unauthenticated(std::string_view message, std::string_view reason) {
  return MakeError(absl::StatusCode::kUnauthenticated, message, {std::string(reason), "tessera", {}});
}

std::string_view Metadata(const grpc::CallbackServerContext& context, const char* name) {
  const auto& metadata = context.client_metadata();
  const auto found = metadata.find(name);
  return found == metadata.end() ? std::string_view() : std::string_view(found->second.data(), found->second.size());
}

std::string ServiceOf(std::string_view method) { return std::string(method.substr(0, method.find('/'))); }

}  // namespace

struct Server::State final : public grpc::CallbackGenericService {
  explicit State(ServerOptions server_options) : options(std::move(server_options)) {
    TESSERA_CHECK(options.verifier != nullptr);
    context = {options.clock, options.default_deadline, static_cast<size_t>(options.stream_window)};
  }

  grpc::ServerGenericBidiReactor* CreateReactor(grpc::GenericCallbackServerContext* call) override;
  absl::StatusOr<AdmittedCall> Admit(const Method& method, const grpc::GenericCallbackServerContext& call) const;
  absl::Status Authenticate(const grpc::GenericCallbackServerContext& call, AdmittedCall& admitted) const;
  void Add(std::unique_ptr<Method> method);
  void AddReflection();
  absl::Status CheckServices();
  absl::Status Listen();

  const ServerOptions options;
  CallContext context;
  absl::flat_hash_map<std::string, std::unique_ptr<Method>> methods;  // by "/package.Service/Method"
  std::set<std::string> services;
  std::vector<std::string> reflected_services;
  std::unique_ptr<grpc::Server> server;
  int port = 0;
  std::atomic<bool> serving = false;
};

grpc::ServerGenericBidiReactor* Server::State::CreateReactor(grpc::GenericCallbackServerContext* call) {
  const auto found = methods.find(call->method());
  if (found == methods.end()) {
    return NewRefusal(
        MakeError(absl::StatusCode::kUnimplemented, "there is no such method", {"METHOD_UNKNOWN", "tessera", {}}));
  }
  const Method& method = *found->second;
  auto admitted = Admit(method, *call);
  if (!admitted.ok()) {
    const absl::Status status = Public(admitted.status(), method.name);
    method.Count(status, absl::ZeroDuration());
    return NewRefusal(status);
  }
  return method.kind == Method::Kind::kUnary ? NewUnaryCall(context, std::move(*admitted))
                                             : NewStreamCall(context, std::move(*admitted));
}

absl::StatusOr<AdmittedCall> Server::State::Admit(const Method& method,
                                                  const grpc::GenericCallbackServerContext& call) const {
  AdmittedCall admitted;
  admitted.method = &method;
  admitted.arrival = options.clock->Now();
  admitted.call.method = method.name;
  if (method.needs_token) TESSERA_RETURN_IF_ERROR(Authenticate(call, admitted));
  const auto deadline = call.deadline();
  if (deadline != std::chrono::system_clock::time_point::max()) {
    // What is left of it counts: our clock may be off from the one that gRPC reads.
    admitted.call.deadline = admitted.arrival + (absl::FromChrono(deadline) - absl::Now());
  } else {
    const bool is_stream = method.kind == Method::Kind::kStream;  // Each of its messages gets the default deadline.
    admitted.call.deadline = is_stream ? absl::InfiniteFuture() : admitted.arrival + options.default_deadline;
  }
  const std::string_view traceparent = Metadata(call, "traceparent");
  if (traceparent.size() <= kTraceparentBytesMax) admitted.call.traceparent = std::string(traceparent);
  return admitted;
}

absl::Status Server::State::Authenticate(const grpc::GenericCallbackServerContext& call, AdmittedCall& admitted) const {
  constexpr std::string_view kBearer = "bearer ";
  const std::string_view header = Metadata(call, "authorization");
  if (header.empty()) return Unauthenticated("a bearer token is required", "TOKEN_MISSING");
  if (!absl::StartsWithIgnoreCase(ToAbsl(header), ToAbsl(kBearer))) {
    return Unauthenticated("the authorization is no bearer token", "TOKEN_MISSING");
  }
  TESSERA_ASSIGN_OR_RETURN(VerifiedToken token, options.verifier->Verify(header.substr(kBearer.size())));
  TESSERA_RETURN_IF_ERROR(admitted.method->Authorise(*token.caller));
  admitted.call.caller = std::move(token.caller);
  admitted.token_expiry = token.expiry;
  return absl::OkStatus();
}

void Server::State::Add(std::unique_ptr<Method> method) {
  TESSERA_CHECK(server == nullptr);
  const std::string path = "/" + method->name;
  if (method->needs_token) services.insert(ServiceOf(method->name));
  reflected_services.clear();
  const bool is_new = methods.emplace(path, std::move(method)).second;
  TESSERA_CHECK(is_new);
}

void Server::State::AddReflection() {
  for (const std::string_view name : kReflectionMethods) {
    const rpc::Handler handler = [this](const Call&, std::unique_ptr<pb::Message> request, const ReplyBytes& reply) {
      reply(Reflect(static_cast<const ServerReflectionRequest&>(*request), reflected_services).SerializeAsString());
    };
    Add(std::make_unique<Method>(name, Method::Kind::kStream, ServerReflectionRequest(), handler, nullptr,
                                 /*with_token=*/false));
  }
  reflected_services.assign(services.begin(), services.end());
  reflected_services.emplace_back(kHealthService);
  reflected_services.push_back(ServiceOf(kReflectionMethods[1]));
}

// Every method of a served service must be there: a forgotten one shall not be found by a client.
absl::Status Server::State::CheckServices() {
  for (const auto& [path, method] : methods) TESSERA_RETURN_IF_ERROR(method->Bind());
  for (const std::string& name : services) {
    const auto* const service = pb::DescriptorPool::generated_pool()->FindServiceByName(name);
    TESSERA_CHECK(service != nullptr);  // Bind has found a method of it.
    for (int i = 0; i < service->method_count(); ++i) {
      if (methods.contains(absl::StrCat("/", name, "/", service->method(i)->name()))) continue;
      return absl::FailedPreconditionError(absl::StrCat(name, "/", service->method(i)->name(), " has no handler"));
    }
  }
  return absl::OkStatus();
}

absl::Status Server::State::Listen() {
  TESSERA_ASSIGN_OR_RETURN(const auto credentials, ServerCredentialsOf(options.tls));
  if (!options.tls.Any() && !options.allow_plaintext && !IsLoopback(options.listen)) {
    return absl::InvalidArgumentError(
        absl::StrCat("will not listen on ", options.listen,
                     " in plain text: give a TLS certificate and its key, or allow plain text where another program "
                     "encrypts the connections"));
  }
  ReportInLog();
  KeepCallbackQueue();
  grpc::EnableDefaultHealthCheckService(true);
  grpc::ServerBuilder builder;
  builder.AddListeningPort(options.listen, credentials, &port);
  builder.RegisterCallbackGenericService(this);
  builder.SetMaxReceiveMessageSize(options.message_bytes_max);
  builder.AddChannelArgument(GRPC_ARG_MAX_CONCURRENT_STREAMS, options.concurrent_streams_max);
  // Two processes on one port would each get some of the calls, silently.
  builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIME_MS, 60'000);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, 20'000);
  builder.AddChannelArgument(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS, 10'000);
  grpc::ResourceQuota quota("tessera-rpc");
  quota.Resize(static_cast<size_t>(options.memory_bytes_max));
  builder.SetResourceQuota(quota);
  server = builder.BuildAndStart();
  if (server == nullptr || port == 0) return absl::UnavailableError(absl::StrCat("cannot listen on ", options.listen));
  return absl::OkStatus();
}

Server::Server(ServerOptions options) : state_(std::make_unique<State>(std::move(options))) {}

Server::~Server() { Shutdown(absl::ZeroDuration()); }

void Server::AddUnary(std::string_view method, const pb::Message& prototype, Handler handler) {
  state_->Add(std::make_unique<Method>(method, Method::Kind::kUnary, prototype, std::move(handler), nullptr,
                                       /*with_token=*/true));
}

void Server::AddStream(std::string_view method, const pb::Message& prototype, Handler handler, OnError on_error) {
  state_->Add(std::make_unique<Method>(method, Method::Kind::kStream, prototype, std::move(handler),
                                       std::move(on_error), /*with_token=*/true));
}

absl::Status Server::Start() {
  TESSERA_CHECK(state_->server == nullptr);
  state_->AddReflection();
  TESSERA_RETURN_IF_ERROR(state_->CheckServices());
  TESSERA_RETURN_IF_ERROR(state_->Listen());
  SetServing(false);
  LogInfo("rpc server listens", {{"port", static_cast<int64_t>(state_->port)}});
  return absl::OkStatus();
}

void Server::SetServing(bool serving) {
  state_->serving = serving;
  if (state_->server == nullptr) return;
  auto* const health = state_->server->GetHealthCheckService();
  health->SetServingStatus(serving);
  for (const std::string& service : state_->services) health->SetServingStatus(service, serving);
}

bool Server::serving() const { return state_->serving; }

int Server::port() const { return state_->port; }

void Server::Shutdown(absl::Duration grace) {
  if (state_->server == nullptr) return;
  SetServing(false);
  state_->server->Shutdown(absl::ToChronoTime(absl::Now() + grace));
  state_->server.reset();
}

}  // namespace tessera::rpc
