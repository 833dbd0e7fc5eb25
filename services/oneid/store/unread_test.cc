// What a batch could not read is not taken for absent, and what is absent does not come unseen.
#include <gtest/gtest.h>

#include <thread>

#include "absl/strings/str_cat.h"
#include "base/fault_point.h"
#include "services/oneid/tests/world.h"
#include "testing/wait.h"

namespace tessera::oneid {
namespace {

// Two accounts, one of them for a first time, and the event that shows them to be one person.
std::vector<TestEvent> Events() {
  return {{.id = "e1", .identifiers = {{"jd_pin", "", "ann"}}},
          {.id = "e2", .identifiers = {{"jd_pin", "", "bob"}}},
          {.id = "e3", .identifiers = {{"jd_pin", "", "ann"}, {"jd_pin", "", "bob"}}, .verified = true},
          {.id = "e4", .identifiers = {{"jd_pin", "", "cid"}}, .brand = "later"}};
}

std::string Rows(World& world) {
  return world.Text(
      "SELECT (SELECT count(*) FROM customer) || ' customers, ' || (SELECT count(*) FROM identifier) || "
      "' identifiers, ' || (SELECT count(*) FROM edge) || ' edges, ' || (SELECT count(*) FROM merge) || ' merges, ' || "
      "(SELECT count(*) FROM channel_event) || ' events, ' || (SELECT count(*) FROM dead_letter) || ' dead letters, ' "
      "|| (SELECT coalesce(string_agg(wait_key, ','), 'nothing') FROM waiting) || ' awaited'");
}

TEST(UnreadTest, WhicheverAnswerIsLostABatchEndsAsIfNoneHadBeen) {
  std::string sound;
  for (int lost = 0;; ++lost) {
    World world;
    world.PutBrand();
    world.Publish({.id = "e0", .identifiers = {{"jd_pin", "", "ann"}}});
    for (const TestEvent& event : Events()) world.Queue(event);
    const double retries = world.writer().Observe().retries.Value();
    if (lost > 0) ArmFault("pg.answer_lost", absl::StrCat("fail@", lost));
    world.Run();
    ArmFault("pg.answer_lost", "");
    if (lost == 0) sound = Rows(world);
    EXPECT_EQ(Rows(world), sound) << "answer " << lost << " was lost";
    EXPECT_EQ(world.Violations(), "");
    if (lost > 0 && world.writer().Observe().retries.Value() == retries) {
      EXPECT_GT(lost, 5) << "no answer was lost";
      break;
    }
  }
}

// Without the lock the event would wait for a brand that is there, for ever.
TEST(UnreadTest, ABrandThatIsToldOfWhileAnEventIsDecidedIsSeen) {
  World world;
  world.PutBrand();
  world.Text("UPDATE brand SET brand_id = 'not yet'");
  auto other = *pg::Connection::Open(world.database().options());
  ASSERT_TRUE(other->Execute("BEGIN; SELECT pg_advisory_xact_lock(x'6f6e656964636667'::int8)").ok());
  std::thread batch([&] { world.Publish({.id = "e1", .identifiers = {{"jd_pin", "", "ann"}}}); });
  EXPECT_TRUE(testing::WaitFor(
      [&] { return !other->Execute("SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND NOT granted")->empty(); }));
  ASSERT_TRUE(world.database().admin().Execute("UPDATE brand SET brand_id = 'acme'").ok());
  ASSERT_TRUE(other->Execute("COMMIT").ok());
  batch.join();
  EXPECT_EQ(world.Text("SELECT count(*) FROM waiting"), "0");
  EXPECT_EQ(world.Text("SELECT count(*) FROM customer"), "1");
}

}  // namespace
}  // namespace tessera::oneid
