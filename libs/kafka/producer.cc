#include "kafka/producer.h"

#include <librdkafka/rdkafka.h>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "base/log.h"
#include "base/status.h"
#include "base/strings.h"
#include "base/thread.h"

namespace tessera::kafka {
namespace {

constexpr absl::Duration kPollInterval = absl::Milliseconds(100);
constexpr absl::Duration kPurgeTimeout = absl::Seconds(2);
constexpr int64_t kMessageOverhead = 64;  // so that empty messages count, too

int64_t SizeOf(const Message& message) {
  size_t size = kMessageOverhead + message.topic.size();
  if (message.key) size += message.key->size();
  if (message.value) size += message.value->size();
  for (const Header& header : message.headers) size += header.name.size() + header.value.size();
  return static_cast<int64_t>(size);
}

absl::Status NotDelivered(std::string_view why) {
  return KafkaError(absl::StatusCode::kUnavailable, why, "NOT_DELIVERED");
}

// Why a message that was handed over did not arrive. Whatever may be cured by repeating is NOT_DELIVERED.
absl::Status DeliveryError(rd_kafka_resp_err_t error, const char* topic) {
  absl::Status status = ToStatus(error, absl::StrCat("deliver to ", topic));
  if (status.code() != absl::StatusCode::kUnavailable) return status;
  return KafkaError(status.code(), ToStd(status.message()), "NOT_DELIVERED", {{"error", rd_kafka_err2name(error)}});
}

bool IsTopicUnknown(int error) {
  return error == RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC || error == RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION ||
         error == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART;
}

// Hands a copy of the message to librdkafka.
rd_kafka_resp_err_t Enqueue(rd_kafka_t* client, const Message& message, void* opaque) {
  rd_kafka_headers_t* headers = rd_kafka_headers_new(message.headers.size());
  for (const Header& header : message.headers) {
    rd_kafka_header_add(headers, header.name.data(), static_cast<ssize_t>(header.name.size()), header.value.data(),
                        static_cast<ssize_t>(header.value.size()));
  }
  void* const value = message.value ? const_cast<char*>(message.value->data()) : nullptr;
  const void* const key = message.key ? message.key->data() : nullptr;
  const size_t value_size = message.value ? message.value->size() : 0;
  const size_t key_size = message.key ? message.key->size() : 0;
  // clang-format off
  const rd_kafka_resp_err_t error = rd_kafka_producev(
      client,
      RD_KAFKA_V_TOPIC(message.topic.c_str()),
      RD_KAFKA_V_PARTITION(message.partition),
      RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY),
      RD_KAFKA_V_KEY(key, key_size),
      RD_KAFKA_V_VALUE(value, value_size),
      RD_KAFKA_V_HEADERS(headers),
      RD_KAFKA_V_OPAQUE(opaque),
      RD_KAFKA_V_END);
  // clang-format on
  if (error != RD_KAFKA_RESP_ERR_NO_ERROR) rd_kafka_headers_destroy(headers);  // Otherwise owned by the message.
  return error;
}

}  // namespace

absl::StatusOr<std::unique_ptr<Producer>> Producer::Create(ProducerOptions options) {
  std::unique_ptr<Producer> producer(new Producer(std::move(options)));
  TESSERA_ASSIGN_OR_RETURN(producer->client_, producer->NewClient());
  producer->thread_ = StartThread("kafka_producer", [self = producer.get()] { self->Run(); });
  return producer;
}

Producer::~Producer() {
  {
    absl::MutexLock lock(&mutex_);
    stopping_ = true;
  }
  if (thread_.joinable()) thread_.join();
  client_.reset();
  FailAll(absl::CancelledError("the producer was destroyed"));
  CallDone();
}

