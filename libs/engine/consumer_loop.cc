#include "engine/consumer_loop.h"

#include <algorithm>

#include "base/fault_point.h"
#include "base/log.h"
#include "base/status.h"
#include "base/strings.h"
#include "metrics/metrics.h"

namespace tessera::engine {
namespace {

using pg::Statement;

constexpr size_t kPollMax = 1'000;
constexpr absl::Duration kLagPeriod = absl::Seconds(1);
constexpr absl::Duration kAskPatience = absl::Milliseconds(200);

void Tell(const std::string& topic, const kafka::PartitionError& error) {
  const auto info = ErrorInfoOf(error.status);
  metrics::GetCounter("tessera_partition_errors_total", "Errors of partitions that are read, by topic and reason",
                      {{"topic", topic}, {"reason", info ? info->reason : std::string("UNAVAILABLE")}})
      .Add();
  LogError("partition error",
           {{"topic", topic}, {"partition", int64_t{error.partition}}, {"reason", ToStd(error.status.message())}});
}

// Neither passes by itself: the log was cut off, or the service's user may not read.
bool Halts(const absl::Status& status) { return absl::IsOutOfRange(status) || absl::IsPermissionDenied(status); }

void TellHalt(const PartitionKey& key, bool halted) {
  metrics::GetGauge("tessera_partition_stopped", "1 while the broker does not let the partition be read on",
                    {{"topic", key.first}, {"partition", std::to_string(key.second)}})
      .Set(halted ? 1 : 0);
}

void TellLag(const PartitionKey& key, int64_t records, absl::Duration age) {
  const metrics::Labels labels = {{"topic", key.first}, {"partition", std::to_string(key.second)}};
  metrics::GetGauge("tessera_consumer_lag_records", "Records not yet taken into effect", labels)
      .Set(static_cast<double>(records));
  metrics::GetGauge("tessera_consumer_lag_seconds",
                    "While behind: age of the last record taken into effect, or how long it has been stopped", labels)
      .Set(absl::ToDoubleSeconds(age));
}

}  // namespace

ConsumerLoop::ConsumerLoop(std::vector<ConsumedTopic> topics, TopicNames names, pg::ConnectionOptions connection,
                           kafka::Consumer& consumer, const LeaseKeeper& leases, std::vector<Writer*> writers)
    : topics_(std::move(topics)),
      names_(std::move(names)),
      session_(std::move(connection)),
      consumer_(consumer),
      leases_(leases),
      writers_(std::move(writers)) {}

absl::Status ConsumerLoop::Start(const std::string& topic, int32_t partition, bool suspect) {
  static constexpr Statement kCreate = {
      "create_mark",
      "INSERT INTO consumer_mark (topic, partition, next_offset, last_seq) VALUES ($1, $2, 0, -1) "
      "ON CONFLICT (topic, partition) DO NOTHING"};
  static constexpr Statement kRead = {
      "read_mark", "SELECT next_offset, last_seq FROM consumer_mark WHERE topic = $1 AND partition = $2"};
  TESSERA_RETURN_IF_ERROR(session_.Ensure());
  auto feed = std::make_shared<Feed>();
  {
    pg::Tx tx(*session_, "read_mark");
    tx.Send(kCreate, topic, partition);
    const pg::Rows rows = tx.Run(kRead, topic, partition);
    if (tx.Commit() != pg::CommitResult::kCommitted) return tx.status();
    feed->topic = topic;
    feed->partition = partition;
    feed->next_offset = rows[0].Get<int64_t>(0);
    feed->last_seq = rows[0].Get<int64_t>(1);
    feed->reached_unix_ms = absl::ToUnixMillis(absl::Now());
    feed->suspect_until_offset = suspect ? feed->next_offset + int64_t{kBatchMax} : 0;
  }
  TESSERA_RETURN_IF_ERROR(consumer_.Assign(names_.AtBroker(topic), partition, feed->next_offset));
  TellHalt({topic, partition}, false);
  readings_[{topic, partition}] = Reading{.feed = std::move(feed), .held_back = {}};
  return absl::OkStatus();
}

absl::Status ConsumerLoop::FollowLeases() {
  for (const ConsumedTopic& topic : topics_) {
    const std::string kind = "consume/" + topic.name;
    const std::set<int32_t> held = leases_.Held(kind);
    for (int32_t partition = 0; partition < topic.partitions; ++partition) {
      auto reading = readings_.find({topic.name, partition});
      const bool reads = reading != readings_.end();
      if (reads && !held.contains(partition)) {
        reading->second.feed->stale = true;
        readings_.erase(reading);
        TellLag({topic.name, partition}, 0, absl::ZeroDuration());  // now another instance tells it
        TellHalt({topic.name, partition}, false);
        TESSERA_RETURN_IF_ERROR(consumer_.Unassign(names_.AtBroker(topic.name), partition));
      } else if (held.contains(partition) && (!reads || reading->second.feed->stale)) {
        const bool suspect = !reads && leases_.TookOverFromDead(kind, partition);
        TESSERA_RETURN_IF_ERROR(Start(topic.name, partition, suspect));
      }
    }
  }
  return absl::OkStatus();
}

// Pushes until the writer's queue is full; the rest stays in `records`.
void ConsumerLoop::HandOver(Reading& reading, std::deque<kafka::Record>& records) {
  Writer& writer = *writers_[static_cast<size_t>(reading.feed->partition) % writers_.size()];
  while (!records.empty()) {
    Work work;
    work.bytes = kafka::MemoryBytes(records.front());
    work.origin = RecordOrigin{reading.feed, std::move(records.front()), std::nullopt};
    if (!writer.Push(work)) {
      records.front() = std::move(std::get<RecordOrigin>(work.origin).record);
      return;
    }
    records.pop_front();
  }
}

void ConsumerLoop::RetryHeldBack() {
  for (auto& [key, reading] : readings_) {
    if (reading.held_back.empty()) continue;
    HandOver(reading, reading.held_back);
    if (reading.held_back.empty()) {
      if (auto resumed = consumer_.Resume(names_.AtBroker(key.first), key.second); !resumed.ok())
        reading.feed->stale = true;
    }
  }
}

void ConsumerLoop::Meet(const kafka::PartitionError& error) {
  const PartitionKey key{names_.Own(error.topic), error.partition};
  Tell(key.first, error);
  const auto reading = readings_.find(key);
  if (reading == readings_.end() || !Halts(error.status)) return;
  const absl::Time since = reading->second.halt ? reading->second.halt->since : absl::Now();
  reading->second.halt = Halt{.since = since, .offset = error.next_offset};
  TellHalt(key, true);
}

absl::Status ConsumerLoop::Step(absl::Duration wait) {
  TESSERA_RETURN_IF_ERROR(FollowLeases());
  RetryHeldBack();
  kafka::Polled polled = consumer_.Poll(kPollMax, wait);
  for (const kafka::PartitionError& error : polled.errors) Meet(error);
  if (!polled.records.empty()) FaultPoint("consumer.records_read");
  for (size_t i = 0; i < polled.records.size();) {
    const std::string at_broker = polled.records[i].topic;
    const PartitionKey key{names_.Own(at_broker), polled.records[i].partition};
    std::deque<kafka::Record> run;
    for (;
         i < polled.records.size() && polled.records[i].partition == key.second && polled.records[i].topic == at_broker;
         ++i) {
      run.push_back(std::move(polled.records[i]));
      run.back().topic = key.first;
    }
    auto reading = readings_.find(key);
    if (reading == readings_.end() || reading->second.feed->stale) continue;
    Reading& to = reading->second;
    if (to.halt && run.back().offset >= to.halt->offset) {  // not what had been read before it
      to.halt.reset();
      TellHalt(key, false);
    }
    for (kafka::Record& record : run) to.held_back.push_back(std::move(record));
    HandOver(to, to.held_back);
    if (!to.held_back.empty()) TESSERA_RETURN_IF_ERROR(consumer_.Pause(names_.AtBroker(key.first), key.second));
  }
  TellLags();
  return absl::OkStatus();
}

void ConsumerLoop::TellLags() {
  if (absl::Now() - lag_told_ < kLagPeriod) return;
  lag_told_ = absl::Now();
  std::vector<kafka::NextOffset> moved;
  bool broker_answers = true;  // One that does not is waited for once.
  for (auto& [key, reading] : readings_) {
    const int64_t offset = reading.feed->next_offset;
    if (offset != reading.told_offset) moved.push_back({names_.AtBroker(key.first), key.second, offset});
    reading.told_offset = offset;
    if (reading.halt) {
      if (broker_answers) broker_answers = TellHalted(key, *reading.halt).ok();
      continue;
    }
    const auto range = consumer_.Watermarks(names_.AtBroker(key.first), key.second);
    if (!range.ok() || range->high < 0) continue;
    const int64_t behind = range->high - offset;
    const absl::Time reached = absl::FromUnixMillis(reading.feed->reached_unix_ms);
    TellLag(key, behind, behind > 0 ? std::max(absl::Now() - reached, absl::ZeroDuration()) : absl::ZeroDuration());
  }
  consumer_.CommitForLag(moved);
}

// The client knows no end of a partition that it does not read, so the broker is asked.
absl::Status ConsumerLoop::TellHalted(const PartitionKey& key, Halt& halt) {
  const auto range = consumer_.QueryWatermarks(names_.AtBroker(key.first), key.second, kAskPatience);
  // A topic that was made anew ends before our offset: then all of it is unread.
  if (range.ok()) halt.behind = range->high - (range->high < halt.offset ? range->low : halt.offset);
  const bool is_behind = !range.ok() || halt.behind > 0;
  TellLag(key, halt.behind, is_behind ? absl::Now() - halt.since : absl::ZeroDuration());
  return range.status();
}

void ConsumerLoop::Stop() {
  for (auto& [key, reading] : readings_) {
    reading.feed->stale = true;
    consumer_.Unassign(names_.AtBroker(key.first), key.second).IgnoreError();
  }
  readings_.clear();
}

}  // namespace tessera::engine
