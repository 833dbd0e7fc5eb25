#include "tests/bench/load/channel_load.h"

#include <random>
#include <string>

#include "absl/time/clock.h"
#include "base/murmur2.h"
#include "engine/engine_store.h"
#include "events/cloud_event.h"
#include "tessera/events/v1/channel_event.pb.h"
#include "tests/bench/load/earn_load.h"

namespace tessera::bench {

kafka::Record ChannelEventWith(const std::string& id, absl::Time time, const Identifiers& identifiers) {
  tessera::events::v1::ChannelEvent message;
  for (const auto& [name, value] : identifiers) {
    auto& identifier = *message.add_identifiers();
    identifier.set_namespace_(name);
    identifier.set_value(value);
  }
  message.set_logged_in(true);
  message.mutable_check_in_done();
  events::CloudEvent cloud;
  cloud.id = id;
  cloud.source = kChannel;
  cloud.type = "com.tessera.channel.check_in_done.v1";
  cloud.datacontenttype = "application/protobuf";
  cloud.time = time;
  cloud.extensions = {{"brandid", kBrand}};
  cloud.data = message.SerializeAsString();
  kafka::Record record;
  record.topic = kChannelTopic;
  record.key = identifiers.front().second;
  record.partition = KafkaPartition(*record.key, engine::kSlots);
  record.timestamp = *cloud.time;
  record.headers = EncodeHeaders(cloud);
  record.value = cloud.data;
  return record;
}

namespace {

// The process' start, whole seconds: rounds of two processes may have the same.
absl::Time LoadStart() {
  static const absl::Time start = absl::FromUnixSeconds(absl::ToUnixSeconds(absl::Now()) - 60);
  return start;
}

// An event of the customer of this number. Events of one seed and customer need different `event` numbers.
kafka::Record ChannelEventOf(uint64_t seed, int64_t event, int64_t customer, absl::Time start) {
  const std::string account = "shopper-" + std::to_string(customer);
  return ChannelEventWith("check-in-" + std::to_string(seed) + "-" + std::to_string(event),
                          start + absl::Microseconds(event), {{"jd_pin", account}, {"union_id", "union-" + account}});
}

}  // namespace

std::vector<kafka::Record> MakeChannelEvents(const ChannelLoad& load) {
  std::mt19937_64 random(load.seed);
  std::uniform_int_distribution<int64_t> any(0, load.customers - 1);
  std::vector<kafka::Record> records;
  for (int64_t i = 0; i < load.warm_up + load.operations; ++i) {
    records.push_back(ChannelEventOf(load.seed, i, load.are_new ? load.customers + i : any(random), LoadStart()));
  }
  return records;
}

std::vector<kafka::Record> MakeFirstEvents(int64_t customers) {
  std::vector<kafka::Record> records;
  // Before any event of a load, also of one that starts within the same second.
  const absl::Time start = LoadStart() - absl::Hours(1);
  for (int64_t i = 0; i < customers; ++i) records.push_back(ChannelEventOf(0, i, i, start));
  return records;
}

}  // namespace tessera::bench
