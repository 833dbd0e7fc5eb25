#include "rpc/grpc_log.h"

#include <google/protobuf/stubs/logging.h>
#include <grpc/support/log.h>

#include <mutex>

#include "base/log.h"

namespace tessera::rpc {
namespace {

void Report(gpr_log_func_args* args) {
  // What gRPC calls an error is most often a client's: a handshake that failed, a connection that was reset.
  const LogLevel level = args->severity == GPR_LOG_SEVERITY_DEBUG  ? LogLevel::kDebug
                         : args->severity == GPR_LOG_SEVERITY_INFO ? LogLevel::kInfo
                                                                   : LogLevel::kWarning;
  Log(level, "gRPC reports", {{"reason", args->message}, {"file", args->file}, {"line", int64_t{args->line}}});
}

// Its text is left out: it may hold values of fields.
void ReportProtobuf(google::protobuf::LogLevel severity, const char* file, int line, const std::string&) {
  const LogLevel level = severity == google::protobuf::LOGLEVEL_INFO ? LogLevel::kInfo : LogLevel::kWarning;
  Log(level, "protobuf reports", {{"file", file}, {"line", int64_t{line}}});
}

}  // namespace

void ReportInLog() {
  static std::once_flag once;  // Protobuf's handler may not be set on two threads at a time.
  std::call_once(once, [] {
    gpr_set_log_function(Report);
    google::protobuf::SetLogHandler(ReportProtobuf);
  });
}

}  // namespace tessera::rpc
