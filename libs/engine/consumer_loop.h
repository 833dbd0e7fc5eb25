// Reads the topics that a service consumes and hands their records to the writers, partition by partition. Step is
// called by one thread. Nothing is acknowledged here: a record has taken effect when its batch has moved the mark.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "engine/lease.h"
#include "engine/topic_names.h"
#include "engine/work.h"
#include "engine/writer.h"
#include "kafka/consumer.h"
#include "pg/connection.h"

namespace tessera::engine {

struct ConsumedTopic {
  std::string name;
  int32_t partitions = 16;
};

class ConsumerLoop {
 public:
  // Partition p belongs to writer p mod n. Everything referred to outlives the loop.
  ConsumerLoop(std::vector<ConsumedTopic> topics, TopicNames names, pg::ConnectionOptions connection,
               kafka::Consumer& consumer, const LeaseKeeper& leases, std::vector<Writer*> writers);

  // Follows the leases, hands over what came within `wait`. Unavailable if the database is away.
  absl::Status Step(absl::Duration wait);

  // Stops reading; queued records of this loop are dropped by their writers.
  void Stop();

 private:
  // The broker does not let it be read on, from this offset.
  struct Halt {
    absl::Time since;
    int64_t offset = 0;
    int64_t behind = 0;  // records, when the broker was asked last
  };
  struct Reading {
    std::shared_ptr<Feed> feed;
    std::deque<kafka::Record> held_back;  // the writer's queue was full
    int64_t told_offset = -1;             // committed for lag
    std::optional<Halt> halt = std::nullopt;
  };

  absl::Status FollowLeases();
  absl::Status Start(const std::string& topic, int32_t partition, bool suspect);
  void HandOver(Reading& reading, std::deque<kafka::Record>& records);
  void RetryHeldBack();
  void Meet(const kafka::PartitionError& error);
  void TellLags();
  absl::Status TellHalted(const PartitionKey& key, Halt& halt);

  const std::vector<ConsumedTopic> topics_;
  const TopicNames names_;
  pg::Session session_;
  kafka::Consumer& consumer_;
  const LeaseKeeper& leases_;
  const std::vector<Writer*> writers_;
  std::map<PartitionKey, Reading> readings_;
  absl::Time lag_told_ = absl::InfinitePast();
};

}  // namespace tessera::engine
