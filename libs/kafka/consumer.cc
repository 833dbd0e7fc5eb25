#include "kafka/consumer.h"

#include <librdkafka/rdkafka.h>

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "base/log.h"
#include "base/status.h"

namespace tessera::kafka {
namespace {

constexpr int kSeekTimeoutMillis = 10'000;

struct MessageDeleter {
  void operator()(rd_kafka_message_t* message) const { rd_kafka_message_destroy(message); }
};
using MessagePtr = std::unique_ptr<rd_kafka_message_t, MessageDeleter>;

absl::Status Consume(rd_kafka_error_t* error, std::string_view doing) {
  if (error == nullptr) return absl::OkStatus();
  const absl::Status status = ToStatus(rd_kafka_error_code(error), doing);
  rd_kafka_error_destroy(error);
  return status;
}

Record ToRecord(const rd_kafka_message_t& message) {
  Record record;
  record.topic = rd_kafka_topic_name(message.rkt);
  record.partition = message.partition;
  record.offset = message.offset;
  record.timestamp = absl::FromUnixMillis(rd_kafka_message_timestamp(&message, nullptr));
  if (message.key != nullptr) record.key.emplace(static_cast<const char*>(message.key), message.key_len);
  if (message.payload != nullptr) record.value.emplace(static_cast<const char*>(message.payload), message.len);
  rd_kafka_headers_t* headers = nullptr;
  if (rd_kafka_message_headers(&message, &headers) != RD_KAFKA_RESP_ERR_NO_ERROR) return record;
  record.headers.reserve(rd_kafka_header_cnt(headers));
  const char* name = nullptr;
  const void* value = nullptr;
  size_t size = 0;
  for (size_t i = 0; rd_kafka_header_get_all(headers, i, &name, &value, &size) == RD_KAFKA_RESP_ERR_NO_ERROR; ++i) {
    record.headers.push_back(
        {name, value == nullptr ? std::string() : std::string(static_cast<const char*>(value), size)});
  }
  return record;
}

// Runs of one partition become one run, which is what most polls have already.
void GroupByPartition(std::vector<Record>& records) {
  std::stable_sort(records.begin(), records.end(), [](const Record& a, const Record& b) {
    return a.partition != b.partition ? a.partition < b.partition : a.topic < b.topic;
  });
}

}  // namespace

absl::StatusOr<std::unique_ptr<Consumer>> Consumer::Create(ConsumerOptions options) {
  std::unique_ptr<Consumer> consumer(new Consumer(std::move(options)));
  Settings settings =
      CommonSettings(consumer->options_.brokers, consumer->options_.client_id, consumer->options_.security);
  const Settings ours = {
      {"group.id", consumer->options_.group_id},
      {"enable.auto.commit", "false"},
      {"enable.auto.offset.store", "false"},
      {"auto.offset.reset", "error"},
      {"enable.partition.eof", "false"},
      {"isolation.level", "read_committed"},
      {"check.crcs", "true"},
      {"queued.max.messages.kbytes", absl::StrCat(consumer->options_.prefetch_bytes_max / 1024)},
      {"fetch.message.max.bytes", "1048576"},
      {"fetch.max.bytes", "8388608"},
      // A fetch that waits holds up partitions that are assigned meanwhile; data ends the wait at once anyway.
      {"fetch.wait.max.ms", "100"},
      {"fetch.error.backoff.ms", "100"},
  };
  settings.insert(settings.end(), ours.begin(), ours.end());
  TESSERA_ASSIGN_OR_RETURN(consumer->client_, NewHandle(HandleKind::kConsumer, settings));
  rd_kafka_poll_set_consumer(consumer->client_.get());
  return consumer;
}

Consumer::~Consumer() {
  if (client_) rd_kafka_consumer_close(client_.get());
}

absl::StatusOr<Consumer::Assignment*> Consumer::Find(const std::string& topic, int32_t partition) {
  const auto found = assignments_.find(Key(topic, partition));
  if (found == assignments_.end()) {
    return absl::FailedPreconditionError(absl::StrCat(topic, "/", partition, " is not assigned"));
  }
  return &found->second;
}

absl::Status Consumer::Assign(const std::string& topic, int32_t partition, int64_t next_offset) {
  if (assignments_.contains(Key(topic, partition))) {
    TESSERA_RETURN_IF_ERROR(Seek(topic, partition, next_offset));
    return Resume(topic, partition);
  }
  const PartitionList list = OnePartition(topic, partition, next_offset);
  TESSERA_RETURN_IF_ERROR(Consume(rd_kafka_incremental_assign(client_.get(), list.get()), "assign"));
  assignments_[Key(topic, partition)].next_offset = next_offset;
  return absl::OkStatus();
}

absl::Status Consumer::Unassign(const std::string& topic, int32_t partition) {
  const auto found = assignments_.find(Key(topic, partition));
  if (found == assignments_.end()) return absl::OkStatus();
  const PartitionList list = OnePartition(topic, partition, RD_KAFKA_OFFSET_INVALID);
  // librdkafka remembers that a partition was paused, also over an unassign.
  if (found->second.stopped_at_broker) rd_kafka_resume_partitions(client_.get(), list.get());
  buffered_ -= found->second.buffer.size();
  assignments_.erase(found);
  return Consume(rd_kafka_incremental_unassign(client_.get(), list.get()), "unassign");
}

absl::Status Consumer::Seek(const std::string& topic, int32_t partition, int64_t next_offset) {
  TESSERA_ASSIGN_OR_RETURN(Assignment* const assignment, Find(topic, partition));
  buffered_ -= assignment->buffer.size();
  assignment->buffer.clear();
  assignment->next_offset = next_offset;
  const PartitionList list = OnePartition(topic, partition, next_offset);
  const absl::Status sought = Consume(rd_kafka_seek_partitions(client_.get(), list.get(), kSeekTimeoutMillis), "seek");
  if (sought.ok() && list->elems[0].err == RD_KAFKA_RESP_ERR_NO_ERROR) return absl::OkStatus();
  // A partition without a leader cannot be sought in, but it can be assigned anew.
  const bool paused = assignment->paused;
  TESSERA_RETURN_IF_ERROR(Unassign(topic, partition));
  TESSERA_RETURN_IF_ERROR(Assign(topic, partition, next_offset));
  assignments_[Key(topic, partition)].paused = paused;
  return absl::OkStatus();
}

absl::Status Consumer::Pause(const std::string& topic, int32_t partition) {
  TESSERA_ASSIGN_OR_RETURN(Assignment* const assignment, Find(topic, partition));
  assignment->paused = true;
  return absl::OkStatus();
}

absl::Status Consumer::Resume(const std::string& topic, int32_t partition) {
  TESSERA_ASSIGN_OR_RETURN(Assignment* const assignment, Find(topic, partition));
  assignment->paused = false;
  if (!assignment->stopped_at_broker) return absl::OkStatus();
  assignment->stopped_at_broker = false;
  const PartitionList list = OnePartition(topic, partition, RD_KAFKA_OFFSET_INVALID);
  const rd_kafka_resp_err_t error = rd_kafka_resume_partitions(client_.get(), list.get());
  return error == RD_KAFKA_RESP_ERR_NO_ERROR ? absl::OkStatus() : ToStatus(error, "resume");
}

absl::Status Consumer::StopAtBroker(const Key& key, Assignment& assignment) {
  assignment.stopped_at_broker = true;
  const PartitionList list = OnePartition(key.first, key.second, RD_KAFKA_OFFSET_INVALID);
  const rd_kafka_resp_err_t error = rd_kafka_pause_partitions(client_.get(), list.get());
  return error == RD_KAFKA_RESP_ERR_NO_ERROR ? absl::OkStatus() : ToStatus(error, "pause");
}

Polled Consumer::Poll(size_t records_max, absl::Duration timeout) {
  Polled polled;
  if (buffered_ > 0) TakeBuffered(records_max, polled);
  const absl::Time deadline = absl::Now() + timeout;
  while (polled.records.size() < records_max) {
    const bool has_some = !polled.records.empty() || !polled.errors.empty();
    const int wait_millis = has_some ? 0 : ToMillis(deadline - absl::Now());
    const MessagePtr message(rd_kafka_consumer_poll(client_.get(), wait_millis));
    if (message == nullptr) {
      if (has_some || absl::Now() >= deadline) break;
      continue;
    }
    if (message->err != RD_KAFKA_RESP_ERR_NO_ERROR) {
      AcceptError(*message, polled);
    } else {
      Accept(*message, polled);
    }
  }
  GroupByPartition(polled.records);
  return polled;
}

void Consumer::TakeBuffered(size_t records_max, Polled& polled) {
  for (auto& [key, assignment] : assignments_) {
    if (assignment.paused) continue;
    while (!assignment.buffer.empty() && polled.records.size() < records_max) {
      polled.records.push_back(std::move(assignment.buffer.front()));
      assignment.buffer.pop_front();
      --buffered_;
    }
  }
}

void Consumer::Accept(const rd_kafka_message_t& message, Polled& polled) {
  const auto found = assignments_.find(Key(rd_kafka_topic_name(message.rkt), message.partition));
  if (found == assignments_.end()) return;  // Read ahead before an Unassign.
  Assignment& assignment = found->second;
  if (message.offset < assignment.next_offset) return;  // Read ahead before a Seek.
  assignment.next_offset = message.offset + 1;
  if (!assignment.paused) {
    polled.records.push_back(ToRecord(message));
    return;
  }
  assignment.buffer.push_back(ToRecord(message));
  ++buffered_;
  if (assignment.buffer.size() < options_.paused_records_max || assignment.stopped_at_broker) return;
  const absl::Status status = StopAtBroker(found->first, assignment);
  if (!status.ok()) polled.errors.push_back({found->first.first, found->first.second, status, assignment.next_offset});
}

void Consumer::AcceptError(const rd_kafka_message_t& message, Polled& polled) {
  if (message.rkt == nullptr) return;  // Of the client as a whole: logged by its error callback, repaired by itself.
  const std::string topic = rd_kafka_topic_name(message.rkt);
  const auto found = assignments_.find(Key(topic, message.partition));
  if (found == assignments_.end()) return;
  absl::Status status = ToStatus(message.err, absl::StrCat("read ", topic, "/", message.partition));
  if (message.err == RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET) {
    std::map<std::string, std::string> facts = {{"topic", topic},
                                                {"partition", absl::StrCat(message.partition)},
                                                {"offset", absl::StrCat(found->second.next_offset)}};
    if (const auto range = QueryWatermarks(topic, message.partition); range.ok()) {
      facts["low"] = absl::StrCat(range->low);
      facts["high"] = absl::StrCat(range->high);
    }
    status = KafkaError(absl::StatusCode::kOutOfRange,
                        absl::StrCat(topic, "/", message.partition, " has no offset ", found->second.next_offset),
                        "LOG_TRUNCATED", std::move(facts));
  }
  polled.errors.push_back({topic, message.partition, std::move(status), found->second.next_offset});
}

absl::StatusOr<OffsetRange> Consumer::Watermarks(const std::string& topic, int32_t partition) {
  TESSERA_RETURN_IF_ERROR(Find(topic, partition).status());
  OffsetRange range;
  const auto error = rd_kafka_get_watermark_offsets(client_.get(), topic.c_str(), partition, &range.low, &range.high);
  if (error != RD_KAFKA_RESP_ERR_NO_ERROR) return ToStatus(error, "watermarks");
  range.low = std::max<int64_t>(range.low, -1);
  range.high = std::max<int64_t>(range.high, -1);
  return range;
}

absl::StatusOr<OffsetRange> Consumer::QueryWatermarks(const std::string& topic, int32_t partition,
                                                      absl::Duration timeout) {
  OffsetRange range;
  const auto error = rd_kafka_query_watermark_offsets(client_.get(), topic.c_str(), partition, &range.low, &range.high,
                                                      ToMillis(timeout));
  if (error != RD_KAFKA_RESP_ERR_NO_ERROR) return ToStatus(error, "query watermarks");
  return range;
}

void Consumer::CommitForLag(const std::vector<NextOffset>& offsets) {
  if (offsets.empty()) return;
  const PartitionList list(rd_kafka_topic_partition_list_new(static_cast<int>(offsets.size())));
  for (const NextOffset& next : offsets) {
    rd_kafka_topic_partition_list_add(list.get(), next.topic.c_str(), next.partition)->offset = next.offset;
  }
  rd_kafka_commit(client_.get(), list.get(), /*async=*/1);
}

}  // namespace tessera::kafka
