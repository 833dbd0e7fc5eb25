// Reads the partitions that its owner deals to it, from the offsets that the owner keeps elsewhere (in Postgres).
// No group protocol: who reads what is decided by leases; the group id serves only to publish offsets for monitoring.
// One thread at a time may use a Consumer.
//
// It lives through broker restarts without help. At most about `prefetch_bytes_max` plus one fetch are held in memory.
// Backing off is cheap: a paused partition keeps a small buffer of what had been read ahead and asks the broker to stop
// only when that is full.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "kafka/handle.h"
#include "kafka/record.h"

struct rd_kafka_message_s;

namespace tessera::kafka {

struct ConsumerOptions {
  std::string brokers;  // "host:port,host:port"
  std::string group_id;
  std::string client_id = "tessera";
  Settings security = {};  // of the connection to the brokers
  int64_t prefetch_bytes_max = 16 << 20;
  size_t paused_records_max = 2'000;  // buffered of one paused partition before the broker is asked to stop
};

// A partition that cannot go on by itself. OutOfRange LOG_TRUNCATED: the log has no record at the wanted offset any
// more (or was made anew); the partition stands still until Seek or Unassign. PermissionDenied NOT_ALLOWED and
// Unavailable: reported each time they are met; the client goes on trying.
struct PartitionError {
  std::string topic;
  int32_t partition = 0;
  absl::Status status;
  int64_t next_offset = 0;  // of the record that would have been next
};

struct Polled {
  std::vector<Record> records;  // all of one partition in a row and in order
  std::vector<PartitionError> errors;
};

struct OffsetRange {
  int64_t low = 0;   // of the oldest record
  int64_t high = 0;  // of the next record to be written
};

struct NextOffset {
  std::string topic;
  int32_t partition = 0;
  int64_t offset = 0;
};

class Consumer {
 public:
  // Does not wait for the broker. InvalidArgument for bad options.
  static absl::StatusOr<std::unique_ptr<Consumer>> Create(ConsumerOptions options);

  ~Consumer();
  Consumer(const Consumer&) = delete;
  Consumer& operator=(const Consumer&) = delete;

  // Starts to read at `next_offset`; one that is assigned already is moved there (and resumed). Of a topic that does
  // not exist nothing is read until it does (Admin::EnsureTopics first).
  absl::Status Assign(const std::string& topic, int32_t partition, int64_t next_offset);

  // Stops reading; nothing of the partition is returned after this. Ok if it is not assigned.
  absl::Status Unassign(const std::string& topic, int32_t partition);

  // The next record returned is the first at or after `next_offset`. FailedPrecondition if not assigned. A paused
  // partition stays paused.
  absl::Status Seek(const std::string& topic, int32_t partition, int64_t next_offset);

  // A paused partition returns no records; Resume goes on where it was. FailedPrecondition if not assigned.
  absl::Status Pause(const std::string& topic, int32_t partition);
  absl::Status Resume(const std::string& topic, int32_t partition);

  // Up to `records_max` records; waits until there is one, an error is to be told, or `timeout` has passed.
  Polled Poll(size_t records_max, absl::Duration timeout);

  // As last told by the broker with the fetched records, without asking it; a number not known yet is -1.
  // FailedPrecondition if not assigned.
  absl::StatusOr<OffsetRange> Watermarks(const std::string& topic, int32_t partition);

  // Asks the broker. Unavailable after `timeout`.
  absl::StatusOr<OffsetRange> QueryWatermarks(const std::string& topic, int32_t partition,
                                              absl::Duration timeout = absl::Seconds(5));

  // Publishes the offsets for monitoring of lag, in one request; returns at once, a failure is nobody's problem.
  void CommitForLag(const std::vector<NextOffset>& offsets);

 private:
  using Key = std::pair<std::string, int32_t>;
  struct Assignment {
    int64_t next_offset = 0;
    bool paused = false;
    bool stopped_at_broker = false;
    std::deque<Record> buffer;  // read ahead while paused
  };

  explicit Consumer(ConsumerOptions options) : options_(std::move(options)) {}

  absl::StatusOr<Assignment*> Find(const std::string& topic, int32_t partition);
  absl::Status StopAtBroker(const Key& key, Assignment& assignment);
  void TakeBuffered(size_t records_max, Polled& polled);
  void Accept(const rd_kafka_message_s& message, Polled& polled);
  void AcceptError(const rd_kafka_message_s& message, Polled& polled);

  const ConsumerOptions options_;
  std::map<Key, Assignment> assignments_;
  size_t buffered_ = 0;  // records in all buffers
  Handle client_;
};

}  // namespace tessera::kafka
