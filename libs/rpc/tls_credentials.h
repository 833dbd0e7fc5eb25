// Inside libs/rpc only: credentials of gRPC made of files.
#pragma once

#include <grpcpp/security/credentials.h>
#include <grpcpp/security/server_credentials.h>

#include <memory>

#include "absl/status/statusor.h"
#include "rpc/tls.h"

namespace tessera::rpc {

// Plain text if no file is given. InvalidArgument that names the file if one is missing, is no PEM, or the key is not
// that of the certificate.
absl::StatusOr<std::shared_ptr<grpc::ServerCredentials>> ServerCredentialsOf(const TlsFiles& files);
absl::StatusOr<std::shared_ptr<grpc::ChannelCredentials>> ChannelCredentialsOf(const TlsFiles& files);

}  // namespace tessera::rpc
