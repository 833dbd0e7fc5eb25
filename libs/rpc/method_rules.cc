#include "rpc/method_rules.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "tessera/common/v1/options.pb.h"

namespace tessera::rpc {
namespace {

namespace pb = google::protobuf;

bool HasBrandField(const pb::Descriptor& request) {
  const pb::FieldDescriptor* const field = request.FindFieldByName("brand_id");
  return field != nullptr && field->type() == pb::FieldDescriptor::TYPE_STRING && !field->is_repeated();
}

std::string_view FaultOf(const pb::MethodDescriptor& method) {
  const auto& auth = method.options().GetExtension(common::v1::auth);
  if (std::all_of(auth.roles().begin(), auth.roles().end(), [](const std::string& role) { return role.empty(); })) {
    return "names no roles in its option (tessera.common.v1.auth)";
  }
  if (auth.scope() == common::v1::SCOPE_UNSPECIFIED) return "has no scope in its option (tessera.common.v1.auth)";
  if (auth.scope() == common::v1::SCOPE_BRAND && !HasBrandField(*method.input_type())) {
    return "has scope BRAND, but its request has no string brand_id";
  }
  return "";
}

}  // namespace

absl::Status CheckMethodOptions(const pb::MethodDescriptor& method) {
  const std::string_view fault = FaultOf(method);
  if (fault.empty()) return absl::OkStatus();
  return absl::FailedPreconditionError(
      absl::StrCat(method.service()->full_name(), "/", method.name(), " ", std::string(fault)));
}

}  // namespace tessera::rpc
