#include "rpc/client.h"

#include <grpcpp/create_channel.h>
#include <grpcpp/generic/generic_stub.h>

#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "absl/synchronization/notification.h"
#include "absl/time/clock.h"
#include "base/strings.h"
#include "rpc/callback_queue.h"
#include "rpc/grpc_log.h"
#include "rpc/grpc_status.h"
#include "rpc/tls_credentials.h"

namespace tessera::rpc {
namespace {

using grpc::ByteBuffer;

void Prepare(const CallOptions& options, grpc::ClientContext& context) {
  if (!options.token.empty()) context.AddMetadata("authorization", absl::StrCat("Bearer ", options.token));
  if (!options.traceparent.empty()) context.AddMetadata("traceparent", options.traceparent);
  if (options.timeout < absl::InfiniteDuration()) {
    context.set_deadline(absl::ToChronoTime(absl::Now() + options.timeout));
  }
}

std::string PathOf(std::string_view method) { return absl::StrCat("/", ToAbsl(method)); }

struct UnaryState {
  grpc::ClientContext context;
  ByteBuffer request, response;
};

class StreamReactor final : public grpc::ClientBidiReactor<ByteBuffer, ByteBuffer> {
 public:
  StreamReactor(std::function<std::optional<std::string>()> next, std::function<void(std::string)> on_response)
      : next_(std::move(next)), on_response_(std::move(on_response)) {}

  absl::Status Run(grpc::TemplatedGenericStub<ByteBuffer, ByteBuffer>& stub, std::string_view method,
                   const CallOptions& options) {
    Prepare(options, context_);
    stub.PrepareBidiStreamingCall(&context_, PathOf(method), {}, this);
    StartRead(&response_);
    // From here until the last message is sent, so that the call does not end between two writes.
    AddHold();
    StartCall();
    SendNext();
    done_.WaitForNotification();
    return status_;
  }

  void OnWriteDone(bool ok) override { ok ? SendNext() : RemoveHold(); }

  void OnReadDone(bool ok) override {
    if (!ok) return;
    on_response_(ToText(response_));
    StartRead(&response_);
  }

  void OnDone(const grpc::Status& status) override {
    status_ = FromGrpc(status);
    done_.Notify();
  }

 private:
  void SendNext() {
    if (const auto message = next_()) {
      request_ = ToBuffer(*message);
      return StartWrite(&request_);
    }
    StartWritesDone();
    RemoveHold();
  }

  const std::function<std::optional<std::string>()> next_;
  const std::function<void(std::string)> on_response_;
  grpc::ClientContext context_;
  ByteBuffer request_, response_;
  absl::Status status_;
  absl::Notification done_;
};

}  // namespace

struct Client::State {
  State(const std::string& target, absl::StatusOr<std::shared_ptr<grpc::ChannelCredentials>> credentials)
      : usable(credentials.status()),
        stub(NewChannel(target, credentials.ok() ? *credentials : grpc::InsecureChannelCredentials())) {}

  static std::shared_ptr<grpc::Channel> NewChannel(const std::string& target,
                                                   const std::shared_ptr<grpc::ChannelCredentials>& credentials) {
    ReportInLog();
    KeepCallbackQueue();
    grpc::ChannelArguments arguments;
    arguments.SetMaxReceiveMessageSize(64 << 20);
    // Not a pause, in spite of its name: how long an attempt may take, greeting included, which a busy server delays.
    arguments.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, 5'000);
    arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, 100);
    arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 1'000);
    // A connection of its own: one client's flood does not queue before another's call.
    arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
    return grpc::CreateCustomChannel(target, credentials, arguments);
  }

  const absl::Status usable;  // nothing is sent otherwise: never in plain text what was to be encrypted
  grpc::TemplatedGenericStub<ByteBuffer, ByteBuffer> stub;
};

Client::Client(const std::string& target, const TlsFiles& tls)
    : state_(std::make_unique<State>(target, ChannelCredentialsOf(tls))) {}

Client::~Client() = default;

void Client::CallBytesAsync(std::string_view method, std::string_view request, const CallOptions& options,
                            std::function<void(absl::StatusOr<std::string>)> done) {
  if (!state_->usable.ok()) return done(state_->usable);
  auto call = std::make_shared<UnaryState>();
  Prepare(options, call->context);
  call->request = ToBuffer(request);
  state_->stub.UnaryCall(&call->context, PathOf(method), {}, &call->request, &call->response,
                         [call, done = std::move(done)](const grpc::Status& status) {
                           if (!status.ok()) return done(FromGrpc(status));
                           done(ToText(call->response));
                         });
}

absl::StatusOr<std::string> Client::CallBytes(std::string_view method, std::string_view request,
                                              const CallOptions& options) {
  absl::StatusOr<std::string> response;
  absl::Notification finished;
  CallBytesAsync(method, request, options, [&](absl::StatusOr<std::string> answer) {
    response = std::move(answer);
    finished.Notify();
  });
  finished.WaitForNotification();
  return response;
}

absl::Status Client::Stream(std::string_view method, const CallOptions& options,
                            std::function<std::optional<std::string>()> next,
                            std::function<void(std::string)> on_response) {
  if (!state_->usable.ok()) return state_->usable;
  StreamReactor reactor(std::move(next), std::move(on_response));
  return reactor.Run(state_->stub, method, options);
}

}  // namespace tessera::rpc
