// Sends the replay to the channel topic.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "kafka/security.h"
#include "tools/tessera/replay/retail_events.h"

namespace tessera::replay {

struct PublishOptions {
  std::string brokers, topic, brand;
  kafka::Settings security;  // of the connection to the brokers
  // 0: in the file's order. Otherwise the order between partitions is shuffled by this seed; within a partition it
  // stays.
  uint64_t seed = 0;
  double rate_per_second = 0;  // 0: as fast as the broker takes them
  std::function<void(int64_t sent, int64_t all)> progress = [](int64_t, int64_t) {};
};

struct Published {
  int64_t events = 0, duplicates = 0, malformed = 0;
  absl::Time start, end;  // when the first record was sent, and when the broker had the last one
};

// Publishes all events with their dirt and waits until the broker has them.
absl::StatusOr<Published> Publish(const RetailEvents& events, const PublishOptions& options);

}  // namespace tessera::replay
