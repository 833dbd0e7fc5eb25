// CloudEvents 1.0 on Kafka: binary and structured mode in, binary mode out. Pure functions, thread-safe.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "kafka/record.h"

namespace tessera::events {

struct CloudEvent {
  std::string id;
  std::string source;
  std::string type;
  std::string subject;                            // "" if absent
  std::string datacontenttype;                    // "" if absent
  std::optional<absl::Time> time;                 // whole microseconds
  std::map<std::string, std::string> extensions;  // by lower-case name, "brandid"; also "traceparent"
  std::string data;
};

// Why a record is no event that we understand. The text of each is the ErrorInfo reason.
enum class EventError {
  kNotACloudEvent,          // NOT_A_CLOUD_EVENT: neither ce_ headers nor structured JSON
  kSpecVersionUnsupported,  // SPEC_VERSION_UNSUPPORTED: not 1.0
  kAttributeMissing,        // ATTRIBUTE_MISSING: id, source, type or specversion
  kAttributeInvalid,        // ATTRIBUTE_INVALID: not UTF-8, control characters, too long, or there twice
  kTimeInvalid,             // TIME_INVALID: not RFC 3339
  kEventTooLarge,           // EVENT_TOO_LARGE: the value or the headers
  kJsonInvalid,             // JSON_INVALID: syntax, nesting, or not the JSON mapping of the expected message
  kDataInvalid,             // DATA_INVALID: not the protobuf bytes of the expected message
  kContentTypeUnsupported,  // CONTENT_TYPE_UNSUPPORTED
};

std::string_view ReasonOf(EventError error);

// InvalidArgument that names the attribute or field. The message never holds a value of the event.
absl::Status MakeEventError(EventError error, std::string_view field, std::string_view message);

// The event in a record: structured mode if the header content-type is application/cloudevents+json, else binary mode.
// Names of headers are compared without regard to case. Errors: MakeEventError, all but kDataInvalid.
//
// Structured `data` becomes JSON text again if datacontenttype is JSON (the default), and the string itself otherwise;
// `data_base64` becomes its bytes. The header traceparent becomes the extension of that name.
absl::StatusOr<CloudEvent> DecodeCloudEvent(const kafka::Record& record);

// The headers of binary mode; the record's value is event.data. An attribute that is absent has none, so that the
// reader tells ATTRIBUTE_MISSING. The extension traceparent becomes the header of that name, as tracing tools expect
// it.
std::vector<kafka::Header> EncodeHeaders(const CloudEvent& event);

// RFC 3339 with "T" or "t", an optional fraction and an offset or "Z"; rounded down to microseconds. nullopt otherwise.
std::optional<absl::Time> ParseRfc3339(std::string_view text);

// "2024-02-29T12:00:00.123456Z"; the fraction only where there is one.
std::string FormatRfc3339(absl::Time time);

}  // namespace tessera::events