absl::StatusOr<Handle> Producer::NewClient() {
  Settings settings = CommonSettings(options_.brokers, options_.client_id, options_.security);
  const Settings ours = {
      {"enable.idempotence", "true"},
      {"enable.gapless.guarantee", "true"},
      {"acks", "all"},
      {"compression.codec", "lz4"},
      {"linger.ms", "0"},
      {"message.timeout.ms", "0"},
      {"request.timeout.ms", "10000"},
      {"retry.backoff.ms", "100"},
      {"topic.metadata.propagation.max.ms", "10000"},  // then a topic counts as unknown
      {"message.max.bytes", absl::StrCat(options_.message_bytes_max + 16 * 1024)},
      // The bounds are ours; librdkafka's must only never be the tighter ones.
      {"queue.buffering.max.messages", absl::StrCat(options_.outstanding_messages_max + 1000)},
      {"queue.buffering.max.kbytes", absl::StrCat(2 * options_.outstanding_bytes_max / 1024 + 1024)},
  };
  settings.insert(settings.end(), ours.begin(), ours.end());
  return NewHandle(HandleKind::kProducer, settings, [this](rd_kafka_conf_t* conf) {
    rd_kafka_conf_set_opaque(conf, this);
    rd_kafka_conf_set_dr_msg_cb(conf, &Producer::OnDelivery);
  });
}

absl::Status Producer::Produce(const Message& message, Done done) {
  return ProduceBatch(absl::MakeConstSpan(&message, 1), std::move(done));
}

absl::StatusOr<std::list<Producer::Delivery>::iterator> Producer::Admit(absl::Span<const Message> messages, Done done) {
  const auto count = static_cast<int64_t>(messages.size());
  int64_t bytes = 0;
  for (const Message& message : messages) {
    const int64_t size = SizeOf(message);
    if (size > options_.message_bytes_max) {
      return KafkaError(absl::StatusCode::kInvalidArgument, absl::StrCat("a message of ", size, " bytes"),
                        "MESSAGE_TOO_LARGE", {{"topic", message.topic}});
    }
    bytes += size;
  }
  if (count > options_.outstanding_messages_max || bytes > options_.outstanding_bytes_max) {
    return absl::InvalidArgumentError("the batch is larger than the producer's bounds");
  }
  absl::MutexLock lock(&mutex_);
  if (messages_ + count > options_.outstanding_messages_max || bytes_ + bytes > options_.outstanding_bytes_max) {
    return Overloaded("too many messages are on their way to Kafka", absl::Milliseconds(10));
  }
  messages_ += count;
  bytes_ += bytes;
  const auto delivery = outstanding_.insert(outstanding_.end(), Delivery());
  delivery->deadline = absl::Now() + options_.delivery_timeout;
  delivery->messages = count;
  delivery->bytes = bytes;
  delivery->remaining = count + 1;  // One more until all have been handed over.
  delivery->done = std::move(done);
  delivery->self = delivery;
  return delivery;
}

absl::Status Producer::ProduceBatch(absl::Span<const Message> messages, Done done) {
  absl::MutexLock client_lock(&client_mutex_);
  if (!client_) return NotDelivered("the producer is being made again");
  TESSERA_ASSIGN_OR_RETURN(const auto delivery, Admit(messages, std::move(done)));
  int64_t taken = 0;
  absl::Status status;
  for (const Message& message : messages) {
    const rd_kafka_resp_err_t error = Enqueue(client_.get(), message, &*delivery);
    if (error != RD_KAFKA_RESP_ERR_NO_ERROR) {
      status = ToStatus(error, absl::StrCat("produce to ", message.topic, "/", message.partition));
      break;
    }
    ++taken;
  }
  absl::MutexLock lock(&mutex_);
  Settle(*delivery, delivery->messages - taken + 1, status);
  return absl::OkStatus();
}

absl::Status Producer::ProduceAndWait(absl::Span<const Message> messages, absl::Duration timeout) {
  struct Wait {
    absl::Mutex mutex;
    bool finished = false;
    absl::Status status;
  };
  const auto wait = std::make_shared<Wait>();  // Shared, because the answer may come after the timeout.
  TESSERA_RETURN_IF_ERROR(ProduceBatch(messages, [wait](absl::Status status) {
    absl::MutexLock lock(&wait->mutex);
    wait->status = std::move(status);
    wait->finished = true;
  }));
  absl::MutexLock lock(&wait->mutex);
  if (!wait->mutex.AwaitWithTimeout(absl::Condition(&wait->finished), timeout)) {
    return NotDelivered("no acknowledgement in time");
  }
  return wait->status;
}

