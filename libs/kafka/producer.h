// Writes records to explicit partitions, exactly once per accepted message as far as one producer id reaches.
// Thread-safe.
//
// What the broker holds after a failure: of the messages given for one partition, a prefix. One failed message fails
// every message that is outstanding, the client is thrown away and made again (with a new producer id), so nothing that
// came later can overtake it. A caller that repeats from the first message that was not acknowledged may therefore
// write duplicates, but never a gap and never another order. (librdkafka's own message timeout can leave a gap, so it
// is switched off; this class measures the time itself.) A caller that keeps several calls in flight to one partition
// must stop at the first error and repeat from there.
#pragma once

#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "kafka/handle.h"
#include "kafka/record.h"

struct rd_kafka_message_s;

namespace tessera::kafka {

struct ProducerOptions {
  std::string brokers;  // "host:port,host:port"
  std::string client_id = "tessera";
  Settings security = {};  // of the connection to the brokers
  absl::Duration delivery_timeout = absl::Seconds(30);
  int64_t outstanding_messages_max = 50'000;
  int64_t outstanding_bytes_max = 64 << 20;
  int32_t message_bytes_max = 1 << 20;  // key, headers and value of one message
};

class Producer {
 public:
  // Called once, on the producer's own thread, without any lock held; must not block. Ok: the broker has all of it.
  // Unavailable NOT_DELIVERED: unknown, perhaps written; repeat. FailedPrecondition TOPIC_UNKNOWN, InvalidArgument
  // MESSAGE_TOO_LARGE, PermissionDenied NOT_ALLOWED: do not repeat. Cancelled: the producer was destroyed.
  using Done = std::function<void(absl::Status)>;

  // Does not wait for the broker. InvalidArgument for bad options.
  static absl::StatusOr<std::unique_ptr<Producer>> Create(ProducerOptions options);

  // Sends nothing more; what is outstanding ends with Cancelled.
  ~Producer();
  Producer(const Producer&) = delete;
  Producer& operator=(const Producer&) = delete;

  // Takes the message or refuses it; never blocks. Refusals, after which `done` is not called: ResourceExhausted if the
  // bounds on outstanding messages or bytes are reached (repeat after a `done`), InvalidArgument MESSAGE_TOO_LARGE,
  // Unavailable while the client is being made again.
  absl::Status Produce(const Message& message, Done done);

  // All of the messages or none are taken; `done` gets ok if all were written, otherwise the first error.
  // InvalidArgument also for a batch that is larger than the bounds allow at all. Batches of different threads do not
  // interleave.
  absl::Status ProduceBatch(absl::Span<const Message> messages, Done done);

  // ProduceBatch that waits. Unavailable after `timeout`: some or all may still be written later.
  absl::Status ProduceAndWait(absl::Span<const Message> messages, absl::Duration timeout);

  // Waits until nothing is outstanding. Unavailable after `timeout`.
  absl::Status Flush(absl::Duration timeout);

  int64_t outstanding_messages() const;

 private:
  // One call's messages that are on their way. The address is the messages' opaque pointer.
  struct Delivery {
    absl::Time deadline;
    int64_t messages = 0;
    int64_t bytes = 0;
    int64_t remaining = 0;
    absl::Status status;
    Done done;
    std::list<Delivery>::iterator self;
  };

  explicit Producer(ProducerOptions options) : options_(std::move(options)) {}

  absl::StatusOr<Handle> NewClient();
  absl::StatusOr<std::list<Delivery>::iterator> Admit(absl::Span<const Message> messages, Done done);
  void Run();
  bool MustReplaceClient();
  void ReplaceClient();
  void Settle(Delivery& delivery, int64_t messages, const absl::Status& status);
  void FailAll(const absl::Status& status);
  void CallDone();
  static void OnDelivery(rd_kafka_s* client, const rd_kafka_message_s* message, void* producer);

  const ProducerOptions options_;

  absl::Mutex client_mutex_;  // before mutex_
  Handle client_ ABSL_GUARDED_BY(client_mutex_);

  mutable absl::Mutex mutex_;
  std::list<Delivery> outstanding_ ABSL_GUARDED_BY(mutex_);  // oldest first
  std::list<Delivery> settled_ ABSL_GUARDED_BY(mutex_);      // whose `done` is to be called
  int64_t messages_ ABSL_GUARDED_BY(mutex_) = 0;
  int64_t bytes_ ABSL_GUARDED_BY(mutex_) = 0;
  int64_t calls_to_done_ ABSL_GUARDED_BY(mutex_) = 0;
  bool failed_ ABSL_GUARDED_BY(mutex_) = false;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;

  std::thread thread_;
};

}  // namespace tessera::kafka
