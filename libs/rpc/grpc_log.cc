#include "rpc/grpc_log.h"

#include <grpc/support/log.h>

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

}  // namespace

void ReportInLog() { gpr_set_log_function(Report); }

}  // namespace tessera::rpc