absl::Status Producer::Flush(absl::Duration timeout) {
  absl::MutexLock lock(&mutex_);
  const auto idle = [this]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    return messages_ == 0 && settled_.empty() && calls_to_done_ == 0;
  };
  if (mutex_.AwaitWithTimeout(absl::Condition(&idle), timeout)) return absl::OkStatus();
  return NotDelivered("messages are still on their way");
}

int64_t Producer::outstanding_messages() const {
  absl::MutexLock lock(&mutex_);
  return messages_;
}

// Called with mutex_ held.
void Producer::Settle(Delivery& delivery, int64_t messages, const absl::Status& status) {
  if (delivery.status.ok()) delivery.status = status;
  delivery.remaining -= messages;
  if (delivery.remaining > 0) return;
  messages_ -= delivery.messages;
  bytes_ -= delivery.bytes;
  settled_.splice(settled_.end(), outstanding_, delivery.self);
}

void Producer::OnDelivery(rd_kafka_t*, const rd_kafka_message_t* message, void* producer) {
  auto* const self = static_cast<Producer*>(producer);
  auto* const delivery = static_cast<Delivery*>(message->_private);
  absl::Status status;
  if (message->err != RD_KAFKA_RESP_ERR_NO_ERROR) {
    status = DeliveryError(message->err, rd_kafka_topic_name(message->rkt));
  }
  absl::MutexLock lock(&self->mutex_);
  // A message for a topic that does not exist was never sent: nothing can overtake it, the others may go on.
  if (!status.ok() && !IsTopicUnknown(message->err)) self->failed_ = true;
  self->Settle(*delivery, 1, status);
}

void Producer::Run() {
  while (true) {
    {
      absl::MutexLock lock(&mutex_);
      if (stopping_) return;
    }
    // Only this thread replaces the client, so that it may use it without the lock.
    rd_kafka_t* const client = client_.get();
    if (client != nullptr) rd_kafka_poll(client, ToMillis(kPollInterval));
    if (client == nullptr || MustReplaceClient()) ReplaceClient();
    CallDone();
  }
}

bool Producer::MustReplaceClient() {
  char text[256];
  const rd_kafka_resp_err_t fatal = rd_kafka_fatal_error(client_.get(), text, sizeof(text));
  if (fatal != RD_KAFKA_RESP_ERR_NO_ERROR) {
    LogError("kafka producer: fatal error", {{"error", rd_kafka_err2name(fatal)}, {"text", text}});
    return true;
  }
  absl::MutexLock lock(&mutex_);
  return failed_ || (!outstanding_.empty() && outstanding_.front().deadline < absl::Now());
}

void Producer::ReplaceClient() {
  absl::MutexLock client_lock(&client_mutex_);
  if (client_) {
    rd_kafka_purge(client_.get(), RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
    const absl::Time deadline = absl::Now() + kPurgeTimeout;
    while (rd_kafka_outq_len(client_.get()) > 0 && absl::Now() < deadline) rd_kafka_poll(client_.get(), 10);
    client_.reset();  // From here on nothing refers to a delivery any more.
  }
  FailAll(NotDelivered("not acknowledged; the producer was made again"));
  absl::StatusOr<Handle> client = NewClient();
  if (!client.ok()) {
    LogError("kafka producer: cannot be made again", {{"error", ToStd(client.status().message())}});
    return;
  }
  client_ = std::move(*client);
  LogWarning("kafka producer: made again after a failed delivery");
}

void Producer::FailAll(const absl::Status& status) {
  absl::MutexLock lock(&mutex_);
  failed_ = false;
  while (!outstanding_.empty()) Settle(outstanding_.front(), outstanding_.front().remaining, status);
}

void Producer::CallDone() {
  std::list<Delivery> settled;
  {
    absl::MutexLock lock(&mutex_);
    settled.swap(settled_);
    calls_to_done_ = static_cast<int64_t>(settled.size());
  }
  for (Delivery& delivery : settled) {
    if (delivery.done) delivery.done(std::move(delivery.status));
  }
  absl::MutexLock lock(&mutex_);
  calls_to_done_ = 0;
}

}  // namespace tessera::kafka
