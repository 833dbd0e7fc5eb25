#include "services/sample/events/activity_events.h"

#include "tessera/sample/v1/events.pb.h"

namespace tessera::sample {

void EncodeFact(const Fact& fact, const engine::Cause& cause, std::vector<engine::Published>& out) {
  v1::ActivityNoted event;
  const std::string customer = fact.key.customer.ToString();
  event.set_customer_id(customer);
  event.set_brand_id(fact.key.brand.value);
  event.set_event_count(fact.event_count);
  out.push_back({.log = engine::Log::kMain,
                 .key = customer,
                 .type = "com.tessera.sample.activity_noted.v1",
                 .subject = customer,
                 .brand = fact.key.brand.value,
                 .time = cause.time,
                 .data = event.SerializeAsString()});
}

}  // namespace tessera::sample
