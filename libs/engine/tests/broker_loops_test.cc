// Relay and consumer against a real broker, stepped by hand.
#include <algorithm>

#include "base/fault_point.h"
#include "engine/consumer_loop.h"
#include "engine/relay.h"
#include "engine/tests/expire_leases.h"
#include "engine/tests/writer_fixture.h"
#include "kafka/admin.h"
#include "metrics/metrics.h"
#include "testing/environment.h"
#include "testing/wait.h"

namespace tessera::engine {
namespace {

using toy::Earn;

class BrokerLoopsTest : public WriterFixture {
 protected:
  BrokerLoopsTest()
      : brokers_(testing::RequiredEnvironment("TESSERA_TEST_BROKERS")),
        prefix_(testing::Unique("loops")),
        names_(prefix_),
        producer_(*kafka::Producer::Create({.brokers = brokers_})),
        consumer_(*kafka::Consumer::Create({.brokers = brokers_, .group_id = prefix_})),
        leases_(database_.options(), RandomUuidV7(absl::Now()), "test", {{"relay", kSlots}, {"consume/in", 1}}),
        relay_("toy", {"out", "", "dead", ""}, names_, database_.options(), *producer_, leases_) {
    auto admin = *kafka::Admin::Create(brokers_);
    EXPECT_TRUE(admin
                    ->EnsureTopics({{.name = names_.AtBroker("in"), .partitions = 1},
                                    {.name = names_.AtBroker("out"), .partitions = kSlots},
                                    {.name = names_.AtBroker("dead"), .partitions = kSlots}})
                    .ok());
    EXPECT_TRUE(leases_.Step().ok());
  }

  // What is in the topic "out", as "<ce_sequence>" per partition in order, until `count` records were seen.
  std::vector<std::string> Published(size_t count) {
    auto reader = *kafka::Consumer::Create({.brokers = brokers_, .group_id = testing::Unique("reader")});
    for (int32_t slot = 0; slot < kSlots; ++slot) EXPECT_TRUE(reader->Assign(names_.AtBroker("out"), slot, 0).ok());
    std::vector<std::string> seqs;
    testing::WaitFor([&] {
      for (const kafka::Record& record : reader->Poll(100, absl::Milliseconds(100)).records) {
        for (const auto& header : record.headers) {
          if (header.name == "ce_sequence") seqs.push_back(header.value);
        }
      }
      return seqs.size() >= count;
    });
    return seqs;
  }

  void Send(const std::string& value) {
    const kafka::Message message{
        .topic = names_.AtBroker("in"), .partition = 0, .key = "k", .headers = {}, .value = value};
    ASSERT_TRUE(producer_->ProduceAndWait({&message, 1}, absl::Seconds(20)).ok());
  }

