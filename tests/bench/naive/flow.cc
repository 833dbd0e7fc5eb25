#include "tests/bench/naive/flow.h"

#include <array>
#include <atomic>
#include <cstdio>
#include <functional>
#include <thread>

#include "absl/strings/str_cat.h"
#include "base/clock.h"
#include "base/murmur2.h"
#include "base/status.h"
#include "base/thread.h"
#include "engine/engine_store.h"
#include "engine/topic_names.h"
#include "events/cloud_event.h"
#include "kafka/consumer.h"
#include "kafka/producer.h"
#include "tests/bench/load/channel_load.h"
#include "tests/bench/load/database.h"
#include "tests/bench/naive/earn.h"
#include "tests/bench/naive/mark.h"
#include "tests/bench/naive/resolver.h"

namespace tessera::bench::naive {
namespace {

constexpr size_t kPollMax = 500;
constexpr absl::Duration kPollWait = absl::Milliseconds(100);
constexpr absl::Duration kProduceTimeout = absl::Seconds(20);
constexpr char kCustomerTopic[] = "tessera.oneid.customer.v1";

using Handle = std::function<absl::StatusOr<Told>(pg::Tx&, const kafka::Record&, absl::Time)>;

struct Service {
  std::string name;
  std::string reads;
  std::array<std::string, engine::kLogCount> topics;  // by log
  Handle handle;
};

class Consumers {
 public:
  Consumers(Service service, const std::string& topic_prefix, int count)
      : service_(std::move(service)),
        names_(topic_prefix),
        producer_(Require(kafka::Producer::Create({.brokers = RequiredEnvironment("TESSERA_BENCH_BROKERS")}))) {
    for (int i = 0; i < count; ++i) {
      threads_.push_back(StartThread("consumer", [this, i, count] { Consume(i, count); }));
    }
  }
  ~Consumers() {
    stop_ = true;
    for (std::thread& thread : threads_) thread.join();
  }

 private:
  void Consume(int first, int step) {
    const auto connection = Connect();
    const auto consumer = Require(kafka::Consumer::Create(
        {.brokers = RequiredEnvironment("TESSERA_BENCH_BROKERS"), .group_id = "naive." + service_.name}));
    for (int32_t partition = first; partition < engine::kSlots; partition += step) {
      const int64_t next =
          Number(*connection, absl::StrCat("SELECT coalesce(max(next_offset), 0) FROM consumer_mark WHERE topic = '",
                                           service_.reads, "' AND partition = ", partition));
      Require(consumer->Assign(names_.AtBroker(service_.reads), partition, next));
    }
    while (!stop_) {
      for (kafka::Record& record : consumer->Poll(kPollMax, kPollWait).records) {
        if (stop_) return;
        record.topic = service_.reads;
        Require(HandleOne(*connection, record));
      }
    }
  }

  absl::Status HandleOne(pg::Connection& connection, const kafka::Record& record) {
    pg::Tx tx(connection, "naive_record");
    TESSERA_ASSIGN_OR_RETURN(const Told told, service_.handle(tx, record, Clock::System().Now()));
    NoteMark(tx, record.topic, record.partition, record.offset + 1);
    if (tx.Commit() != pg::CommitResult::kCommitted) return tx.status();
    for (const engine::Published& event : told.events) TESSERA_RETURN_IF_ERROR(Produce(event, told.cause));
    return absl::OkStatus();
  }

  absl::Status Produce(const engine::Published& event, const engine::Cause& cause) {
    events::CloudEvent cloud;
    cloud.id = UuidV7Of(cause.time, {cause.brand, cause.id, event.type}).ToString();
    cloud.source = event.brand + "/" + service_.name;
    cloud.type = event.type;
    cloud.subject = event.subject;
    cloud.datacontenttype = "application/protobuf";
    cloud.time = event.time;
    cloud.extensions = {{"brandid", event.brand}, {"correlationid", cause.correlation_id}};
    kafka::Message message;
    message.topic = names_.AtBroker(service_.topics[static_cast<size_t>(event.log)]);
    message.partition = KafkaPartition(event.key, engine::kSlots);
    message.key = event.key;
    message.headers = EncodeHeaders(cloud);
    message.value = event.data;
    return producer_->ProduceAndWait({&message, 1}, kProduceTimeout);
  }

  const Service service_;
  const engine::TopicNames names_;
  const std::unique_ptr<kafka::Producer> producer_;
  std::atomic<bool> stop_ = false;
  std::vector<std::thread> threads_;
};

void ServeUntilInputEnds(Service service, const std::string& topic_prefix, int connections) {
  const Consumers consumers(std::move(service), topic_prefix, connections);
  while (std::getchar() != EOF) {
  }
}

}  // namespace

void ServeOneid(const std::string& topic_prefix, int connections) {
  const Resolver resolver;
  ServeUntilInputEnds(
      {"oneid",
       kChannelTopic,
       {kCustomerTopic, "", "", "tessera.oneid.identity.v1"},
       [&](pg::Tx& tx, const kafka::Record& record, absl::Time now) { return resolver.Resolve(tx, record, now); }},
      topic_prefix, connections);
}

void ServeMembership(const std::string& topic_prefix, int connections) {
  const Earner earner(*Connect());
  ServeUntilInputEnds(
      {"membership",
       kCustomerTopic,
       {"tessera.membership.events.v1", "", "", ""},
       [&](pg::Tx& tx, const kafka::Record& record, absl::Time now) { return earner.EarnByEvent(tx, record, now); }},
      topic_prefix, connections);
}

}  // namespace tessera::bench::naive
