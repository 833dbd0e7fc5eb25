// Channel events: what strangers put on the channel topic, checked and turned into commands. Pure functions.
#pragma once

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "engine/service.h"
#include "events/cloud_event.h"
#include "kafka/record.h"
#include "services/oneid/domain/command.h"

namespace tessera::oneid {

// Why a record is refused before it is decided. The text of each is the ErrorInfo reason; the field is named besides.
enum class EventFault {
  kBrandMissing,         // BRAND_MISSING: no extension attribute brandid
  kBrandInvalid,         // BRAND_INVALID: it has not the form of a brand id
  kUnknownType,          // UNKNOWN_TYPE: not com.tessera.channel.<payload>.v1
  kTypeMismatch,         // TYPE_MISMATCH: the payload is not the one that the type names
  kEventTimeOutOfRange,  // EVENT_TIME_OUT_OF_RANGE: before 1970
  kTooManyIdentifiers,   // TOO_MANY_IDENTIFIERS
  kTooManyLines,         // TOO_MANY_LINES
  kFieldMissing,         // FIELD_MISSING
  kFieldTooLong,         // FIELD_TOO_LONG
  kNegativeQuantity,     // NEGATIVE_QUANTITY: or zero, where pieces are bought
  kNegativeAmount,       // NEGATIVE_AMOUNT
  kAmountInvalid,        // AMOUNT_INVALID: points money above what was paid
  kAmountOverflow,       // AMOUNT_OVERFLOW: a sum does not fit in 64 bits
};

// A channel event as the domain and the engine need it.
struct ChannelEventCommand {
  ResolveEventPtr event;
  engine::EventIdentity identity;
  engine::Cause cause;
};

// The command of a record of the channel topic. Errors are InvalidArgument: those of events::DecodeCloudEvent and
// events::DecodePayload, and EventFault. Once the event is known to name a brand and an id, the error's metadata has
// brand_id and event_id.
absl::StatusOr<ChannelEventCommand> UnderstandChannelEvent(const kafka::Record& record);

}  // namespace tessera::oneid
