#include "rpc/method.h"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/io/coded_stream.h>

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "base/strings.h"

namespace tessera::rpc {
namespace {

namespace pb = google::protobuf;

absl::Status Unfit(std::string_view method, std::string_view why) {
  return absl::FailedPreconditionError(absl::StrCat(ToAbsl(method), " ", ToAbsl(why)));
}

absl::Status Denied(std::string_view message, std::string_view reason) {
  return MakeError(absl::StatusCode::kPermissionDenied, message, {std::string(reason), "tessera", {}});
}

// "package.Service/Method" -> "package.Service.Method"
std::string SymbolOf(std::string name) {
  std::replace(name.begin(), name.end(), '/', '.');
  return name;
}

absl::Status CheckText(const std::string& text, const std::string& path) {
  if (text.find('\0') != std::string::npos) return InvalidField(path, "must not contain NUL");
  if (text.size() > kTextBytesMax) return InvalidField(path, "is longer than 4096 bytes");
  return absl::OkStatus();
}

// `prefix` is the path of the message with a dot at its end, or "".
absl::Status CheckMessage(const pb::Message& message, const std::string& prefix) {
  const pb::Reflection* const reflection = message.GetReflection();
  std::vector<const pb::FieldDescriptor*> fields;
  reflection->ListFields(message, &fields);
  std::string scratch;
  for (const pb::FieldDescriptor* field : fields) {
    const bool is_text = field->type() == pb::FieldDescriptor::TYPE_STRING;
    const bool is_message = field->cpp_type() == pb::FieldDescriptor::CPPTYPE_MESSAGE;
    if (!is_text && !is_message) continue;
    const std::string path = prefix + field->name();
    if (!field->is_repeated()) {
      TESSERA_RETURN_IF_ERROR(is_text ? CheckText(reflection->GetStringReference(message, field, &scratch), path)
                                      : CheckMessage(reflection->GetMessage(message, field), path + "."));
      continue;
    }
    for (int i = 0; i < reflection->FieldSize(message, field); ++i) {
      // A map's entries have no order: only the map is named.
      const std::string item = field->is_map() ? path : absl::StrCat(path, "[", i, "]");
      TESSERA_RETURN_IF_ERROR(is_text
                                  ? CheckText(reflection->GetRepeatedStringReference(message, field, i, &scratch), item)
                                  : CheckMessage(reflection->GetRepeatedMessage(message, field, i), item + "."));
    }
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status CheckText(const pb::Message& message) { return CheckMessage(message, ""); }

std::string_view CodeName(absl::StatusCode code) {
  static const std::string* const names = [] {
    auto* const table = new std::string[17];
    for (int i = 0; i < 17; ++i) table[i] = absl::StatusCodeToString(static_cast<absl::StatusCode>(i));
    return table;
  }();
  const int index = static_cast<int>(code);
  return index >= 0 && index < 17 ? std::string_view(names[index]) : "UNKNOWN";
}

Method::Method(std::string_view method_name, Kind method_kind, const pb::Message& prototype, Handler method_handler,
               Server::OnError error_handler, bool with_token)
    : name(method_name),
      kind(method_kind),
      handler(std::move(method_handler)),
      on_error(std::move(error_handler)),
      needs_token(with_token),
      prototype_(prototype.New()) {
  for (int code = 0; code < 17; ++code) {
    calls_[static_cast<size_t>(code)] =
        &metrics::GetCounter("tessera_rpc_calls_total", "Calls answered, by method and code",
                             {{"method", name}, {"code", std::string(CodeName(static_cast<absl::StatusCode>(code)))}});
  }
  latency_ = &metrics::GetHistogram("tessera_rpc_latency_seconds", "From the arrival of a call to its answer",
                                    {{"method", name}}, metrics::LatencyBoundsSeconds());
}

absl::Status Method::Bind() {
  if (!needs_token) return absl::OkStatus();
  const auto* const method = pb::DescriptorPool::generated_pool()->FindMethodByName(SymbolOf(name));
  if (method == nullptr) return Unfit(name, "is in no linked proto file");
  const bool is_stream = kind == Kind::kStream;
  if (method->client_streaming() != is_stream || method->server_streaming() != is_stream) {
    return Unfit(name, "streams otherwise than it is registered");
  }
  if (method->input_type() != prototype_->GetDescriptor()) return Unfit(name, "has another request type");
  const auto& auth = method->options().GetExtension(common::v1::auth);
  roles_.assign(auth.roles().begin(), auth.roles().end());
  scope_ = auth.scope();
  if (roles_.empty()) return Unfit(name, "names no roles in its option (tessera.common.v1.auth)");
  if (scope_ == common::v1::SCOPE_UNSPECIFIED)
    return Unfit(name, "has no scope in its option (tessera.common.v1.auth)");
  if (scope_ == common::v1::SCOPE_BRAND) {
    brand_field_ = method->input_type()->FindFieldByName("brand_id");
    if (brand_field_ == nullptr || brand_field_->type() != pb::FieldDescriptor::TYPE_STRING ||
        brand_field_->is_repeated()) {
      return Unfit(name, "has scope BRAND, but its request has no string brand_id");
    }
  }
  return absl::OkStatus();
}

absl::Status Method::Authorise(const Caller& caller) const {
  const bool has_role =
      std::any_of(roles_.begin(), roles_.end(), [&](const auto& role) { return caller.HasRole(role); });
  if (!has_role) return Denied("the token holds none of the method's roles", "ROLE_MISSING");
  if (scope_ == common::v1::SCOPE_ALL_BRANDS &&
      std::find(caller.brands.begin(), caller.brands.end(), "*") == caller.brands.end()) {
    return Denied("the token is not for all brands", "BRAND_NOT_ALLOWED");
  }
  return absl::OkStatus();
}

absl::Status Method::CheckBrand(const pb::Message& request, const Caller& caller) const {
  std::string scratch;
  const std::string& brand = request.GetReflection()->GetStringReference(request, brand_field_, &scratch);
  if (brand.empty()) return InvalidField("brand_id", "is required");
  return caller.HasBrand(brand) ? absl::OkStatus() : Denied("the token is not for this brand", "BRAND_NOT_ALLOWED");
}

absl::StatusOr<std::unique_ptr<pb::Message>> Method::Read(pb::io::ZeroCopyInputStream& bytes,
                                                          const Caller* caller) const {
  std::unique_ptr<pb::Message> request(prototype_->New());
  pb::io::CodedInputStream input(&bytes);
  input.SetRecursionLimit(kNestingMax);
  if (!request->MergeFromCodedStream(&input) || !input.ConsumedEntireMessage()) {
    return MakeError(absl::StatusCode::kInvalidArgument, "the request is no message of the method's type",
                     {"REQUEST_MALFORMED", "tessera", {}});
  }
  if (brand_field_ != nullptr) TESSERA_RETURN_IF_ERROR(CheckBrand(*request, *caller));
  TESSERA_RETURN_IF_ERROR(CheckText(*request));
  return request;
}

void Method::Count(const absl::Status& status, absl::Duration latency) const {
  calls_[std::min<size_t>(static_cast<size_t>(status.code()), calls_.size() - 1)]->Add();
  latency_->Observe(absl::ToDoubleSeconds(latency));
  if (const auto info = ErrorInfoOf(status)) {
    metrics::GetCounter("tessera_rpc_errors_total", "Calls refused or failed, by method and reason",
                        {{"method", name}, {"reason", info->reason}})
        .Add();
  }
}

}  // namespace tessera::rpc
