// Inside libs/rpc only: the one conversion between our errors and gRPC's.
#pragma once

#include <grpcpp/support/byte_buffer.h>
#include <grpcpp/support/status.h>

#include <string>
#include <string_view>

#include "absl/status/status.h"

namespace tessera::rpc {

// What is sent for `status`: details with ErrorInfo; INTERNAL, UNKNOWN and DATA_LOSS as a fixed text with an id that is
// logged with the real text.
absl::Status Public(const absl::Status& status, std::string_view method);

grpc::Status ToGrpc(const absl::Status& status);

// With the details that the server sent.
absl::Status FromGrpc(const grpc::Status& status);

grpc::ByteBuffer ToBuffer(std::string_view bytes);
std::string ToText(const grpc::ByteBuffer& buffer);

}  // namespace tessera::rpc
