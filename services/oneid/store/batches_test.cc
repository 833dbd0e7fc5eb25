// However events are cut into batches and shared among writers, the rows are the same, or at least sound.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "services/oneid/tests/any_events.h"
#include "services/oneid/tests/world.h"

namespace tessera::oneid {
namespace {

// All rows of the graph, but for what is sealed with random keys.
std::string Dump(World& world) {
  std::string dump;
  for (const char* sql :
       {"SELECT string_agg(e::text, E'\\n' ORDER BY identifier_id, valid_from, seq) FROM edge e",
        "SELECT string_agg(customer_id || ' ' || root_id || ' ' || anonymous || ' ' || decision_number || ' ' || "
        "coalesce(last_change_id::text, '') || ' ' || identifier_ids::text, E'\\n' ORDER BY customer_id) FROM customer",
        "SELECT string_agg(identifier_id || ' ' || namespace || ' ' || scope || ' ' || decision_number || ' ' || "
        "quarantined || ' ' || shared || ' ' || coalesce(logged_in_customer_id::text, '') || ' ' || "
        "coalesce(transaction_customer_id::text, '') || ' ' || coalesce(sealed_for::text, '') || ' ' || "
        "coalesce(length(sealed_value), 0), E'\\n' ORDER BY identifier_id) FROM identifier",
        "SELECT string_agg(p::text, E'\\n' ORDER BY p::text) FROM presentation p",
        "SELECT string_agg(a::text, E'\\n' ORDER BY a::text) FROM activity a",
        "SELECT string_agg(merge_id || ' ' || survivor_id || ' ' || absorbed_id, E'\\n' ORDER BY merge_id) FROM merge",
        "SELECT string_agg(source || event_id || ' ' || decision_number || ' ' || changed_graph || ' ' || "
        "coalesce(root_id::text, '-') || ' ' || coalesce(origin_customer_id::text, '-') || ' ' || "
        "encode(steps, 'hex'), E'\\n' ORDER BY event_id) FROM identifier_event"}) {
    dump += world.Text(sql) + "\n\n";
  }
  return dump;
}

class BatchesTest : public ::testing::TestWithParam<uint32_t> {};

TEST_P(BatchesTest, OneByOneOrAllAtOnceGivesTheSameRows) {
  const auto events = AnyEvents(GetParam(), 250);
  World one_by_one(1), at_once(200);
  for (World* world : {&one_by_one, &at_once}) {
    world->PutBrand();
    for (const TestEvent& event : events) world->Queue(event);
    world->Run();
    EXPECT_EQ(world->DeadLetter(), "");
    EXPECT_EQ(world->Violations(), "");
  }
  EXPECT_EQ(one_by_one.writer().Observe().restarts.Value(), 0);
  const std::string expected = Dump(one_by_one);
  EXPECT_GT(expected.size(), 10'000u);
  EXPECT_EQ(Dump(at_once), expected);
}

INSTANTIATE_TEST_SUITE_P(Seeds, BatchesTest, ::testing::Values(1u, 2u));

TEST(WritersTest, SeveralAtOnceOverTheSameCustomersKeepEveryInvariant) {
  World world;
  world.PutBrand();
  constexpr int kWriters = 3, kEvents = 400;
  std::atomic<int64_t> conflicts = 0;
  std::vector<std::thread> threads;
  for (int w = 0; w < kWriters; ++w) {
    threads.emplace_back([&world, &conflicts, w, feed = world.NewFeed("tessera.channel.events.v1", w + 1)] {
      engine::Writer writer(TestService(), {"oneid", TestKeys().wrapping_key, RandomUuidV7(absl::Now()), w + 1},
                            world.clock(), World::WriterOptions(world.database()), {.batch = 20}, {});
      int64_t offset = 0;
      for (const TestEvent& event : AnyEvents(static_cast<uint32_t>(10 + w), kEvents, std::string(1, "abcdefgh"[w]))) {
        kafka::Record record = World::RecordOf(event);
        record.topic = feed->topic;
        record.partition = feed->partition;
        record.offset = offset++;
        engine::Work work;
        work.origin = engine::RecordOrigin{feed, std::move(record), std::nullopt};
        ASSERT_TRUE(writer.Push(work));
      }
      while (writer.Step(absl::ZeroDuration())) {
      }
      conflicts += static_cast<int64_t>(writer.Observe().restarts.Value() + writer.Observe().retries.Value());
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_GT(conflicts, 0) << "they did not meet: the test shows nothing";
  EXPECT_EQ(world.DeadLetter(), "");
  EXPECT_EQ(world.Text("SELECT count(*) FROM parked"), "0");
  EXPECT_EQ(world.Text("SELECT count(*) FROM identifier_event"), std::to_string(kWriters * kEvents));
  EXPECT_EQ(world.Violations(), "");
}

}  // namespace
}  // namespace tessera::oneid
