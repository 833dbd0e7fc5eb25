// Inside libs/kafka only: librdkafka client handles, their settings, and its error codes as statuses.
//
// Reasons used by the library (domain "kafka.tessera"): BROKER_UNAVAILABLE, NOT_DELIVERED, TOPIC_UNKNOWN,
// TOPIC_PARTITIONS_DIFFER, MESSAGE_TOO_LARGE, LOG_TRUNCATED, NOT_ALLOWED, KAFKA_ERROR. Metadata "error" has
// librdkafka's name of the error.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "kafka/security.h"

struct rd_kafka_s;
struct rd_kafka_conf_s;
struct rd_kafka_topic_partition_list_s;

namespace tessera::kafka {

struct HandleDeleter {
  void operator()(rd_kafka_s* handle) const;
};
using Handle = std::unique_ptr<rd_kafka_s, HandleDeleter>;

struct PartitionListDeleter {
  void operator()(rd_kafka_topic_partition_list_s* list) const;
};
using PartitionList = std::unique_ptr<rd_kafka_topic_partition_list_s, PartitionListDeleter>;

enum class HandleKind { kProducer, kConsumer };

// Settings shared by all clients: brokers and how to prove oneself to them, client id, short reconnect backoffs,
// bounded socket timeouts.
Settings CommonSettings(std::string_view brokers, std::string_view client_id, const Settings& security = {});

// A client whose log lines go to Log(). `customise` may set callbacks. InvalidArgument for a bad setting.
absl::StatusOr<Handle> NewHandle(HandleKind kind, const Settings& settings,
                                 const std::function<void(rd_kafka_conf_s*)>& customise = nullptr);

// A list of one partition with an offset.
PartitionList OnePartition(const std::string& topic, int32_t partition, int64_t offset);

// An error of this library.
absl::Status KafkaError(absl::StatusCode code, std::string_view message, std::string_view reason,
                        std::map<std::string, std::string> metadata = {});

// `error` is a rd_kafka_resp_err_t other than "no error"; `doing` says what failed ("commit offsets").
absl::Status ToStatus(int error, std::string_view doing);

// Whole milliseconds for librdkafka, from 0 to about 24 days.
int ToMillis(absl::Duration timeout);

}  // namespace tessera::kafka
