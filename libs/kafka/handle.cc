#include "kafka/handle.h"

#include <librdkafka/rdkafka.h>

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "base/log.h"
#include "base/status.h"
#include "base/strings.h"

namespace tessera::kafka {
namespace {

void OnLog(const rd_kafka_t*, int level, const char* facility, const char* text) {
  // The one setting of ours that it calls experimental; what it guards against is real (producer.h).
  if (std::string_view(text).find("enable.gapless.guarantee is experimental") != std::string_view::npos) return;
  // Syslog levels; "error" (3) is mostly a broker that is away for a moment.
  const LogLevel ours = level <= 2 ? LogLevel::kError : level <= 4 ? LogLevel::kWarning : LogLevel::kInfo;
  Log(ours, "kafka client", {{"facility", facility}, {"text", text}});
}

// Connection troubles are repaired by librdkafka itself; they are for the log only, where each has its line already.
void OnError(rd_kafka_t*, int error, const char* text, void*) {
  if (error == RD_KAFKA_RESP_ERR__TRANSPORT) return;
  LogWarning("kafka client error",
             {{"error", rd_kafka_err2name(static_cast<rd_kafka_resp_err_t>(error))}, {"text", text}});
}

struct Meaning {
  absl::StatusCode code;
  const char* reason;
};

Meaning MeaningOf(rd_kafka_resp_err_t error) {
  switch (error) {
    case RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC:
    case RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION:
    case RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART:
      return {absl::StatusCode::kFailedPrecondition, "TOPIC_UNKNOWN"};
    case RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE:
    case RD_KAFKA_RESP_ERR_RECORD_LIST_TOO_LARGE:
      return {absl::StatusCode::kInvalidArgument, "MESSAGE_TOO_LARGE"};
    case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED:
      return {absl::StatusCode::kPermissionDenied, "NOT_ALLOWED"};
    case RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET:
    case RD_KAFKA_RESP_ERR_OFFSET_OUT_OF_RANGE:
      return {absl::StatusCode::kOutOfRange, "LOG_TRUNCATED"};
    case RD_KAFKA_RESP_ERR__MSG_TIMED_OUT:
    case RD_KAFKA_RESP_ERR__PURGE_QUEUE:
    case RD_KAFKA_RESP_ERR__PURGE_INFLIGHT:
    case RD_KAFKA_RESP_ERR__FATAL:
    case RD_KAFKA_RESP_ERR__GAPLESS_GUARANTEE:
      return {absl::StatusCode::kUnavailable, "NOT_DELIVERED"};
    case RD_KAFKA_RESP_ERR__INVALID_ARG:
      return {absl::StatusCode::kInvalidArgument, "KAFKA_ERROR"};
    case RD_KAFKA_RESP_ERR__TRANSPORT:
    case RD_KAFKA_RESP_ERR__TIMED_OUT:
    case RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN:
    case RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE:
    case RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION:
    case RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT:
      return {absl::StatusCode::kUnavailable, "BROKER_UNAVAILABLE"};
    default:  // Some two hundred codes, most of them of features that are not used.
      return {absl::StatusCode::kUnavailable, "KAFKA_ERROR"};
  }
}

struct ConfDeleter {
  void operator()(rd_kafka_conf_t* conf) const { rd_kafka_conf_destroy(conf); }
};

}  // namespace

void HandleDeleter::operator()(rd_kafka_s* handle) const { rd_kafka_destroy(handle); }

void PartitionListDeleter::operator()(rd_kafka_topic_partition_list_s* list) const {
  rd_kafka_topic_partition_list_destroy(list);
}

Settings CommonSettings(std::string_view brokers, std::string_view client_id, const Settings& security) {
  Settings settings = {
      {"bootstrap.servers", std::string(brokers)},
      {"client.id", std::string(client_id)},
      {"broker.address.family", "any"},
      // A TLS listener closes the connection of one that speaks plain text: else nobody would be told.
      {"log.connection.close", "true"},
      // A broker that restarts is found again within a second.
      {"reconnect.backoff.ms", "50"},
      {"reconnect.backoff.max.ms", "1000"},
      {"socket.timeout.ms", "15000"},
      {"socket.connection.setup.timeout.ms", "5000"},
      {"socket.keepalive.enable", "true"},
      {"socket.nagle.disable", "true"},
      {"topic.metadata.refresh.fast.interval.ms", "100"},
  };
  settings.insert(settings.end(), security.begin(), security.end());
  return settings;
}

absl::StatusOr<Handle> NewHandle(HandleKind kind, const Settings& settings,
                                 const std::function<void(rd_kafka_conf_s*)>& customise) {
  char error[512];
  std::unique_ptr<rd_kafka_conf_t, ConfDeleter> conf(rd_kafka_conf_new());
  for (const auto& [name, value] : settings) {
    if (rd_kafka_conf_set(conf.get(), name.c_str(), value.c_str(), error, sizeof(error)) != RD_KAFKA_CONF_OK) {
      return absl::InvalidArgumentError(absl::StrCat("kafka setting ", name, ": ", error));
    }
  }
  rd_kafka_conf_set_log_cb(conf.get(), OnLog);
  rd_kafka_conf_set_error_cb(conf.get(), OnError);
  if (customise) customise(conf.get());
  const auto type = kind == HandleKind::kProducer ? RD_KAFKA_PRODUCER : RD_KAFKA_CONSUMER;
  Handle handle(rd_kafka_new(type, conf.get(), error, sizeof(error)));
  if (!handle) return absl::InvalidArgumentError(absl::StrCat("kafka client: ", error));
  (void)conf.release();  // The handle owns it now.
  return handle;
}

PartitionList OnePartition(const std::string& topic, int32_t partition, int64_t offset) {
  PartitionList list(rd_kafka_topic_partition_list_new(1));
  rd_kafka_topic_partition_list_add(list.get(), topic.c_str(), partition)->offset = offset;
  return list;
}

absl::Status KafkaError(absl::StatusCode code, std::string_view message, std::string_view reason,
                        std::map<std::string, std::string> metadata) {
  return MakeError(code, message, {std::string(reason), "kafka.tessera", std::move(metadata)});
}

absl::Status ToStatus(int error, std::string_view doing) {
  const auto code = static_cast<rd_kafka_resp_err_t>(error);
  const Meaning meaning = MeaningOf(code);
  return KafkaError(meaning.code, absl::StrCat(ToAbsl(doing), ": ", rd_kafka_err2str(code)), meaning.reason,
                    {{"error", rd_kafka_err2name(code)}});
}

int ToMillis(absl::Duration timeout) {
  return static_cast<int>(std::clamp<int64_t>(absl::ToInt64Milliseconds(timeout), 0, 2'000'000'000));
}

}  // namespace tessera::kafka
