// Topics: created with declared partitions and limits, never changed silently. Thread-safe.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "kafka/handle.h"

namespace tessera::kafka {

struct TopicSpec {
  std::string name;
  int32_t partitions = 1;
  absl::Duration retention = absl::InfiniteDuration();  // InfiniteDuration keeps all
  int32_t max_message_bytes = 1 << 20;                  // of one record batch, compressed
};

class Admin {
 public:
  // Does not wait for the broker. InvalidArgument for a malformed broker list ("host:port,host:port").
  static absl::StatusOr<std::unique_ptr<Admin>> Create(const std::string& brokers, const Settings& security = {});

  // Creates the topics that are missing and waits until each partition has a leader. Any number of processes may do
  // this at once. FailedPrecondition TOPIC_PARTITIONS_DIFFER if one exists with another number of partitions (nothing
  // is created then), Unavailable after `timeout`. The limits of a topic that exists are left as they are.
  absl::Status EnsureTopics(const std::vector<TopicSpec>& specs, absl::Duration timeout = absl::Seconds(30));

  // FailedPrecondition TOPIC_UNKNOWN if there is no such topic, Unavailable after `timeout`.
  absl::StatusOr<int32_t> PartitionCount(const std::string& topic, absl::Duration timeout = absl::Seconds(10));

  // Of each partition, the offset that its next record will get. FailedPrecondition TOPIC_UNKNOWN, Unavailable after
  // `timeout`.
  absl::StatusOr<std::vector<int64_t>> EndOffsets(const std::string& topic, absl::Duration timeout = absl::Seconds(10));

 private:
  explicit Admin(Handle handle) : handle_(std::move(handle)) {}

  struct TopicState {
    int32_t partitions = 0;
    bool has_leaders = false;
  };
  absl::StatusOr<std::vector<int64_t>> EndOffsetsNow(const std::string& topic, absl::Duration timeout);
  absl::StatusOr<std::map<std::string, TopicState>> Topics(absl::Duration timeout);
  absl::Status CreateTopics(const std::vector<TopicSpec>& specs, absl::Duration timeout);
  absl::Status AwaitLeaders(const std::vector<TopicSpec>& specs, absl::Time deadline);

  Handle handle_;
};

}  // namespace tessera::kafka
