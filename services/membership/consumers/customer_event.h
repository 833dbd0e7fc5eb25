// A channel event that knows its customer -> a command. Pure, thread-safe.
#pragma once

#include <optional>

#include "absl/status/statusor.h"
#include "services/membership/domain/commands.h"
#include "tessera/events/v1/customer_event.pb.h"

namespace tessera::membership::consumers {

// nullopt for events without a customer and of anonymous ones: they enrol nobody and earn nothing. InvalidArgument with
// the field for an event that names no brand, customer or order as it must.
absl::StatusOr<std::optional<Command>> FromCustomerEvent(const tessera::events::v1::CustomerEvent& event);

}  // namespace tessera::membership::consumers
