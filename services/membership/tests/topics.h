// For tests: the topic that membership reads, written as oneid's relay writes it, and the topics that membership
// writes. Used by one thread.
#pragma once

#include <gtest/gtest.h>

#include <array>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "base/ids.h"
#include "base/murmur2.h"
#include "engine/engine_store.h"
#include "kafka/consumer.h"
#include "kafka/producer.h"
#include "testing/environment.h"
#include "testing/wait.h"

namespace tessera::membership {

// The value of a header; "" if there is none of the name.
inline std::string HeaderOf(const std::vector<kafka::Header>& headers, const std::string& name) {
  for (const kafka::Header& header : headers) {
    if (header.name == name) return header.value;
  }
  return "";
}

// Writes tessera.oneid.customer.v1.
class CustomerTopic {
 public:
  explicit CustomerTopic(const std::string& prefix)
      : topic_(prefix + ".tessera.oneid.customer.v1"),
        producer_(*kafka::Producer::Create({.brokers = testing::RequiredEnvironment("TESSERA_TEST_BROKERS")})) {}

  static int32_t SlotOf(const std::string& key) { return KafkaPartition(key, engine::kSlots); }

  // The record that comes next in the slot; it takes the slot's next number, but is not written.
  kafka::Message NextIn(int32_t slot, const std::string& key, const std::string& name, const std::string& brand,
                        absl::Time time, std::string data) {
    const std::string id = RandomUuidV7(absl::Now()).ToString();
    kafka::Message message;
    message.topic = topic_;
    message.partition = slot;
    message.key = key;
    message.value = std::move(data);
    message.headers = {{"ce_specversion", "1.0"},
                       {"ce_id", id},
                       {"ce_source", brand + "/oneid"},
                       {"ce_type", "com.tessera.oneid." + name + ".v1"},
                       {"ce_time", absl::FormatTime("%Y-%m-%dT%H:%M:%E*SZ", time, absl::UTCTimeZone())},
                       {"content-type", "application/protobuf"},
                       {"ce_sequence", std::to_string(next_seq_[static_cast<size_t>(slot)]++)},
                       {"ce_partitionkey", key},
                       {"ce_correlationid", "story-" + id},
                       {"ce_causationid", "cause-" + id},
                       {"ce_subject", key},
                       {"ce_brandid", brand}};
    return message;
  }
  kafka::Message Next(const std::string& key, const std::string& name, const std::string& brand, absl::Time time,
                      std::string data) {
    return NextIn(SlotOf(key), key, name, brand, time, std::move(data));
  }

  // The same message again is what a relay writes that died before it stored how far it was.
  void Write(const kafka::Message& message) {
    const absl::Status written = producer_->ProduceAndWait({&message, 1}, absl::Seconds(20));
    ASSERT_TRUE(written.ok()) << written;
    ++written_[static_cast<size_t>(message.partition)];
  }

  // How many records each partition holds.
  const std::array<int64_t, engine::kSlots>& written() const { return written_; }

 private:
  const std::string topic_;
  std::unique_ptr<kafka::Producer> producer_;
  std::array<int64_t, engine::kSlots> next_seq_{}, written_{};
};

// All that is told on one of membership's topics. Whatever is read is checked: each slot is numbered from 0 without a
// gap, and a record lies in the slot of its key.
class ToldTopic {
 public:
  ToldTopic(const std::string& prefix, const std::string& name)
      : consumer_(*kafka::Consumer::Create(
            {.brokers = testing::RequiredEnvironment("TESSERA_TEST_BROKERS"), .group_id = prefix})) {
    const std::string topic = prefix + "." + name;
    for (int32_t slot = 0; slot < engine::kSlots; ++slot) {
      EXPECT_TRUE(consumer_->Assign(topic, slot, 0).ok());
    }
  }

  // All records so far; those of a slot are in order.
  const std::vector<kafka::Record>& records() const { return records_; }
  // The messages of the events of type Event so far.
  template <class Event>
  std::vector<Event> Of() const {
    std::vector<Event> events;
    for (const kafka::Record& record : records_) {
      if (HeaderOf(record.headers, "ce_type") != TypeOf<Event>()) continue;
      EXPECT_TRUE(events.emplace_back().ParseFromString(record.value.value_or("")));
    }
    return events;
  }

  // Waits until there are so many records, or events of type Event, at least.
  void Await(size_t count) {
    EXPECT_TRUE(testing::WaitFor([&] { return records_.size() >= count || (Read(), records_.size() >= count); }))
        << "there are " << records_.size() << " records";
  }
  template <class Event>
  std::vector<Event> Await(size_t count) {
    std::vector<Event> events = Of<Event>();
    testing::WaitFor([&] {
      if (events.size() >= count) return true;
      Read();
      events = Of<Event>();
      return events.size() >= count;
    });
    EXPECT_GE(events.size(), count) << TypeOf<Event>();
    return events;
  }

 private:
  // "com.tessera.membership.points_earned.v1" of PointsEarned.
  template <class Event>
  static std::string TypeOf() {
    std::string name;
    for (const char c : Event::descriptor()->name()) {
      if (absl::ascii_isupper(static_cast<unsigned char>(c)) && !name.empty()) name += '_';
      name += absl::ascii_tolower(static_cast<unsigned char>(c));
    }
    return "com.tessera.membership." + name + ".v1";
  }

  void Read() {
    for (kafka::Record& record : consumer_->Poll(100, absl::Milliseconds(50)).records) {
      const int64_t seq = next_seq_[static_cast<size_t>(record.partition)]++;
      EXPECT_EQ(HeaderOf(record.headers, "ce_sequence"), std::to_string(seq)) << "in slot " << record.partition;
      EXPECT_EQ(record.partition, CustomerTopic::SlotOf(record.key.value_or("")));
      records_.push_back(std::move(record));
    }
  }

  std::unique_ptr<kafka::Consumer> consumer_;
  std::array<int64_t, engine::kSlots> next_seq_{};
  std::vector<kafka::Record> records_;
};

}  // namespace tessera::membership
