// The gRPC server of a process. Methods are registered by name and found by their descriptors; nothing here or in its
// users needs generated gRPC code. Thread-safe after Start; register before.
//
// What a call passes before its handler runs, in this order: method known (UNIMPLEMENTED), token valid
// (UNAUTHENTICATED), one of the method's roles held (PERMISSION_DENIED ROLE_MISSING), deadline not passed
// (DEADLINE_EXCEEDED), request parsed (INVALID_ARGUMENT REQUEST_MALFORMED), brand allowed (PERMISSION_DENIED
// BRAND_NOT_ALLOWED), text harmless (INVALID_ARGUMENT naming the field: no UTF-8, NUL, controls of direction, or longer
// than 4,096 bytes). Roles and scope come from the method option (tessera.common.v1.auth).
//
// Every error carries google.rpc.ErrorInfo. INTERNAL, UNKNOWN and DATA_LOSS become a fixed text with an id that is
// logged with the real one. Health and reflection are served, too, and need no token.
#pragma once

#include <google/protobuf/message.h>

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "base/clock.h"
#include "base/status.h"
#include "rpc/tls.h"
#include "rpc/token.h"

namespace tessera::rpc {

// What a handler knows of its call. Valid until it has replied.
struct Call {
  std::string_view method;  // "tessera.membership.v1.PointsService/GetBalance"
  std::shared_ptr<const Caller> caller;
  absl::Time deadline;      // never infinite
  std::string traceparent;  // W3C trace context, or ""
};

// Answers a call: the serialised response or an error. Called once, on any thread. If it is dropped uncalled, the
// caller gets INTERNAL.
using ReplyBytes = std::function<void(absl::StatusOr<std::string>)>;
template <class Response>
using Reply = std::function<void(absl::StatusOr<Response>)>;

// Handlers run on the server's own threads and must not block for long; they may reply later.
using Handler = std::function<void(const Call&, std::unique_ptr<google::protobuf::Message>, ReplyBytes)>;

struct ServerOptions {
  std::string listen = "127.0.0.1:0";                   // port 0: a free one
  TlsFiles tls;                                         // none: plain text
  bool allow_plaintext = false;                         // without TLS, listen on other addresses than loopback, too
  std::shared_ptr<TokenVerifier> verifier;              // required
  absl::Duration default_deadline = absl::Seconds(30);  // of a call whose client gave none
  int message_bytes_max = 4 << 20;
  int concurrent_streams_max = 1'024;     // per connection
  int64_t memory_bytes_max = 256 << 20;   // for requests on their way in
  int stream_window = 64;                 // messages of one stream that are handled at a time
  const Clock* clock = &Clock::System();  // must outlive the server
};

class Server {
 public:
  explicit Server(ServerOptions options);
  ~Server();  // Shutdown(0)
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  // A method with one request and one response, for code that handles messages without knowing their types. `prototype`
  // is an empty request.
  void AddUnary(std::string_view method, const google::protobuf::Message& prototype, Handler handler);

  // A method with a stream of requests and a stream of responses: one response per request, in order. Each request is
  // handled like a call of its own; several may be in hand at a time. `on_error` makes the response to a request that
  // failed (also before its handler); without it, the first error ends the stream.
  using OnError = std::function<std::string(const absl::Status&)>;
  void AddStream(std::string_view method, const google::protobuf::Message& prototype, Handler handler,
                 OnError on_error);

  // Typed forms.
  template <class Request, class Response>
  void Unary(std::string_view method, std::function<void(const Call&, const Request&, Reply<Response>)> handler) {
    AddUnary(method, Request(), Typed<Request, Response>(std::move(handler)));
  }
  template <class Request>
  void UnaryBytes(std::string_view method, std::function<void(const Call&, const Request&, ReplyBytes)> handler) {
    AddUnary(method, Request(),
             [handler = std::move(handler)](const Call& call, std::unique_ptr<google::protobuf::Message> request,
                                            ReplyBytes reply) {
               handler(call, static_cast<const Request&>(*request), std::move(reply));
             });
  }
  template <class Request, class Response>
  void Stream(std::string_view method, std::function<void(const Call&, const Request&, Reply<Response>)> handler,
              std::function<Response(const absl::Status&)> on_error = nullptr) {
    OnError bytes;
    if (on_error) {
      bytes = [on_error = std::move(on_error)](const absl::Status& status) {
        return on_error(status).SerializeAsString();
      };
    }
    AddStream(method, Request(), Typed<Request, Response>(std::move(handler)), std::move(bytes));
  }

  // FailedPrecondition, naming the method, if it does not exist, is of another kind, is registered for another request
  // type, or has no roles or scope; if a method of a registered service has no handler; if a request of scope BRAND has
  // no field brand_id. InvalidArgument that names the file if TLS cannot use it, or if there is no TLS for an address
  // beyond loopback. Unavailable if the port cannot be had. The server answers from here on, NOT_SERVING to health.
  absl::Status Start();

  // What health answers, for the server and for each of its services.
  void SetServing(bool serving);
  bool serving() const;

  // The port that is listened on; 0 before Start.
  int port() const;

  // No new calls from here on; those in hand get `grace` to end and are then cancelled towards their clients. Returns
  // when every handler has replied.
  void Shutdown(absl::Duration grace);

 private:
  template <class Request, class Response>
  static Handler Typed(std::function<void(const Call&, const Request&, Reply<Response>)> handler) {
    return [handler = std::move(handler)](const Call& call, std::unique_ptr<google::protobuf::Message> request,
                                          ReplyBytes reply) {
      handler(call, static_cast<const Request&>(*request),
              [reply = std::move(reply)](absl::StatusOr<Response> response) {
                if (!response.ok()) return reply(response.status());
                reply(response->SerializeAsString());
              });
    };
  }

  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace tessera::rpc
