#include "services/oneid/consumers/channel_events.h"

#include <google/protobuf/arena.h>

#include <cstring>
#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/crypto.h"
#include "base/status.h"
#include "base/strings.h"
#include "events/limits.h"
#include "events/payload.h"
#include "services/oneid/consumers/event_checks.h"
#include "tessera/events/v1/channel_event.pb.h"

namespace tessera::oneid {
namespace {

using events::v1::ChannelEvent;

constexpr std::string_view kTypePrefix = "com.tessera.channel.";
constexpr std::string_view kTypeSuffix = ".v1";

// "order_paid" of com.tessera.channel.order_paid.v1; the payload's field, or null if there is no such type.
const google::protobuf::FieldDescriptor* PayloadOfType(std::string_view type) {
  if (!type.starts_with(kTypePrefix) || !type.ends_with(kTypeSuffix)) return nullptr;
  if (type.size() < kTypePrefix.size() + kTypeSuffix.size()) return nullptr;
  type.remove_prefix(kTypePrefix.size());
  type.remove_suffix(kTypeSuffix.size());
  const auto* field = ChannelEvent::descriptor()->FindFieldByName(std::string(type));
  return field != nullptr && field->containing_oneof() != nullptr ? field : nullptr;
}

absl::StatusOr<BrandId> BrandOf(const events::CloudEvent& event) {
  auto at = event.extensions.find("brandid");
  if (at == event.extensions.end()) return EventFaultError(EventFault::kBrandMissing, "brandid", "is missing");
  auto brand = BrandId::Parse(at->second);
  if (!brand) {
    return EventFaultError(EventFault::kBrandInvalid, "brandid",
                           "must be 1 to 40 lower-case letters, digits and hyphens");
  }
  return *brand;
}

absl::Status CheckTypeAndPayload(const events::CloudEvent& event, ChannelEvent& message) {
  const auto* field = PayloadOfType(event.type);
  if (field == nullptr) {
    return EventFaultError(EventFault::kUnknownType, "type", "is not com.tessera.channel.<payload>.v1");
  }
  TESSERA_RETURN_IF_ERROR(events::DecodePayload(event, &message));
  if (static_cast<int>(message.payload_case()) != field->number()) {
    return EventFaultError(EventFault::kTypeMismatch, "type", "names another payload than the one that is set");
  }
  return CheckChannelEvent(message);
}

void SetAccountChange(const ChannelEvent& message, ResolveEvent& event) {
  if (message.has_account_phone_changed()) {
    event.opened = RawIdentifier{"phone", "", message.account_phone_changed().new_phone()};
    event.closed = RawIdentifier{"phone", "", message.account_phone_changed().old_phone()};
  } else if (message.has_account_unbound()) {
    const auto& unbound = message.account_unbound();
    event.closed = RawIdentifier{unbound.removed_namespace(), unbound.removed_scope(), unbound.removed_value()};
  }
}

uint64_t ContentHash(const events::CloudEvent& event, const ChannelEvent& message) {
  const std::string time = event.time ? absl::StrCat(absl::ToUnixMicros(*event.time)) : "";
  const std::string digest = Sha256OfParts({event.type, time, message.SerializeAsString()});
  uint64_t hash;
  std::memcpy(&hash, digest.data(), sizeof(hash));
  return hash;
}

engine::Cause CauseOf(const events::CloudEvent& event, const BrandId& brand, absl::Time time) {
  auto extension = [&](const char* name) {
    auto at = event.extensions.find(name);
    return at == event.extensions.end() ? std::string() : at->second;
  };
  engine::Cause cause{.id = event.id,
                      .correlation_id = extension("correlationid"),
                      .traceparent = extension("traceparent"),
                      .time = time,
                      .brand = brand.value};
  if (cause.correlation_id.empty()) cause.correlation_id = event.id;
  return cause;
}

absl::StatusOr<ChannelEventCommand> Understand(const events::CloudEvent& cloud, const BrandId& brand,
                                               absl::Time record_time) {
  google::protobuf::Arena arena;  // an order has many lines: one allocation, not two for each
  ChannelEvent& message = *google::protobuf::Arena::CreateMessage<ChannelEvent>(&arena);
  TESSERA_RETURN_IF_ERROR(CheckTypeAndPayload(cloud, message));
  auto event = std::make_shared<ResolveEvent>();
  event->time = absl::FromUnixMicros(absl::ToUnixMicros(cloud.time.value_or(record_time)));
  if (event->time < absl::UnixEpoch()) {
    return EventFaultError(EventFault::kEventTimeOutOfRange, "time", "lies before 1970");
  }
  event->key = {brand, cloud.source, cloud.id, ContentHash(cloud, message)};
  event->payload = PayloadOfType(cloud.type)->name();
  event->logged_in = message.logged_in();
  event->verified = message.verified();
  for (const auto& identifier : message.identifiers()) {
    event->identifiers.push_back({identifier.namespace_(), identifier.scope(), identifier.value()});
  }
  SetAccountChange(message, *event);
  events::StripPii(&message);
  event->stripped = message.SerializeAsString();
  ChannelEventCommand command;
  command.identity = {brand.value, cloud.source, cloud.id, event->key.content_hash};
  command.cause = CauseOf(cloud, brand, event->time);
  command.event = std::move(event);
  return command;
}

// The same error, which tells now of which event it is.
absl::Status WithEvent(const absl::Status& status, const BrandId& brand, const std::string& event_id) {
  auto info = ErrorInfoOf(status);
  if (!info) return status;
  info->metadata["brand_id"] = brand.value;
  info->metadata["event_id"] = event_id;
  return MakeError(status.code(), ToStd(status.message()), *info);
}

}  // namespace

absl::StatusOr<ChannelEventCommand> UnderstandChannelEvent(const kafka::Record& record) {
  TESSERA_ASSIGN_OR_RETURN(const events::CloudEvent cloud, events::DecodeCloudEvent(record));
  TESSERA_ASSIGN_OR_RETURN(const BrandId brand, BrandOf(cloud));
  auto command = Understand(cloud, brand, record.timestamp);
  if (!command.ok()) return WithEvent(command.status(), brand, cloud.id);
  return command;
}

}  // namespace tessera::oneid
