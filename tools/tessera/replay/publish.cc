#include "tools/tessera/replay/publish.h"

#include <algorithm>
#include <deque>
#include <map>
#include <random>
#include <vector>

#include "absl/time/clock.h"
#include "base/murmur2.h"
#include "base/status.h"
#include "events/cloud_event.h"
#include "kafka/admin.h"
#include "kafka/producer.h"

namespace tessera::replay {
namespace {

constexpr size_t kBatch = 2'000;
constexpr absl::Duration kPatience = absl::Minutes(5);  // with a broker that is away
constexpr double kBatchesPerSecond = 10;                // at least, when there is a rate
constexpr size_t kRunMax = 50;                          // records of one partition in a row, when shuffled

kafka::Message MessageOf(const RetailEvent& event, const PublishOptions& options, int32_t partitions) {
  events::CloudEvent cloud;
  cloud.id = event.id;
  cloud.source = event.channel;
  cloud.type = event.type;
  cloud.time = event.time;
  cloud.datacontenttype = "application/protobuf";
  cloud.extensions["brandid"] = options.brand;
  return {.topic = options.topic,
          .partition = KafkaPartition(event.key, partitions),
          .key = event.key,
          .headers = events::EncodeHeaders(cloud),
          .value = event.event.SerializeAsString()};
}

std::deque<kafka::Message> WithDirt(const RetailEvents& events, const PublishOptions& options, int32_t partitions,
                                    Published& published) {
  std::deque<kafka::Message> messages;
  for (const RetailEvent& event : events.events) {
    const kafka::Message message = MessageOf(event, options, partitions);
    messages.push_back(message);
    ++published.events;
    if (IsDuplicated(event.id)) {
      messages.push_back(message);
      ++published.duplicates;
    }
    if (IsFollowedByGarbage(event.id)) {
      messages.push_back({.topic = message.topic,
                          .partition = message.partition,
                          .key = message.key,
                          .headers = {},
                          .value = "not an event"});
      ++published.malformed;
    }
  }
  return messages;
}

std::deque<kafka::Message> Shuffled(std::deque<kafka::Message> messages, uint64_t seed) {
  std::map<int32_t, std::deque<kafka::Message>> by_partition;
  for (kafka::Message& message : messages) by_partition[message.partition].push_back(std::move(message));
  std::mt19937_64 random(seed);
  std::deque<kafka::Message> shuffled;
  while (!by_partition.empty()) {
    auto chosen = std::next(by_partition.begin(), static_cast<std::ptrdiff_t>(random() % by_partition.size()));
    for (size_t run = 1 + random() % kRunMax; run > 0 && !chosen->second.empty(); --run) {
      shuffled.push_back(std::move(chosen->second.front()));
      chosen->second.pop_front();
    }
    if (chosen->second.empty()) by_partition.erase(chosen);
  }
  return shuffled;
}

}  // namespace

absl::StatusOr<Published> Publish(const RetailEvents& events, const PublishOptions& options) {
  TESSERA_ASSIGN_OR_RETURN(auto admin, kafka::Admin::Create(options.brokers, options.security));
  TESSERA_ASSIGN_OR_RETURN(const int32_t partitions, admin->PartitionCount(options.topic, kPatience));
  TESSERA_ASSIGN_OR_RETURN(auto producer, kafka::Producer::Create({.brokers = options.brokers,
                                                                   .client_id = "replay",
                                                                   .security = options.security,
                                                                   .delivery_timeout = kPatience}));
  Published published;
  std::deque<kafka::Message> messages = WithDirt(events, options, partitions, published);
  if (options.seed != 0) messages = Shuffled(std::move(messages), options.seed);
  const auto all = static_cast<int64_t>(messages.size());
  const double rate = options.rate_per_second;
  const size_t size = rate > 0 ? std::clamp<size_t>(static_cast<size_t>(rate / kBatchesPerSecond), 1, kBatch) : kBatch;
  published.start = absl::Now();
  for (int64_t sent = 0; sent < all;) {
    std::vector<kafka::Message> batch;
    while (!messages.empty() && batch.size() < size) {
      batch.push_back(std::move(messages.front()));
      messages.pop_front();
    }
    TESSERA_RETURN_IF_ERROR(producer->ProduceAndWait(batch, kPatience));
    sent += static_cast<int64_t>(batch.size());
    options.progress(sent, all);
    if (rate > 0) absl::SleepFor(published.start + absl::Seconds(static_cast<double>(sent) / rate) - absl::Now());
  }
  published.end = absl::Now();
  return published;
}

}  // namespace tessera::replay