  const std::string brokers_, prefix_;
  const TopicNames names_;
  std::unique_ptr<kafka::Producer> producer_;
  std::unique_ptr<kafka::Consumer> consumer_;
  LeaseKeeper leases_;
  Relay relay_;
};

TEST_F(BrokerLoopsTest, TheRelayPublishesInOrderAndOnceWhenAllGoesWell) {
  for (int i = 0; i < 5; ++i) {
    Call("c" + std::to_string(i), Earn{"alice", "o" + std::to_string(i), 1});
    Run();
  }
  EXPECT_TRUE(*relay_.Step());
  EXPECT_FALSE(*relay_.Step());
  EXPECT_EQ(Published(5), (std::vector<std::string>{"0", "1", "2", "3", "4"}));
}

TEST_F(BrokerLoopsTest, ABacklogIsPublishedInBoundedStepsInWhichTheSlotsTakeTurns) {
  for (int i = 0; i < 3; ++i) {
    for (const char* account : {"alice", "bob"}) {
      const std::string name = account + std::to_string(i);
      Call(name, Earn{account, name, 1});
      Run();
    }
  }
  ASSERT_EQ(database_.Text("SELECT count(DISTINCT slot) FROM outbox"), "2");
  Relay bounded("toy", {"out", "", "dead", ""}, names_, database_.options(), *producer_, leases_, {.step_events = 2});
  EXPECT_TRUE(*bounded.Step());
  EXPECT_EQ(database_.Text("SELECT string_agg(next_seq::text, ',') FROM relay_cursor WHERE next_seq > 0"), "1,1");
  Relay tight("toy", {"out", "", "dead", ""}, names_, database_.options(), *producer_, leases_, {.step_bytes = 1});
  const metrics::Counter& published = metrics::GetCounter("tessera_relay_published_events_total", "");
  const double before = published.Value();
  EXPECT_TRUE(*tight.Step()) << "a row that is larger than a step is published alone";
  EXPECT_EQ(published.Value(), before + 1);
  EXPECT_TRUE(*bounded.Step());
  EXPECT_TRUE(*bounded.Step());
  EXPECT_FALSE(*bounded.Step());
  std::vector<std::string> seqs = Published(6);
  std::sort(seqs.begin(), seqs.end());
  EXPECT_EQ(seqs, (std::vector<std::string>{"0", "0", "1", "1", "2", "2"}));
}

TEST_F(BrokerLoopsTest, AfterAStepTheRelayWaitsForMoreUnlessItIsToHurry) {
  const auto waits_after_two = [&](absl::Duration per_event, absl::Duration max, bool hurry) {
    Relay relay("toy", {"out", "", "dead", ""}, names_, database_.options(), *producer_, leases_,
                {.gather_per_event = per_event, .gather_max = max});
    for (int i = 0; i < 2; ++i) Call("c", Earn{"alice", testing::Unique("o"), 1});
    Run();
    EXPECT_TRUE(*relay.Step());
    relay.Wake();
    if (hurry) relay.Hurry();
    const absl::Time start = absl::Now();
    relay.Await(absl::InfiniteDuration());
    return absl::Now() - start;
  };
  const absl::Duration kShort = absl::Milliseconds(25), kLong = absl::Hours(1);
  EXPECT_GE(waits_after_two(kShort, kLong, false), 2 * kShort) << "a wake does not end it";
  EXPECT_LT(waits_after_two(kLong, kShort, false), kLong);
  EXPECT_LT(waits_after_two(kLong, kLong, true), kLong);
}

TEST_F(BrokerLoopsTest, ARelayThatDiesBeforeItsCursorPublishesAgainUnderTheSameNumbers) {
  Call("a", Earn{"alice", "o1", 1});
  Run();
  ArmFault("relay.produced_not_stored", "fail@1");
  EXPECT_FALSE(relay_.Step().ok());
  EXPECT_TRUE(*relay_.Step());
  EXPECT_EQ(Published(2), (std::vector<std::string>{"0", "0"}));
}

TEST_F(BrokerLoopsTest, TheConsumerGoesOnAtTheMarkAfterAnotherOwnerMovedIt) {
  ConsumerLoop loop({{"in", 1}}, names_, database_.options(), *consumer_, leases_, {&writer_});
  auto step_until = [&](const std::function<bool()>& done) {
    return testing::WaitFor([&] {
      EXPECT_TRUE(loop.Step(absl::Milliseconds(20)).ok());
      Run();
      return done();
    });
  };
  Send("earn alice o1 1");
  ASSERT_TRUE(step_until([&] { return Balance("alice") == "1"; }));
  Send("earn alice o2 1");
  Send("earn alice o3 1");
  database_.Text("UPDATE consumer_mark SET next_offset = 2");  // another owner has taken o2
  ASSERT_TRUE(step_until([&] { return database_.Text("SELECT next_offset FROM consumer_mark") == "3"; }));
  EXPECT_EQ(Balance("alice"), "2") << "o1 and o3";
}

TEST_F(BrokerLoopsTest, APartitionThatCannotBeReadOnIsCountedAndFallsBehind) {
  ConsumerLoop loop({{"in", 1}}, names_, database_.options(), *consumer_, leases_, {&writer_});
  auto& errors =
      metrics::GetCounter("tessera_partition_errors_total", "", {{"topic", "in"}, {"reason", "LOG_TRUNCATED"}});
  const metrics::Labels partition = {{"topic", "in"}, {"partition", "0"}};
  auto& records = metrics::GetGauge("tessera_consumer_lag_records", "", partition);
  auto& seconds = metrics::GetGauge("tessera_consumer_lag_seconds", "", partition);
  auto& stopped = metrics::GetGauge("tessera_partition_stopped", "", partition);
  const double errors_before = errors.Value();
  records.Set(0);
  seconds.Set(0);
  Send("earn alice o1 1");
  Send("earn alice o2 1");
  database_.Text("UPDATE consumer_mark SET next_offset = 7");
  EXPECT_TRUE(testing::WaitFor([&] {
    EXPECT_TRUE(loop.Step(absl::Milliseconds(20)).ok());
    return seconds.Value() > 1;
  }));
  EXPECT_EQ(errors.Value(), errors_before + 1);
  EXPECT_EQ(stopped.Value(), 1);
  EXPECT_EQ(records.Value(), 2) << "the topic was made anew: all of it is unread";
  loop.Stop();
  database_.Text("UPDATE consumer_mark SET next_offset = 0");
  ConsumerLoop mended({{"in", 1}}, names_, database_.options(), *consumer_, leases_, {&writer_});
  EXPECT_TRUE(testing::WaitFor([&] {
    EXPECT_TRUE(mended.Step(absl::Milliseconds(20)).ok());
    Run();
    return Balance("alice") == "2" && records.Value() == 0;
  }));
  EXPECT_EQ(stopped.Value(), 0);
}

TEST_F(BrokerLoopsTest, ARecordThatADeadOwnerHadUnderWayIsSuspect) {
  database_.Text("INSERT INTO suspect VALUES ('in', 0, 0, 0)");  // the owner noted it before it ended
  ExpireLeases(database_);
  LeaseKeeper heir(database_.options(), RandomUuidV7(absl::Now()), "heir", {{"consume/in", 1}});
  ASSERT_TRUE(heir.Step().ok());
  ConsumerLoop loop({{"in", 1}}, names_, database_.options(), *consumer_, heir, {&writer_});
  Send("earn alice o1 1");
  ASSERT_TRUE(testing::WaitFor([&] {
    EXPECT_TRUE(loop.Step(absl::Milliseconds(20)).ok());
    Run();
    return Balance("alice") == "1";
  }));
  EXPECT_EQ(database_.Text("SELECT count(*) FROM suspect"), "0") << "it was decided as one that is noted";
}

}  // namespace
}  // namespace tessera::engine
