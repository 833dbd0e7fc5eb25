// Inside libs/rpc only: answers questions about the linked proto files. Pure, thread-safe.
#pragma once

#include <string>
#include <vector>

#include "grpc/reflection/v1alpha/reflection.pb.h"

namespace tessera::rpc {

grpc::reflection::v1alpha::ServerReflectionResponse Reflect(
    const grpc::reflection::v1alpha::ServerReflectionRequest& request, const std::vector<std::string>& services);

}  // namespace tessera::rpc
