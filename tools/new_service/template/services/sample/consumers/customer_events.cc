#include "services/sample/consumers/customer_events.h"

#include "base/status.h"
#include "events/cloud_event.h"
#include "events/payload.h"
#include "services/sample/service.h"
#include "tessera/events/v1/customer_event.pb.h"

namespace tessera::sample {

absl::StatusOr<engine::Understood> UnderstandCustomerEvent(const kafka::Record& record) {
  TESSERA_ASSIGN_OR_RETURN(const events::CloudEvent event, events::DecodeCloudEvent(record));
  engine::Understood understood;
  understood.cause = {event.id, event.id, "", event.time.value_or(record.timestamp), ""};
  // Identity facts and brands travel in the same topic; this service does not need them.
  constexpr std::string_view kNotCounted[] = {"com.tessera.oneid.customers_merged.v1",
                                              "com.tessera.oneid.brand_changed.v1"};
  for (std::string_view type : kNotCounted) {
    if (event.type == type) return understood;
  }
  ::tessera::events::v1::CustomerEvent message;
  TESSERA_RETURN_IF_ERROR(events::DecodePayload(event, &message));
  const auto customer = CustomerId::Parse(message.customer_id());
  if (!customer) return understood;  // unresolved: nobody's
  understood.cause.brand = message.brand_id();
  const absl::Time event_time = absl::FromUnixSeconds(message.event_time().seconds());
  understood.command = NewCommand(NoteEvent{{*customer, {message.brand_id()}}, event_time});
  return understood;
}

}  // namespace tessera::sample
