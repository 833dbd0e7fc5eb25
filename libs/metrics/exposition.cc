#include <civetweb.h>

#include "absl/strings/str_cat.h"
#include "metrics/metrics.h"

namespace tessera::metrics {
namespace {

int Answer(mg_connection* connection, int code, const char* reason, const std::string& type, const std::string& body) {
  mg_printf(connection,
            "HTTP/1.1 %d %s\r\nContent-Type: %s\r\nContent-Length: %zu\r\nCache-Control: no-store\r\n"
            "Connection: close\r\n\r\n",
            code, reason, type.c_str(), body.size());
  const mg_request_info* const request = mg_get_request_info(connection);
  if (std::string_view(request->request_method) != "HEAD") mg_write(connection, body.data(), body.size());
  return code;
}

class CivetExposition final : public Exposition {
 public:
  explicit CivetExposition(std::function<bool()> serving) : serving_(std::move(serving)) { mg_init_library(0); }

  ~CivetExposition() override {
    if (context_ != nullptr) mg_stop(context_);
    mg_exit_library();
  }

  absl::Status Listen(const std::string& listen) {
    const char* const options[] = {"listening_ports",    listen.c_str(), "num_threads", "2",
                                   "request_timeout_ms", "5000",         nullptr};
    mg_callbacks callbacks = {};
    callbacks.log_message = [](const mg_connection*, const char*) { return 1; };
    context_ = mg_start(&callbacks, nullptr, const_cast<const char**>(options));
    if (context_ == nullptr) return absl::UnavailableError(absl::StrCat("metrics cannot listen on ", listen));
    mg_server_port port = {};
    if (mg_get_server_ports(context_, 1, &port) == 1) port_ = port.port;
    mg_set_request_handler(context_, "/metrics$", &CivetExposition::OnMetrics, this);
    mg_set_request_handler(context_, "/healthz$", &CivetExposition::OnHealth, this);
    mg_set_request_handler(context_, "/", &CivetExposition::OnOther, this);
    return absl::OkStatus();
  }

  int port() const override { return port_; }

 private:
  static int OnMetrics(mg_connection* connection, void*) {
    return Answer(connection, 200, "OK", "text/plain; version=0.0.4; charset=utf-8", Text());
  }
  static int OnHealth(mg_connection* connection, void* self) {
    const bool serving = static_cast<CivetExposition*>(self)->serving_();
    return serving ? Answer(connection, 200, "OK", "text/plain", "SERVING\n")
                   : Answer(connection, 503, "Service Unavailable", "text/plain", "NOT_SERVING\n");
  }
  static int OnOther(mg_connection* connection, void*) {
    return Answer(connection, 404, "Not Found", "text/plain", "/metrics and /healthz are here\n");
  }

  const std::function<bool()> serving_;
  mg_context* context_ = nullptr;
  int port_ = 0;
};

}  // namespace

absl::StatusOr<std::unique_ptr<Exposition>> Exposition::Start(const std::string& listen,
                                                              std::function<bool()> serving) {
  auto exposition = std::make_unique<CivetExposition>(std::move(serving));
  absl::Status status = exposition->Listen(listen);
  if (!status.ok()) return status;
  return exposition;
}

}  // namespace tessera::metrics
