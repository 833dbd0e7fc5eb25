// What is inside an event: its protobuf message, and the removal of personal data from it. Pure, thread-safe.
#pragma once

#include "absl/status/status.h"
#include "events/cloud_event.h"

namespace google::protobuf {
class Message;
}

namespace tessera::events {

// Parses the data into *message (cleared first): application/protobuf bytes, or the JSON mapping for application/json.
// InvalidArgument: CONTENT_TYPE_UNSUPPORTED; DATA_INVALID for bytes that are no such message; JSON_INVALID for JSON
// that is no such message, which includes unknown fields (the field is named as far as that is safe).
absl::Status DecodePayload(const CloudEvent& event, google::protobuf::Message* message);

// Clears, at every depth, all fields with the option (tessera.common.v1.pii) = true, unknown fields and
// google.protobuf.Any, which could carry anything.
void StripPii(google::protobuf::Message* message);

}  // namespace tessera::events
