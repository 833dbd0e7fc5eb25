#include "tests/bench/load/flow_load.h"

#include "absl/time/clock.h"
#include "engine/topic_names.h"
#include "kafka/producer.h"
#include "tests/bench/load/database.h"

namespace tessera::bench {
namespace {

constexpr size_t kAtOnce = 2'000;
constexpr absl::Duration kLookPeriod = absl::Milliseconds(10);
constexpr absl::Duration kPatience = absl::Minutes(10);

int64_t RecordsRead(pg::Connection& connection) {
  return Number(connection,
                "SELECT coalesce(sum(next_offset), 0)::int8 FROM consumer_mark WHERE topic = "
                "'tessera.oneid.customer.v1'");
}

class Flow {
 public:
  explicit Flow(const std::string& topic_prefix)
      : topic_(engine::TopicNames(topic_prefix).AtBroker(kChannelTopic)),
        producer_(Require(kafka::Producer::Create({.brokers = RequiredEnvironment("TESSERA_BENCH_BROKERS")}))),
        connection_(Connect()) {}

  void Run(std::vector<kafka::Record>::iterator from, std::vector<kafka::Record>::iterator to) {
    const int64_t wanted = RecordsRead(*connection_) + (to - from);
    while (from != to) {
      std::vector<kafka::Message> messages;
      for (; from != to && messages.size() < kAtOnce; ++from) {
        messages.push_back({.topic = topic_,
                            .partition = from->partition,
                            .key = std::move(from->key),
                            .headers = std::move(from->headers),
                            .value = std::move(from->value)});
      }
      Require(producer_->ProduceAndWait(messages, absl::Seconds(30)));
    }
    const absl::Time deadline = absl::Now() + kPatience;
    while (RecordsRead(*connection_) < wanted) {
      if (absl::Now() > deadline) Require(absl::DeadlineExceededError("the flow stands still"));
      absl::SleepFor(kLookPeriod);
    }
  }

 private:
  const std::string topic_;
  std::unique_ptr<kafka::Producer> producer_;
  std::unique_ptr<pg::Connection> connection_;
};

}  // namespace

Round DriveFlow(const ChannelLoad& load, const std::string& topic_prefix, bool first) {
  std::vector<kafka::Record> records = first ? MakeFirstEvents(load.customers) : MakeChannelEvents(load);
  Flow flow(topic_prefix);
  const auto warm_up = records.begin() + (first ? 0 : load.warm_up);
  flow.Run(records.begin(), warm_up);
  const absl::Time start = absl::Now();
  flow.Run(warm_up, records.end());
  return {.operations = records.end() - warm_up, .seconds = absl::ToDoubleSeconds(absl::Now() - start)};
}

}  // namespace tessera::bench
