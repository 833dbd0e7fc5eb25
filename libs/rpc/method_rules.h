// What every method of our services must say of who may call it. Checked when the protos are built
// (tools/check_methods) and again when a server starts.
#pragma once

#include <google/protobuf/descriptor.h>

#include "absl/status/status.h"

namespace tessera::rpc {

// FailedPrecondition that names the method if it has no role or no scope, or if its scope is BRAND and its request has
// no string brand_id.
absl::Status CheckMethodOptions(const google::protobuf::MethodDescriptor& method);

}  // namespace tessera::rpc
