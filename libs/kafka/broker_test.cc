// The clients against a real broker.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <librdkafka/rdkafka.h>

#include <cstdlib>
#include <map>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "base/clock.h"
#include "base/ids.h"
#include "base/status.h"
#include "kafka/admin.h"
#include "kafka/consumer.h"
#include "kafka/producer.h"

namespace tessera::kafka {
namespace {

using testing::ElementsAre;

constexpr absl::Duration kPatience = absl::Seconds(30);
constexpr int32_t kPartitions = 4;

std::string ReasonOf(const absl::Status& status) {
  const auto info = ErrorInfoOf(status);
  return info ? info->reason : "";
}

class BrokerTest : public testing::Test {
 protected:
  void SetUp() override {
    const char* brokers = std::getenv("TESSERA_TEST_BROKERS");
    ASSERT_NE(brokers, nullptr) << "needs a Kafka broker: run through tools/dev test";
    brokers_ = brokers;
    topic_ = absl::StrCat("test.", RandomUuidV7(Clock::System().Now()).ToString());
    admin_ = std::move(*Admin::Create(brokers_));
    TopicSpec spec;
    spec.name = topic_;
    spec.partitions = kPartitions;
    const absl::Status status = admin_->EnsureTopics({spec});
    ASSERT_TRUE(status.ok()) << status;
    ProducerOptions producer_options;
    producer_options.brokers = brokers_;
    producer_ = std::move(*Producer::Create(producer_options));
    ConsumerOptions consumer_options;
    consumer_options.brokers = brokers_;
    consumer_options.group_id = topic_ + ".group";
    consumer_options.paused_records_max = 50;
    consumer_ = std::move(*Consumer::Create(consumer_options));
  }

  // Values "from", "from + 1" ... of one partition.
  void ProduceNumbers(int32_t partition, int from, int count) {
    std::vector<Message> messages;
    for (int i = 0; i < count; ++i) messages.push_back({topic_, partition, std::nullopt, {}, absl::StrCat(from + i)});
    const absl::Status status = producer_->ProduceAndWait(messages, kPatience);
    ASSERT_TRUE(status.ok()) << status;
  }

  // Polls until there are `count` records or nothing more comes for long.
  std::vector<Record> Read(size_t count, size_t batch = 100) {
    std::vector<Record> records;
    const absl::Time deadline = absl::Now() + kPatience;
    while (records.size() < count && absl::Now() < deadline) {
      for (Record& record : consumer_->Poll(batch, absl::Seconds(1)).records) records.push_back(std::move(record));
    }
    return records;
  }

  std::optional<PartitionError> AwaitError() {
    const absl::Time deadline = absl::Now() + kPatience;
    while (absl::Now() < deadline) {
      Polled polled = consumer_->Poll(100, absl::Seconds(1));
      if (!polled.errors.empty()) return polled.errors.front();
    }
    return std::nullopt;
  }

  static void ExpectNumbers(const std::vector<Record>& records, int from, int count) {
    ASSERT_EQ(records.size(), static_cast<size_t>(count));
    for (int i = 0; i < count; ++i) ASSERT_EQ(*records[i].value, absl::StrCat(from + i)) << "at " << i;
  }

