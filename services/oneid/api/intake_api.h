// IntakeService: events over gRPC, put on the channel topic as an adapter with Kafka would put them.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "base/clock.h"
#include "kafka/producer.h"
#include "kafka/record.h"
#include "rpc/server.h"

namespace tessera::oneid {

// Where events go. Thread-safe.
class EventSink {
 public:
  virtual ~EventSink() = default;

  // Writes the message to the partition of its key. `done` is called once, on any thread: ok means that the broker has
  // it; Unavailable or ResourceExhausted that the caller should repeat.
  virtual void Put(kafka::Message message, std::function<void(absl::Status)> done) = 0;
};

// The channel topic at the broker. The producer outlives the sink.
std::unique_ptr<EventSink> NewKafkaSink(kafka::Producer& producer, std::string topic, int32_t partitions);

// Whether the consumer would understand the record.
using CheckRecord = std::function<absl::Status(const kafka::Record&)>;

void RegisterIntakeApi(rpc::Server& server, std::shared_ptr<EventSink> sink, CheckRecord check,
                       const Clock& clock = Clock::System());

}  // namespace tessera::oneid
