#include "kafka/admin.h"

#include <librdkafka/rdkafka.h>

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "base/status.h"

namespace tessera::kafka {
namespace {

constexpr absl::Duration kLeaderPause = absl::Milliseconds(20);  // Metadata cannot be waited for, only asked for.

template <class T, void (*Destroy)(T*)>
struct Destroyer {
  void operator()(T* object) const { Destroy(object); }
};
using Queue = std::unique_ptr<rd_kafka_queue_t, Destroyer<rd_kafka_queue_t, rd_kafka_queue_destroy>>;
using Event = std::unique_ptr<rd_kafka_event_t, Destroyer<rd_kafka_event_t, rd_kafka_event_destroy>>;
using NewTopic = std::unique_ptr<rd_kafka_NewTopic_t, Destroyer<rd_kafka_NewTopic_t, rd_kafka_NewTopic_destroy>>;
using AdminOptions =
    std::unique_ptr<rd_kafka_AdminOptions_t, Destroyer<rd_kafka_AdminOptions_t, rd_kafka_AdminOptions_destroy>>;

constexpr int kReplicasByBroker = -1;
constexpr size_t kErrorBytes = 512;

absl::StatusOr<NewTopic> Describe(const TopicSpec& spec) {
  char error[kErrorBytes];
  NewTopic topic(rd_kafka_NewTopic_new(spec.name.c_str(), spec.partitions, kReplicasByBroker, error, sizeof(error)));
  if (!topic) return absl::InvalidArgumentError(absl::StrCat("topic ", spec.name, ": ", error));
  const std::string retention_ms =
      spec.retention == absl::InfiniteDuration() ? "-1" : absl::StrCat(absl::ToInt64Milliseconds(spec.retention));
  rd_kafka_NewTopic_set_config(topic.get(), "retention.ms", retention_ms.c_str());
  rd_kafka_NewTopic_set_config(topic.get(), "retention.bytes", "-1");
  rd_kafka_NewTopic_set_config(topic.get(), "cleanup.policy", "delete");
  rd_kafka_NewTopic_set_config(topic.get(), "max.message.bytes", absl::StrCat(spec.max_message_bytes).c_str());
  return topic;
}

absl::Status ErrorOf(rd_kafka_event_t* event) {
  if (rd_kafka_event_error(event) != RD_KAFKA_RESP_ERR_NO_ERROR) {
    return ToStatus(rd_kafka_event_error(event), "create topics");
  }
  size_t count = 0;
  const rd_kafka_topic_result_t** results =
      rd_kafka_CreateTopics_result_topics(rd_kafka_event_CreateTopics_result(event), &count);
  for (size_t i = 0; i < count; ++i) {
    const rd_kafka_resp_err_t error = rd_kafka_topic_result_error(results[i]);
    if (error == RD_KAFKA_RESP_ERR_NO_ERROR || error == RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS) continue;
    return ToStatus(error, absl::StrCat("create topic ", rd_kafka_topic_result_name(results[i])));
  }
  return absl::OkStatus();
}

// Asks again while the broker is away: some errors of a connection are told at once, not when the time has passed.
template <class Ask>
auto UntilAvailable(absl::Duration timeout, const Ask& ask) {
  const absl::Time deadline = absl::Now() + timeout;
  for (;;) {
    auto answer = ask(std::max(deadline - absl::Now(), absl::Milliseconds(1)));
    if (!absl::IsUnavailable(answer.status()) || absl::Now() + kLeaderPause > deadline) return answer;
    absl::SleepFor(kLeaderPause);
  }
}

}  // namespace

absl::StatusOr<std::unique_ptr<Admin>> Admin::Create(const std::string& brokers, const Settings& security) {
  TESSERA_ASSIGN_OR_RETURN(Handle handle,
                           NewHandle(HandleKind::kProducer, CommonSettings(brokers, "tessera-admin", security)));
  return std::unique_ptr<Admin>(new Admin(std::move(handle)));
}

absl::StatusOr<std::map<std::string, Admin::TopicState>> Admin::Topics(absl::Duration timeout) {
  const rd_kafka_metadata_t* raw = nullptr;
  const auto error = rd_kafka_metadata(handle_.get(), /*all_topics=*/1, nullptr, &raw, ToMillis(timeout));
  if (error != RD_KAFKA_RESP_ERR_NO_ERROR) return ToStatus(error, "list topics");
  const std::unique_ptr<const rd_kafka_metadata_t, void (*)(const rd_kafka_metadata_t*)> metadata(
      raw, [](const rd_kafka_metadata_t* m) { rd_kafka_metadata_destroy(m); });
  std::map<std::string, TopicState> topics;
  for (int i = 0; i < metadata->topic_cnt; ++i) {
    const rd_kafka_metadata_topic_t& topic = metadata->topics[i];
    TopicState& state = topics[topic.topic];
    state.partitions = topic.partition_cnt;
    state.has_leaders = topic.partition_cnt > 0;
    for (int p = 0; p < topic.partition_cnt; ++p) state.has_leaders &= topic.partitions[p].leader >= 0;
  }
  return topics;
}

absl::Status Admin::CreateTopics(const std::vector<TopicSpec>& specs, absl::Duration timeout) {
  std::vector<NewTopic> owned;
  std::vector<rd_kafka_NewTopic_t*> topics;
  for (const TopicSpec& spec : specs) {
    TESSERA_ASSIGN_OR_RETURN(NewTopic topic, Describe(spec));
    topics.push_back(topic.get());
    owned.push_back(std::move(topic));
  }
  char error[kErrorBytes];
  const AdminOptions options(rd_kafka_AdminOptions_new(handle_.get(), RD_KAFKA_ADMIN_OP_CREATETOPICS));
  rd_kafka_AdminOptions_set_request_timeout(options.get(), ToMillis(timeout), error, sizeof(error));
  const Queue queue(rd_kafka_queue_new(handle_.get()));
  rd_kafka_CreateTopics(handle_.get(), topics.data(), topics.size(), options.get(), queue.get());
  const Event event(rd_kafka_queue_poll(queue.get(), ToMillis(timeout) + 1000));
  if (!event) return ToStatus(RD_KAFKA_RESP_ERR__TIMED_OUT, "create topics");
  return ErrorOf(event.get());
}

absl::Status Admin::AwaitLeaders(const std::vector<TopicSpec>& specs, absl::Time deadline) {
  while (true) {
    TESSERA_ASSIGN_OR_RETURN(const auto topics, Topics(deadline - absl::Now()));
    bool ready = true;
    for (const TopicSpec& spec : specs) {
      const auto topic = topics.find(spec.name);
      if (topic == topics.end() || !topic->second.has_leaders) {
        ready = false;
      } else if (topic->second.partitions != spec.partitions) {
        return KafkaError(
            absl::StatusCode::kFailedPrecondition,
            absl::StrCat("topic ", spec.name, " has ", topic->second.partitions, " partitions, not ", spec.partitions),
            "TOPIC_PARTITIONS_DIFFER", {{"topic", spec.name}});
      }
    }
    if (ready) return absl::OkStatus();
    if (absl::Now() >= deadline) return ToStatus(RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE, "wait for topics");
    absl::SleepFor(kLeaderPause);
  }
}

absl::Status Admin::EnsureTopics(const std::vector<TopicSpec>& specs, absl::Duration timeout) {
  const absl::Time deadline = absl::Now() + timeout;
  TESSERA_ASSIGN_OR_RETURN(const auto topics, Topics(timeout));
  std::vector<TopicSpec> missing, existing;
  for (const TopicSpec& spec : specs) (topics.contains(spec.name) ? existing : missing).push_back(spec);
  TESSERA_RETURN_IF_ERROR(AwaitLeaders(existing, deadline));
  if (missing.empty()) return absl::OkStatus();
  TESSERA_RETURN_IF_ERROR(CreateTopics(missing, deadline - absl::Now()));
  return AwaitLeaders(missing, deadline);
}

absl::StatusOr<int32_t> Admin::PartitionCount(const std::string& topic, absl::Duration timeout) {
  TESSERA_ASSIGN_OR_RETURN(const auto topics, UntilAvailable(timeout, [this](auto left) { return Topics(left); }));
  const auto found = topics.find(topic);
  if (found == topics.end()) return ToStatus(RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART, topic);
  return found->second.partitions;
}

// A partition whose leader is just coming into being or moving answers only a moment later.
absl::StatusOr<std::vector<int64_t>> Admin::EndOffsets(const std::string& topic, absl::Duration timeout) {
  return UntilAvailable(timeout, [&](auto left) { return EndOffsetsNow(topic, left); });
}

absl::StatusOr<std::vector<int64_t>> Admin::EndOffsetsNow(const std::string& topic, absl::Duration timeout) {
  TESSERA_ASSIGN_OR_RETURN(const int32_t partitions, PartitionCount(topic, timeout));
  const PartitionList list(rd_kafka_topic_partition_list_new(partitions));
  for (int32_t partition = 0; partition < partitions; ++partition) {
    // As a "time", this asks for the end.
    rd_kafka_topic_partition_list_add(list.get(), topic.c_str(), partition)->offset = RD_KAFKA_OFFSET_END;
  }
  const auto error = rd_kafka_offsets_for_times(handle_.get(), list.get(), ToMillis(timeout));
  if (error != RD_KAFKA_RESP_ERR_NO_ERROR) return ToStatus(error, "find the end of " + topic);
  std::vector<int64_t> ends;
  for (int32_t partition = 0; partition < partitions; ++partition) {
    const rd_kafka_topic_partition_t& element =
        *rd_kafka_topic_partition_list_find(list.get(), topic.c_str(), partition);
    if (element.err != RD_KAFKA_RESP_ERR_NO_ERROR) return ToStatus(element.err, "find the end of " + topic);
    ends.push_back(element.offset);
  }
  return ends;
}

}  // namespace tessera::kafka
