// What every channel event must keep to, whatever the brand. Pure functions.
#pragma once

#include <string_view>

#include "absl/status/status.h"
#include "services/oneid/consumers/channel_events.h"

namespace tessera::events::v1 {
class ChannelEvent;
}

namespace tessera::oneid {

// InvalidArgument with the fault's reason and the field.
absl::Status EventFaultError(EventFault fault, std::string_view field, std::string_view message);

// Limits, needed fields, and amounts that are not negative and do not overflow; the field is named by its path in the
// payload, such as "lines[2].quantity".
absl::Status CheckChannelEvent(const events::v1::ChannelEvent& event);

}  // namespace tessera::oneid
