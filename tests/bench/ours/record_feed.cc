#include "tests/bench/ours/record_feed.h"

#include "absl/strings/str_cat.h"
#include "engine/engine_store.h"
#include "tests/bench/load/database.h"

namespace tessera::bench {
namespace {

constexpr absl::Duration kLookPeriod = absl::Microseconds(100);

}  // namespace

RecordFeed::RecordFeed(ServiceWriters& writers, const std::string& topic) : writers_(writers), topic_(topic) {
  const auto connection = Connect();
  for (int32_t i = 0; i < engine::kSlots; ++i) {
    Require(connection
                ->Execute(absl::StrCat("INSERT INTO consumer_mark VALUES ('", topic, "', ", i,
                                       ", 0, -1) ON CONFLICT DO NOTHING"))
                .status());
    const std::string mark = absl::StrCat(" FROM consumer_mark WHERE topic = '", topic, "' AND partition = ", i);
    auto feed = std::make_shared<engine::Feed>();
    feed->topic = topic;
    feed->partition = i;
    feed->next_offset = Number(*connection, "SELECT next_offset" + mark);
    feed->last_seq = Number(*connection, "SELECT last_seq" + mark);
    partitions_.push_back({feed, feed->next_offset});
  }
}

void RecordFeed::Push(kafka::Record record) {
  Partition& partition = partitions_.at(static_cast<size_t>(record.partition));
  record.topic = topic_;
  record.offset = partition.offset++;
  const int32_t number = record.partition;
  engine::Work work;
  work.bytes = kafka::MemoryBytes(record);
  work.origin = engine::RecordOrigin{partition.feed, std::move(record), std::nullopt};
  writers_.Push(number, std::move(work));
}

void RecordFeed::Await() const {
  for (const Partition& partition : partitions_) {
    while (partition.feed->next_offset < partition.offset) absl::SleepFor(kLookPeriod);
  }
}

}  // namespace tessera::bench