  std::string brokers_, topic_;
  std::unique_ptr<Admin> admin_;
  std::unique_ptr<Producer> producer_;
  std::unique_ptr<Consumer> consumer_;
};

TEST_F(BrokerTest, EnsureTopicsIsRepeatableAndRefusesAnotherPartitionCount) {
  TopicSpec same{topic_, kPartitions};
  TopicSpec fresh{topic_ + ".fresh", 3, absl::Hours(48), 300 * 1024};
  EXPECT_TRUE(admin_->EnsureTopics({same, fresh}).ok());
  EXPECT_TRUE(admin_->EnsureTopics({same, fresh}).ok());
  EXPECT_EQ(*admin_->PartitionCount(fresh.name), 3);

  TopicSpec other{topic_, kPartitions + 1};
  TopicSpec unborn{topic_ + ".unborn", 1};
  const absl::Status differ = admin_->EnsureTopics({other, unborn});
  EXPECT_EQ(differ.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(ReasonOf(differ), "TOPIC_PARTITIONS_DIFFER");
  EXPECT_EQ(ReasonOf(admin_->PartitionCount(unborn.name).status()), "TOPIC_UNKNOWN");
}

TEST_F(BrokerTest, EndOffsetsAreThoseOfTheNextRecords) {
  const std::string topic = topic_ + ".ends";
  ASSERT_TRUE(admin_->EnsureTopics({{topic, 3}}).ok());
  EXPECT_EQ(*admin_->EndOffsets(topic), (std::vector<int64_t>{0, 0, 0}));
  ASSERT_TRUE(
      producer_
          ->ProduceAndWait({{topic, 1, "k", {}, "a"}, {topic, 2, "k", {}, "b"}, {topic, 1, "k", {}, "c"}}, kPatience)
          .ok());
  EXPECT_EQ(*admin_->EndOffsets(topic), (std::vector<int64_t>{0, 2, 1}));
  EXPECT_EQ(ReasonOf(admin_->EndOffsets(topic + ".unborn").status()), "TOPIC_UNKNOWN");
}

TEST_F(BrokerTest, TheTopicsLimitIsTheDeclaredOne) {
  TopicSpec small{topic_ + ".small", 1, absl::InfiniteDuration(), 2000};
  ASSERT_TRUE(admin_->EnsureTopics({small}).ok());
  std::string noise;
  for (int i = 0; i < 1000; ++i) noise += RandomUuidV7(absl::Now()).ToString();
  const absl::Status status = producer_->ProduceAndWait({{small.name, 0, std::nullopt, {}, noise}}, kPatience);
  EXPECT_EQ(ReasonOf(status), "MESSAGE_TOO_LARGE") << status;
  EXPECT_TRUE(producer_->ProduceAndWait({{small.name, 0, std::nullopt, {}, "little"}}, kPatience).ok());
}

TEST_F(BrokerTest, RecordsComeBackAsTheyWereWritten) {
  const Message full{topic_, 3, "key", {{"ce_id", "1"}, {"ce_id", "2"}, {"empty", ""}}, std::string("v\0lue", 5)};
  const Message tombstone{topic_, 3, "key", {}, std::nullopt};
  const Message empty{topic_, 3, std::nullopt, {}, ""};
  ASSERT_TRUE(producer_->ProduceAndWait({full, tombstone, empty}, kPatience).ok());
  ASSERT_TRUE(consumer_->Assign(topic_, 3, 0).ok());
  const auto records = Read(3);
  ASSERT_EQ(records.size(), 3u);
  EXPECT_EQ(records[0].topic, topic_);
  EXPECT_EQ(records[0].partition, 3);
  EXPECT_EQ(records[0].offset, 0);
  EXPECT_EQ(records[0].key, full.key);
  EXPECT_EQ(records[0].headers, full.headers);
  EXPECT_EQ(records[0].value, full.value);
  EXPECT_LT(absl::AbsDuration(absl::Now() - records[0].timestamp), absl::Minutes(1));
  EXPECT_EQ(records[1].value, std::nullopt);
  EXPECT_EQ(records[2].key, std::nullopt);
  EXPECT_EQ(records[2].value, "");
}

TEST_F(BrokerTest, AssignStartsAtTheOffsetAndSeekMovesBothWays) {
  ProduceNumbers(0, 0, 500);
  ASSERT_TRUE(consumer_->Assign(topic_, 0, 100).ok());
  ExpectNumbers(Read(50, 50), 100, 50);
  ASSERT_TRUE(consumer_->Seek(topic_, 0, 20).ok());
  ExpectNumbers(Read(30, 30), 20, 30);
  ASSERT_TRUE(consumer_->Seek(topic_, 0, 450).ok());
  ExpectNumbers(Read(50), 450, 50);
  ASSERT_TRUE(consumer_->Seek(topic_, 0, 0).ok());
  ExpectNumbers(Read(500), 0, 500);
  EXPECT_EQ(consumer_->Seek(topic_, 1, 0).code(), absl::StatusCode::kFailedPrecondition);
}

TEST_F(BrokerTest, PausedPartitionHoldsBackAndResumesWithoutLossOrRepetition) {
  ProduceNumbers(0, 0, 1000);
  ProduceNumbers(1, 0, 1000);
  ASSERT_TRUE(consumer_->Assign(topic_, 0, 0).ok());
  ASSERT_TRUE(consumer_->Assign(topic_, 1, 0).ok());
  std::map<int32_t, std::vector<Record>> read;
  int polls = 0;
  const absl::Time deadline = absl::Now() + kPatience;
  while (read[0].size() + read[1].size() < 2000 && absl::Now() < deadline) {
    const bool paused = ++polls % 3 != 0;
    ASSERT_TRUE((paused ? consumer_->Pause(topic_, 0) : consumer_->Resume(topic_, 0)).ok());
    for (Record& record : consumer_->Poll(70, absl::Milliseconds(50)).records) {
      ASSERT_FALSE(paused && record.partition == 0);
      read[record.partition].push_back(std::move(record));
    }
  }
  ExpectNumbers(read[0], 0, 1000);
  ExpectNumbers(read[1], 0, 1000);
}

TEST_F(BrokerTest, PollGroupsByPartition) {
  for (int round = 0; round < 5; ++round) {
    for (int32_t partition = 0; partition < kPartitions; ++partition) ProduceNumbers(partition, round, 1);
  }
  for (int32_t partition = 0; partition < kPartitions; ++partition) {
    ASSERT_TRUE(consumer_->Assign(topic_, partition, 0).ok());
  }
  size_t total = 0;
  const absl::Time deadline = absl::Now() + kPatience;
  while (total < 20 && absl::Now() < deadline) {
    const Polled polled = consumer_->Poll(100, absl::Seconds(1));
    total += polled.records.size();
    for (size_t i = 1; i < polled.records.size(); ++i) {
      const Record &last = polled.records[i - 1], &next = polled.records[i];
      EXPECT_TRUE(last.partition < next.partition || (last.partition == next.partition && last.offset < next.offset));
    }
  }
  EXPECT_EQ(total, 20u);
}

TEST_F(BrokerTest, UnassignedPartitionsReturnNothing) {
  ProduceNumbers(0, 0, 100);
  ProduceNumbers(1, 0, 100);
  ASSERT_TRUE(consumer_->Assign(topic_, 0, 0).ok());
  ExpectNumbers(Read(10, 10), 0, 10);
  ASSERT_TRUE(consumer_->Unassign(topic_, 0).ok());
  ASSERT_TRUE(consumer_->Unassign(topic_, 0).ok());
  ASSERT_TRUE(consumer_->Assign(topic_, 1, 0).ok());
  for (const Record& record : Read(100)) ASSERT_EQ(record.partition, 1);
  ASSERT_TRUE(consumer_->Assign(topic_, 0, 5).ok());
  ExpectNumbers(Read(95), 5, 95);
}

TEST_F(BrokerTest, OffsetBelowTheLogsStartIsTruncationAndSeekGoesOn) {
  ProduceNumbers(0, 0, 100);
  Handle admin = std::move(*NewHandle(HandleKind::kProducer, CommonSettings(brokers_, "test")));
  const PartitionList keep_from = OnePartition(topic_, 0, 40);
  rd_kafka_DeleteRecords_t* request = rd_kafka_DeleteRecords_new(keep_from.get());
  rd_kafka_queue_t* queue = rd_kafka_queue_new(admin.get());
  rd_kafka_DeleteRecords(admin.get(), &request, 1, nullptr, queue);
  rd_kafka_event_t* event = rd_kafka_queue_poll(queue, 30'000);
  ASSERT_NE(event, nullptr);
  ASSERT_EQ(rd_kafka_event_error(event), RD_KAFKA_RESP_ERR_NO_ERROR);
  rd_kafka_event_destroy(event);
  rd_kafka_queue_destroy(queue);
  rd_kafka_DeleteRecords_destroy(request);

  ASSERT_TRUE(consumer_->Assign(topic_, 0, 10).ok());
  const auto error = AwaitError();
  ASSERT_TRUE(error.has_value());
  EXPECT_EQ(error->partition, 0);
  EXPECT_EQ(error->status.code(), absl::StatusCode::kOutOfRange);
  const auto info = ErrorInfoOf(error->status);
  EXPECT_EQ(info->reason, "LOG_TRUNCATED");
  EXPECT_EQ(info->metadata.at("offset"), "10");
  EXPECT_EQ(info->metadata.at("low"), "40");
  EXPECT_EQ(info->metadata.at("high"), "100");
  ASSERT_TRUE(consumer_->Seek(topic_, 0, 40).ok());
  ExpectNumbers(Read(60), 40, 60);
}

TEST_F(BrokerTest, OffsetBeyondTheEndIsTruncationToo) {
  ProduceNumbers(0, 0, 10);
  ASSERT_TRUE(consumer_->Assign(topic_, 0, 11).ok());
  const auto error = AwaitError();
  ASSERT_TRUE(error.has_value());
  EXPECT_EQ(ReasonOf(error->status), "LOG_TRUNCATED");
}

TEST_F(BrokerTest, WatermarksAndLag) {
  ProduceNumbers(2, 0, 25);
  const auto range = consumer_->QueryWatermarks(topic_, 2);
  ASSERT_TRUE(range.ok()) << range.status();
  EXPECT_EQ(range->low, 0);
  EXPECT_EQ(range->high, 25);
  EXPECT_FALSE(consumer_->Watermarks(topic_, 2).ok());
  ASSERT_TRUE(consumer_->Assign(topic_, 2, 0).ok());
  ASSERT_EQ(Read(25).size(), 25u);
  EXPECT_EQ(consumer_->Watermarks(topic_, 2)->high, 25);

  consumer_->CommitForLag({{topic_, 2, 20}});
  Settings settings = CommonSettings(brokers_, "test");
  settings.emplace_back("group.id", topic_ + ".group");
  const Handle monitor = std::move(*NewHandle(HandleKind::kConsumer, settings));
  const PartitionList committed = OnePartition(topic_, 2, RD_KAFKA_OFFSET_INVALID);
  const absl::Time deadline = absl::Now() + kPatience;
  while (committed->elems[0].offset != 20 && absl::Now() < deadline) {
    rd_kafka_committed(monitor.get(), committed.get(), 5000);
    consumer_->Poll(1, absl::Milliseconds(50));
  }
  EXPECT_EQ(committed->elems[0].offset, 20);
}

TEST_F(BrokerTest, BatchesOfManyPartitionsKeepTheirOrder) {
  constexpr int kEach = 5000;
  std::vector<Message> messages;
  for (int i = 0; i < kEach; ++i) {
    for (int32_t partition = 0; partition < kPartitions; ++partition) {
      messages.push_back({topic_, partition, "k", {{"ce_type", "t"}}, absl::StrCat(i)});
    }
  }
  ASSERT_TRUE(producer_->ProduceAndWait(messages, kPatience).ok());
  for (int32_t partition = 0; partition < kPartitions; ++partition) {
    ASSERT_TRUE(consumer_->Assign(topic_, partition, 0).ok());
  }
  std::map<int32_t, std::vector<Record>> read;
  for (Record& record : Read(size_t{kEach} * kPartitions, 500)) read[record.partition].push_back(std::move(record));
  for (int32_t partition = 0; partition < kPartitions; ++partition) ExpectNumbers(read[partition], 0, kEach);
}

}  // namespace
}  // namespace tessera::kafka
