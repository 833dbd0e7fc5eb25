// What comes again, or comes while the process ends, takes effect once.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "services/oneid/tests/oneid_fixture.h"

namespace tessera::oneid {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class RedeliveryTest : public OneidTest {
 protected:
  static TestEvent Viewed(const std::string& id, const std::string& page) {
    TestEvent event{.id = id, .identifiers = {{"jd_pin", "", "ann"}}};
    event.event.mutable_page_viewed()->set_page(page);
    return event;
  }

  // Events `first` to `last` - 1 of twenty accounts in turn, a second apart.
  static std::vector<TestEvent> Numbered(int first, int last) {
    std::vector<TestEvent> events;
    for (int i = first; i < last; ++i) {
      events.push_back({.id = absl::StrCat("e", i),
                        .identifiers = {{"jd_pin", "", absl::StrCat("account-", i % 20)}},
                        .time = absl::FromUnixSeconds(1'700'000'000 + i)});
    }
    return events;
  }

  bool AwaitAccepted(int64_t count) {
    return testing::WaitFor([&] { return Statistics().events_accepted() >= count; });
  }

  // In every partition, the sequence numbers count up from 0.
  static void ExpectNoGap(const std::vector<kafka::Record>& records) {
    std::map<int32_t, int64_t> next;
    for (const kafka::Record& record : records) {
      int64_t sequence = -1;
      ASSERT_TRUE(absl::SimpleAtoi(HeaderOf(record, "ce_sequence"), &sequence));
      EXPECT_EQ(sequence, next[record.partition]++) << "partition " << record.partition;
    }
  }

  // The events of each customer are told in the order in which they were put into the channel topic.
  static void ExpectOrder(const std::vector<kafka::Record>& records) {
    std::map<std::string, int64_t> last;
    for (const kafka::Record& record : records) {
      if (PayloadOf(record).empty()) continue;
      events::v1::CustomerEvent event;
      ASSERT_TRUE(event.ParseFromString(*record.value));
      EXPECT_GT(event.event_time().seconds(), last[event.customer_id()]);
      last[event.customer_id()] = event.event_time().seconds();
    }
  }
};

TEST_F(RedeliveryTest, TheSameEventAgainChangesNothing) {
  const kafka::Record record = World::RecordOf(Viewed("e1", "home"));
  Produce(kChannelTopic, {record});
  AwaitIdle();
  const auto before = ReadTopic(kCustomerTopic), copies_before = ReadTopic(kIdentityTopic);
  Produce(kChannelTopic, {record, Structured(record), record});
  EXPECT_THAT(EventsAmong(before), SizeIs(1));
  EXPECT_THAT(ReadTopic(kCustomerTopic), SizeIs(before.size()));
  EXPECT_THAT(ReadTopic(kIdentityTopic), SizeIs(copies_before.size()));
  const v1::GetStatisticsResponse statistics = Statistics();
  EXPECT_EQ(statistics.events_accepted(), 1);
  EXPECT_EQ(statistics.duplicates_dropped(), 3);
  EXPECT_EQ(statistics.customers(), 1);
  EXPECT_THAT(DeadLetters(), IsEmpty());
}

TEST_F(RedeliveryTest, TheSameIdWithOtherContentIsADeadLetter) {
  TestEvent later = Viewed("e1", "home");
  later.time += absl::Seconds(1);
  TestEvent elsewhere = Viewed("e1", "cart");
  elsewhere.source = "another channel";  // has numbers of its own
  Publish({Viewed("e1", "home"), Viewed("e1", "cart"), later, Viewed("e2", "cart")});
  AwaitIdle();
  EXPECT_THAT(DeadLetters(), ElementsAre("EVENT_ID_REUSED id", "EVENT_ID_REUSED id"));
  const auto events = Resolved();
  EXPECT_THAT(events, SizeIs(2));
  EXPECT_EQ(events.at("e1").event.event().page_viewed().page(), "home");
  Publish({elsewhere});
  AwaitIdle();
  const v1::GetStatisticsResponse statistics = Statistics();
  EXPECT_EQ(statistics.events_accepted(), 3);
  EXPECT_EQ(statistics.duplicates_dropped(), 0);
  EXPECT_EQ(statistics.dead_letters(), 2);
}

TEST_F(RedeliveryTest, StoppedInTheMiddleItGoesOnWithoutLossOrDouble) {
  Publish(Numbered(0, 150));
  ASSERT_TRUE(AwaitAccepted(1));
  ASSERT_TRUE(process_->Stop()) << process_->log();
  Publish(Numbered(100, 300));  // while it is down; fifty of them were there before
  ASSERT_NO_FATAL_FAILURE(StartService());
  ASSERT_TRUE(AwaitAccepted(151));
  ASSERT_TRUE(process_->Stop()) << process_->log();
  ASSERT_NO_FATAL_FAILURE(StartService());

  const auto records = ReadTopic(kCustomerTopic);
  const auto events = EventsAmong(records);
  EXPECT_THAT(events, SizeIs(300));
  for (int i = 0; i < 300; ++i) EXPECT_TRUE(events.contains(absl::StrCat("e", i))) << i;
  ExpectNoGap(records);
  ExpectOrder(records);
  const v1::GetStatisticsResponse statistics = Statistics();
  EXPECT_EQ(statistics.events_accepted(), 300);
  EXPECT_EQ(statistics.duplicates_dropped(), 50);
  EXPECT_EQ(statistics.customers(), 20);
  const auto checks = Call<ops::v1::RunChecksResponse>("OperationsService/RunChecks", ops::v1::RunChecksRequest());
  ASSERT_TRUE(checks.ok()) << checks.status();
  EXPECT_GT(checks->checks_size(), 0);
  for (const auto& check : checks->checks()) EXPECT_EQ(check.violation_count(), 0) << check.DebugString();
}

}  // namespace
}  // namespace tessera::oneid
