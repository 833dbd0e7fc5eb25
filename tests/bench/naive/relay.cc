#include "tests/bench/naive/relay.h"

#include "engine/engine_store.h"
#include "engine/topic_names.h"
#include "kafka/admin.h"
#include "kafka/producer.h"
#include "tessera/engine/v1/outbox.pb.h"
#include "tests/bench/load/database.h"

namespace tessera::bench::naive {
namespace {

std::vector<kafka::Message> ReadMessages(const std::string& topic, int64_t count) {
  static constexpr pg::Statement kRead = {
      "naive_read_outbox",
      "SELECT slot, base_seq, events FROM outbox WHERE log = 0 ORDER BY posted_time, slot, base_seq"};
  const auto connection = Connect();
  pg::Tx tx(*connection, "naive_relay");
  std::vector<kafka::Message> messages;
  for (const pg::Row row : tx.Run(kRead)) {
    engine::v1::OutboxEvents packed;
    packed.ParseFromString(row.Get<pg::Bytes>(2).value);
    for (const engine::v1::OutboxEvent& event : packed.events()) {
      if (static_cast<int64_t>(messages.size()) == count) return messages;
      kafka::Message message;
      message.topic = topic;
      message.partition = row.Get<int32_t>(0);
      message.key = event.key();
      message.value = event.data();
      message.headers = {{"ce_specversion", "1.0"}, {"ce_id", event.id()}, {"ce_type", event.type()}};
      messages.push_back(std::move(message));
    }
  }
  Require(tx.status());
  return messages;
}

}  // namespace

Round Relay(const std::string& topic_prefix, int64_t operations) {
  const std::string brokers = RequiredEnvironment("TESSERA_BENCH_BROKERS");
  const std::string topic = engine::TopicNames(topic_prefix).AtBroker("tessera.membership.events.v1");
  const auto admin = Require(kafka::Admin::Create(brokers));
  Require(admin->EnsureTopics({{.name = topic, .partitions = engine::kSlots}}));
  const auto producer = Require(kafka::Producer::Create({.brokers = brokers}));
  const std::vector<kafka::Message> messages = ReadMessages(topic, operations);
  const kafka::Message greeting = {.topic = topic};  // as the other side is
  Require(producer->ProduceAndWait({&greeting, 1}, absl::Seconds(20)));
  const absl::Time start = absl::Now();
  for (const kafka::Message& message : messages) Require(producer->ProduceAndWait({&message, 1}, absl::Seconds(20)));
  return {.operations = static_cast<int64_t>(messages.size()), .seconds = absl::ToDoubleSeconds(absl::Now() - start)};
}

}  // namespace tessera::bench::naive
