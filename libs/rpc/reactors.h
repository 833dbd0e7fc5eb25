// Inside libs/rpc only: one object per call in progress, driven by gRPC's threads. Each deletes itself at its end.
#pragma once

#include <grpcpp/generic/async_generic_service.h>

#include "base/clock.h"
#include "rpc/method.h"
#include "rpc/server.h"

namespace tessera::rpc {

// What all calls of a server share.
struct CallContext {
  const Clock* clock = nullptr;
  absl::Duration default_deadline;
  size_t stream_window = 1;
};

// An authenticated call on its way to its handler.
struct AdmittedCall {
  const Method* method = nullptr;
  Call call;
  absl::Time arrival;
  absl::Time token_expiry = absl::InfiniteFuture();
};

// Answers an error at once.
grpc::ServerGenericBidiReactor* NewRefusal(const absl::Status& status);
grpc::ServerGenericBidiReactor* NewUnaryCall(const CallContext& context, AdmittedCall admitted);
grpc::ServerGenericBidiReactor* NewStreamCall(const CallContext& context, AdmittedCall admitted);

}  // namespace tessera::rpc
