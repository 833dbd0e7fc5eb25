#include "base/status.h"

#include "absl/strings/cord.h"
#include "base/strings.h"
#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"

namespace tessera {
namespace {

constexpr std::string_view kTypePrefix = "type.googleapis.com/";

template <class Detail>
std::string TypeUrl() {
  return std::string(kTypePrefix) + Detail::descriptor()->full_name();
}

template <class Detail>
void SetDetail(absl::Status& status, const Detail& detail) {
  status.SetPayload(TypeUrl<Detail>(), absl::Cord(detail.SerializeAsString()));
}

template <class Detail>
std::optional<Detail> GetDetail(const absl::Status& status) {
  auto payload = status.GetPayload(TypeUrl<Detail>());
  Detail detail;
  if (!payload || !detail.ParseFromString(std::string(*payload))) return std::nullopt;
  return detail;
}

}  // namespace

absl::Status MakeError(absl::StatusCode code, std::string_view message, const ErrorInfo& info) {
  absl::Status status(code, ToAbsl(message));
  google::rpc::ErrorInfo detail;
  detail.set_reason(info.reason);
  detail.set_domain(info.domain);
  for (const auto& [key, value] : info.metadata) (*detail.mutable_metadata())[key] = value;
  SetDetail(status, detail);
  return status;
}

absl::Status InvalidField(std::string_view field, std::string_view message, std::string_view reason) {
  const std::string name(field);
  absl::Status status = MakeError(absl::StatusCode::kInvalidArgument, name + ": " + std::string(message),
                                  {std::string(reason), "tessera", {{"field", name}}});
  google::rpc::BadRequest bad_request;
  auto* violation = bad_request.add_field_violations();
  violation->set_field(name);
  violation->set_description(std::string(message));
  SetDetail(status, bad_request);
  return status;
}

absl::Status Overloaded(std::string_view message, absl::Duration retry_delay) {
  absl::Status status = MakeError(absl::StatusCode::kResourceExhausted, message, {"OVERLOADED", "tessera", {}});
  google::rpc::RetryInfo retry;
  const int64_t nanos = absl::ToInt64Nanoseconds(retry_delay);
  retry.mutable_retry_delay()->set_seconds(nanos / 1'000'000'000);
  retry.mutable_retry_delay()->set_nanos(static_cast<int32_t>(nanos % 1'000'000'000));
  SetDetail(status, retry);
  return status;
}

std::optional<ErrorInfo> ErrorInfoOf(const absl::Status& status) {
  auto detail = GetDetail<google::rpc::ErrorInfo>(status);
  if (!detail) return std::nullopt;
  ErrorInfo info{detail->reason(), detail->domain(), {}};
  for (const auto& [key, value] : detail->metadata()) info.metadata[key] = value;
  return info;
}

std::optional<absl::Duration> RetryDelayOf(const absl::Status& status) {
  auto detail = GetDetail<google::rpc::RetryInfo>(status);
  if (!detail) return std::nullopt;
  return absl::Seconds(detail->retry_delay().seconds()) + absl::Nanoseconds(detail->retry_delay().nanos());
}

std::string FieldOf(const absl::Status& status) {
  auto info = ErrorInfoOf(status);
  if (!info) return "";
  auto field = info->metadata.find("field");
  return field == info->metadata.end() ? "" : field->second;
}

std::string EncodeStatus(const absl::Status& status) {
  google::rpc::Status wire;
  wire.set_code(static_cast<int>(status.code()));
  wire.set_message(std::string(status.message()));
  // abseil varies the order of payloads on purpose; the same error must be the same bytes.
  std::map<std::string, std::string> payloads;
  status.ForEachPayload([&](absl::string_view type_url, const absl::Cord& payload) {
    payloads.emplace(std::string(type_url), std::string(payload));
  });
  for (const auto& [type_url, payload] : payloads) {
    auto* detail = wire.add_details();
    detail->set_type_url(type_url);
    detail->set_value(payload);
  }
  return wire.SerializeAsString();
}

absl::Status DecodeStatus(std::string_view bytes) {
  google::rpc::Status wire;
  if (!wire.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
    return absl::InternalError("malformed status");
  }
  absl::Status status(static_cast<absl::StatusCode>(wire.code()), wire.message());
  for (const auto& detail : wire.details()) status.SetPayload(detail.type_url(), absl::Cord(detail.value()));
  return status;
}

}  // namespace tessera
