#include "events/cloud_event.h"

#include <algorithm>
#include <array>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "base/status.h"
#include "base/strings.h"
#include "events/internal.h"
#include "events/limits.h"

namespace tessera::events {
namespace {

constexpr std::string_view kPrefix = "ce_";
constexpr std::string_view kSpecVersion = "1.0";
constexpr std::string_view kTraceparent = "traceparent";

bool IsExtensionName(std::string_view name) {
  return !name.empty() && name.size() <= kExtensionNameBytesMax && std::all_of(name.begin(), name.end(), [](char c) {
    return absl::ascii_islower(static_cast<unsigned char>(c)) || absl::ascii_isdigit(static_cast<unsigned char>(c));
  });
}

absl::Status SetText(std::string& attribute, std::string_view name, std::string_view value) {
  if (value.empty()) return MakeEventError(EventError::kAttributeInvalid, name, "must not be empty");
  if (value.size() > kAttributeBytesMax) {
    return MakeEventError(EventError::kAttributeInvalid, name, "is longer than 256 bytes");
  }
  attribute = std::string(value);
  return absl::OkStatus();
}

absl::Status SetExtension(CloudEvent& event, std::string_view name, std::string_view value) {
  // The name is a stranger's text until it is known to be a plain word.
  if (!IsExtensionName(name)) {
    return MakeEventError(EventError::kAttributeInvalid, "extensions",
                          "a name is not of lower-case letters and digits");
  }
  if (value.size() > kExtensionBytesMax) {
    return MakeEventError(EventError::kAttributeInvalid, name, "is longer than 1024 bytes");
  }
  event.extensions[std::string(name)] = std::string(value);
  return absl::OkStatus();
}

absl::Status CheckSize(const kafka::Record& record) {
  if (record.value && record.value->size() > kEventBytesMax) {
    return MakeEventError(EventError::kEventTooLarge, "value", "is larger than 256 KiB");
  }
  if (record.key && record.key->size() > kKeyBytesMax) {
    return MakeEventError(EventError::kEventTooLarge, "key", "is larger than 4 KiB");
  }
  size_t bytes = 0;
  for (const kafka::Header& header : record.headers) bytes += header.name.size() + header.value.size();
  if (bytes > kHeadersBytesMax || record.headers.size() > kHeadersMax) {
    return MakeEventError(EventError::kEventTooLarge, "headers", "are more than 64, or larger than 32 KiB");
  }
  return absl::OkStatus();
}

absl::StatusOr<CloudEvent> DecodeBinary(const kafka::Record& record, bool& has_attributes) {
  CloudEvent event;
  std::string traceparent;
  std::vector<std::string> seen;
  for (const kafka::Header& header : record.headers) {
    std::string name = header.name;
    absl::AsciiStrToLower(&name);
    if (name == kTraceparent) {
      if (header.value.size() <= kAttributeBytesMax && IsCleanText(header.value)) traceparent = header.value;
      continue;
    }
    if (name == "content-type") {
      name = "datacontenttype";
    } else if (absl::StartsWith(name, ToAbsl(kPrefix))) {
      name.erase(0, kPrefix.size());
      has_attributes = true;
    } else {
      continue;  // Others may travel along; they are not of the event.
    }
    if (std::find(seen.begin(), seen.end(), name) != seen.end()) {
      return MakeEventError(EventError::kAttributeInvalid, IsExtensionName(name) ? name : "extensions",
                            "is there twice");
    }
    TESSERA_RETURN_IF_ERROR(SetAttribute(event, name, header.value));
    seen.push_back(std::move(name));
  }
  if (has_attributes && std::find(seen.begin(), seen.end(), "specversion") == seen.end()) {
    return MakeEventError(EventError::kAttributeMissing, "specversion", "is required");
  }
  if (!traceparent.empty()) event.extensions.emplace(kTraceparent, traceparent);
  if (record.value) event.data = *record.value;
  return event;
}

}  // namespace

std::string_view ReasonOf(EventError error) {
  switch (error) {
    case EventError::kNotACloudEvent:
      return "NOT_A_CLOUD_EVENT";
    case EventError::kSpecVersionUnsupported:
      return "SPEC_VERSION_UNSUPPORTED";
    case EventError::kAttributeMissing:
      return "ATTRIBUTE_MISSING";
    case EventError::kAttributeInvalid:
      return "ATTRIBUTE_INVALID";
    case EventError::kTimeInvalid:
      return "TIME_INVALID";
    case EventError::kEventTooLarge:
      return "EVENT_TOO_LARGE";
    case EventError::kJsonInvalid:
      return "JSON_INVALID";
    case EventError::kDataInvalid:
      return "DATA_INVALID";
    case EventError::kContentTypeUnsupported:
      return "CONTENT_TYPE_UNSUPPORTED";
  }
  return "";
}

absl::Status MakeEventError(EventError error, std::string_view field, std::string_view message) {
  return InvalidField(field, message, ReasonOf(error));
}

absl::Status SetAttribute(CloudEvent& event, std::string_view name, std::string_view value) {
  if (!IsCleanText(value)) {
    return MakeEventError(EventError::kAttributeInvalid, IsExtensionName(name) ? name : "extensions",
                          "is not UTF-8 without control characters");
  }
  if (name == "id") return SetText(event.id, name, value);
  if (name == "source") return SetText(event.source, name, value);
  if (name == "type") return SetText(event.type, name, value);
  if (name == "subject") return SetText(event.subject, name, value);
  if (name == "datacontenttype") return SetText(event.datacontenttype, name, value);
  if (name == "specversion") {
    if (value == kSpecVersion) return absl::OkStatus();
    return MakeEventError(EventError::kSpecVersionUnsupported, name, "must be 1.0");
  }
  if (name == "time") {
    event.time = ParseRfc3339(value);
    if (event.time) return absl::OkStatus();
    return MakeEventError(EventError::kTimeInvalid, name, "is not a time as of RFC 3339");
  }
  return SetExtension(event, name, value);
}

absl::Status CheckComplete(const CloudEvent& event) {
  const std::array<std::pair<std::string_view, const std::string*>, 3> required = {
      {{"id", &event.id}, {"source", &event.source}, {"type", &event.type}}};
  for (const auto& [name, value] : required) {
    if (value->empty()) return MakeEventError(EventError::kAttributeMissing, name, "is required");
  }
  return absl::OkStatus();
}

absl::StatusOr<CloudEvent> DecodeCloudEvent(const kafka::Record& record) {
  TESSERA_RETURN_IF_ERROR(CheckSize(record));
  for (const kafka::Header& header : record.headers) {
    if (!absl::EqualsIgnoreCase(header.name, "content-type")) continue;
    const ContentType type = ParseContentType(header.value);
    if (!absl::StartsWith(type.media, "application/cloudevents")) continue;
    if (type.media != "application/cloudevents+json" || !type.is_utf8()) {
      return MakeEventError(EventError::kContentTypeUnsupported, "content-type",
                            "the structured mode understood is application/cloudevents+json in UTF-8");
    }
    return DecodeStructured(record.value ? std::string_view(*record.value) : std::string_view());
  }
  bool has_attributes = false;
  auto event = DecodeBinary(record, has_attributes);
  if (!has_attributes) {
    return MakeEventError(EventError::kNotACloudEvent, "headers", "there are neither ce_ headers nor structured JSON");
  }
  if (event.ok()) TESSERA_RETURN_IF_ERROR(CheckComplete(*event));
  return event;
}

std::vector<kafka::Header> EncodeHeaders(const CloudEvent& event) {
  std::vector<kafka::Header> headers;
  headers.reserve(7 + event.extensions.size());
  headers.push_back({"ce_specversion", std::string(kSpecVersion)});
  if (!event.id.empty()) headers.push_back({"ce_id", event.id});
  if (!event.source.empty()) headers.push_back({"ce_source", event.source});
  if (!event.type.empty()) headers.push_back({"ce_type", event.type});
  if (event.time) headers.push_back({"ce_time", FormatRfc3339(*event.time)});
  if (!event.subject.empty()) headers.push_back({"ce_subject", event.subject});
  if (!event.datacontenttype.empty()) headers.push_back({"content-type", event.datacontenttype});
  for (const auto& [name, value] : event.extensions) {
    headers.push_back({name == kTraceparent ? name : std::string(kPrefix) + name, value});
  }
  return headers;
}

}  // namespace tessera::events
