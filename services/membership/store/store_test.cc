// Batches against a real Postgres.
#include <gtest/gtest.h>

#include <random>
#include <thread>

#include "services/membership/domain/programs_for_test.h"
#include "services/membership/store/store_world.h"

namespace tessera::membership {
namespace {

class StoreTest : public ::testing::Test {
 protected:
  OrderPaid Paid(int customer, const std::string& id, const Purchase& purchase) {
    return {World::Key(customer), NextCause(), {id, "shop", World::kBrand}, std::make_shared<const Purchase>(purchase)};
  }
  OrderRefunded Refunded(int customer, const std::string& id, std::vector<RefundLine> lines) {
    return {World::Key(customer), NextCause(), {id, "shop", World::kBrand}, std::move(lines), 0};
  }
  Cause NextCause() { return {"shop", "e" + std::to_string(++causes_), world.now}; }
  StoreWorld world;
  int causes_ = 0;
};

TEST_F(StoreTest, AnOrderAndItsRefundInOneBatchAndInTwo) {
  world.PutProgramFile("pet");
  world.RunBatch({Paid(1, "o1", Lines({{3, 1050}, {1, 950}})), Refunded(1, "o1", {{0, 1, 0}})});
  EXPECT_EQ(world.Text("SELECT own_sums[4] FROM member"), "17");
  world.Run(Refunded(1, "o1", {{0, 2, 0}}));
  EXPECT_EQ(world.Text("SELECT own_sums[4] FROM member"), "9");
}

TEST_F(StoreTest, AMergeInTheBatchIsSeenByTheCommandsAfterIt) {
  world.PutProgramFile("pet");
  world.RunBatch({Paid(1, "o1", Lines({{1, 10000}})), Paid(2, "o2", Lines({{1, 5000}}))});
  const HoldId hold = {UuidV7Of(world.now, {"hold"})};
  const auto decided = world.RunBatch({
      HoldPoints{World::Key(2), {"call", "1"}, hold, "points", 50, absl::Hours(1)},
      CustomersMerged{{UuidV7Of(world.now, {"m"})},
                      "group",
                      World::Customer(1),
                      World::Customer(2),
                      world.now,
                      {},
                      {World::kBrand}},
      Refunded(2, "o1", {{0, 1, 0}}),
      CaptureHold{World::Key(1), {"call", "2"}, hold, 0},
      SpendPoints{World::Key(2), {"call", "3"}, {UuidV7Of(world.now, {"spend"})}, "points", 1},
  });
  for (size_t i = 0; i < 4; ++i) EXPECT_EQ(decided[i].kind, engine::Decided::Kind::kDone) << i;
  EXPECT_EQ(decided[4].kind, engine::Decided::Kind::kRefused);
  EXPECT_EQ(world.Text("SELECT root_id = '" + World::Customer(1).ToString() + "' FROM member WHERE customer_id = '" +
                       World::Customer(2).ToString() + "'"),
            "t");
  EXPECT_EQ(world.Violations(), "");
}

TEST_F(StoreTest, ManyLotsAreLoadedOnlyAsFarAsNeeded) {
  world.PutProgramFile("pet");
  std::vector<Command> orders;
  for (int i = 0; i < 300; ++i) {
    orders.emplace_back(Paid(1, "o" + std::to_string(i), Lines({{1, 100}})));
    world.now += absl::Milliseconds(2);
  }
  world.RunBatch(orders);
  const auto spend = [&](const char* id, int64_t amount) {
    return world.Run(SpendPoints{World::Key(1), {"call", id}, {UuidV7Of(world.now, {id})}, "points", amount}).kind;
  };
  EXPECT_EQ(spend("a", 5), engine::Decided::Kind::kDone);
  EXPECT_EQ(spend("b", 200), engine::Decided::Kind::kDone);
  EXPECT_EQ(spend("c", 96), engine::Decided::Kind::kRefused);
  EXPECT_EQ(spend("d", 95), engine::Decided::Kind::kDone);
  EXPECT_EQ(world.Text("SELECT count(*) FROM lot WHERE state = 2"), "300");
  EXPECT_EQ(world.Violations(), "");
}

TEST_F(StoreTest, GrowthByDayIsMadeUpFromTheLedgerWhenAWindowComes) {
  world.PutProgramFile("pet");
  world.Run(Paid(1, "o1", Lines({{1, 60000}})));
  EXPECT_EQ(world.Text("SELECT count(*) FROM growth_day"), "0");
  std::string document = StoreWorld::ReadProgramFile("pet");
  document.replace(document.find("WINDOW_LIFETIME"), 15, "WINDOW_CALENDAR_YEAR");
  world.PutDocument(document);
  world.Run(Paid(1, "o2", Lines({{1, 500}})));
  EXPECT_EQ(world.Text("SELECT sum(amount) FROM growth_day"), "605");
  EXPECT_EQ(world.Text("SELECT growth_days_kept FROM member"), "t");
  EXPECT_EQ(world.Violations(), "");
}

// Two writers on the same few customers, orders and merges: neither fails nor breaks an invariant.
TEST_F(StoreTest, TwoWritersOnTheSameCustomersKeepEveryInvariant) {
  world.PutProgramFile("pet");
  const auto work = [this](int writer) {
    auto options = world.database().options();
    options.key_access_only = true;
    auto connection = pg::Connection::Open(options);
    TESSERA_CHECK(connection.ok());
    std::mt19937 random(static_cast<uint32_t>(writer));
    const auto pick = [&random](int below) { return static_cast<int>(random() % static_cast<uint32_t>(below)); };
    for (int batch = 0; batch < 60; ++batch) {
      std::vector<std::unique_ptr<engine::AnyCommand>> commands;
      for (int i = 0; i < 8; ++i) {
        const std::string id = std::to_string(writer) + "/" + std::to_string(batch) + "/" + std::to_string(i);
        const Cause cause = {"shop", id, world.now};
        const MemberKey someone = World::Key(1 + pick(12));
        const OrderKey order = {"o" + std::to_string(pick(150)), "shop", World::kBrand};
        switch (pick(6)) {
          case 0:
            commands.push_back(api::Wrap(OrderRefunded{someone, cause, order, {{0, 1, 0}}, 0}));
            break;
          case 1:
            commands.push_back(api::Wrap(SpendPoints{someone, cause, {UuidV7Of(world.now, {id})}, "points", 7}));
            break;
          case 2:
            if (pick(8) == 0) {
              commands.push_back(api::Wrap(CustomersMerged{{UuidV7Of(world.now, {id})},
                                                           "group",
                                                           someone.customer,
                                                           World::Customer(1 + pick(12)),
                                                           world.now,
                                                           {},
                                                           {World::kBrand}}));
            }
            break;
          default:
            commands.push_back(
                api::Wrap(OrderPaid{someone, cause, order, std::make_shared<const Purchase>(Lines({{2, 1500}}))}));
        }
      }
      world.RunOn(**connection, commands);
    }
  };
  std::thread other(work, 2);
  work(1);
  other.join();
  EXPECT_EQ(world.Violations(), "");
  EXPECT_NE(world.Text("SELECT count(*) FROM member WHERE root_id <> customer_id"), "0");
}

}  // namespace
}  // namespace tessera::membership
