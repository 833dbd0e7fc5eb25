#include "rpc/method.h"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/io/coded_stream.h>

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "base/message_text.h"
#include "base/status.h"
#include "base/strings.h"
#include "rpc/method_rules.h"

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

}  // namespace

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
  TESSERA_RETURN_IF_ERROR(CheckMethodOptions(*method));
  const auto& auth = method->options().GetExtension(common::v1::auth);
  roles_.assign(auth.roles().begin(), auth.roles().end());
  scope_ = auth.scope();
  if (scope_ == common::v1::SCOPE_BRAND) brand_field_ = method->input_type()->FindFieldByName("brand_id");
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

std::unique_ptr<pb::Message> Method::Parse(pb::io::ZeroCopyInputStream& bytes) const {
  std::unique_ptr<pb::Message> request(prototype_->New());
  pb::io::CodedInputStream input(&bytes);
  input.SetRecursionLimit(kNestingMax);
  const bool is_whole = request->MergeFromCodedStream(&input) && input.ConsumedEntireMessage();
  return is_whole ? std::move(request) : nullptr;
}

absl::Status Method::WhyMalformed(std::string_view bytes) const {
  const std::string field = FieldWithoutUtf8(*prototype_->GetDescriptor(), bytes);
  if (!field.empty()) return InvalidField(field, "must be UTF-8");
  return MakeError(absl::StatusCode::kInvalidArgument, "the request is no message of the method's type",
                   {"REQUEST_MALFORMED", "tessera", {}});
}

absl::Status Method::Check(const pb::Message& request, const Caller* caller) const {
  if (brand_field_ != nullptr) TESSERA_RETURN_IF_ERROR(CheckBrand(request, *caller));
  const auto fault = FindUnfitText(request, kTextBytesMax);
  return fault ? InvalidField(fault->field, fault->message) : absl::OkStatus();
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
