// Inside libs/events only: the pieces of decoding.
#pragma once

#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "events/cloud_event.h"

namespace tessera::events {

// The media type in lower case without parameters; the charset in lower case, or "" if none is given.
struct ContentType {
  std::string media;
  std::string charset;

  // "application/json" and "application/...+json".
  bool is_json() const;
  bool is_utf8() const { return charset.empty() || charset == "utf-8" || charset == "utf8"; }
};
ContentType ParseContentType(std::string_view text);

// Valid UTF-8 without control characters, those of the direction of text included.
bool IsCleanText(std::string_view text);

// Sets one attribute from its text, by its lower-case name. Errors: ATTRIBUTE_INVALID, TIME_INVALID,
// SPEC_VERSION_UNSUPPORTED.
absl::Status SetAttribute(CloudEvent& event, std::string_view name, std::string_view value);

// ATTRIBUTE_MISSING unless id, source and type are set.
absl::Status CheckComplete(const CloudEvent& event);

// An event in structured mode. Errors as DecodeCloudEvent.
absl::StatusOr<CloudEvent> DecodeStructured(std::string_view json);

// JSON_INVALID unless the text is JSON with at most kNestingMax levels.
absl::Status CheckJson(std::string_view json, std::string_view field);

}  // namespace tessera::events
