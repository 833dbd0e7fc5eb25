#include "tests/bench/ours/relay.h"

#include "base/clock.h"
#include "engine/engine_store.h"
#include "engine/lease.h"
#include "engine/relay.h"
#include "kafka/admin.h"
#include "metrics/metrics.h"
#include "tests/bench/load/database.h"

namespace tessera::bench::ours {

Round Relay(const std::string& topic_prefix) {
  const std::string brokers = RequiredEnvironment("TESSERA_BENCH_BROKERS");
  const engine::TopicNames names(topic_prefix);
  const engine::LogTopics topics = {"tessera.membership.events.v1", "", "", ""};
  const auto admin = Require(kafka::Admin::Create(brokers));
  Require(admin->EnsureTopics({{.name = names.AtBroker(topics[0]), .partitions = engine::kSlots}}));
  const auto producer = Require(kafka::Producer::Create({.brokers = brokers}));
  const kafka::Message greeting = {.topic = names.AtBroker(topics[0])};  // a running service has long been connected
  Require(producer->ProduceAndWait({&greeting, 1}, absl::Seconds(20)));
  engine::LeaseKeeper leases(DatabaseOptions(), RandomUuidV7(Clock::System().Now()), "bench",
                             {{"relay", engine::kSlots}});
  Require(leases.Step());
  const int64_t events = Number(*Connect(), "SELECT sum(event_count)::int8 FROM outbox");
  engine::Relay relay("membership", topics, names, DatabaseOptions(), *producer, leases);
  const metrics::Counter& published = metrics::GetCounter("tessera_relay_published_events_total", "");
  const absl::Time start = absl::Now();
  absl::Time renewed = start;
  while (Require(relay.Step())) {
    if (absl::Now() - renewed < engine::kLeaseRenewal) continue;
    Require(leases.Step());
    renewed = absl::Now();
  }
  const double seconds = absl::ToDoubleSeconds(absl::Now() - start);
  if (static_cast<int64_t>(published.Value()) != events) Require(absl::InternalError("not all events were published"));
  return {.operations = events, .seconds = seconds};
}

}  // namespace tessera::bench::ours
