// Merges, by oneid.md section 4 and the ledger's rules about them.
#include "services/membership/domain/member_fixture.h"

namespace tessera::membership {
namespace {

class MergeTest : public MemberTest {
 protected:
  MergeTest() { world.PutProgram(PetProgram()); }

  const Rekeyed& LastRekeyed() {
    for (auto fact = world.facts.rbegin(); fact != world.facts.rend(); ++fact) {
      if (auto* rekeyed = std::get_if<Rekeyed>(&*fact)) return *rekeyed;
    }
    throw std::runtime_error("nothing was rekeyed");
  }
};

TEST_F(MergeTest, BothSidesAreOneCustomerAndTheAbsorbedIdLandsOnTheRoot) {
  PayPounds(1, "o1", 100);
  PayPounds(2, "o2", 150);
  ASSERT_TRUE(IsDone(Merge(1, 2, "m1")));
  EXPECT_EQ(world.At(2).root, World::Customer(1));
  EXPECT_EQ(Available(1), 250);
  EXPECT_EQ(Available(2), 250);
  EXPECT_EQ(Level(1), 2);  // growth unites
  Spend(2, 200);
  EXPECT_TRUE(IsDone(last));
  EXPECT_EQ(Available(1), 50);
  PayPounds(2, "o3", 10);
  EXPECT_EQ(Available(1), 60);
  EXPECT_EQ(world.At(2).own.orders, 2);  // facts stay with their side
}

TEST_F(MergeTest, AnswersWithCountsAndSumsThatAgree) {
  PayPounds(1, "o1", 100);
  PayPounds(2, "o2", 150);
  Merge(1, 2, "m1");
  const Rekeyed& rekeyed = LastRekeyed();
  EXPECT_EQ(rekeyed.survivor_before.at("points_balance"), 100);
  EXPECT_EQ(rekeyed.absorbed_before.at("growth_balance"), 150);
  EXPECT_EQ(rekeyed.survivor_after.at("orders"), 2);
  for (const auto& [name, sum] : rekeyed.survivor_after) {
    EXPECT_EQ(rekeyed.survivor_before.at(name) + rekeyed.absorbed_before.at(name), sum) << name;
  }
}

TEST_F(MergeTest, IsAppliedOnceThoughItComesInTwoSlots) {
  PayPounds(1, "o1", 100);
  PayPounds(2, "o2", 150);
  Merge(1, 2, "m1");
  const size_t facts = world.facts.size();
  EXPECT_TRUE(IsDone(Merge(1, 2, "m1")));
  EXPECT_EQ(world.facts.size(), facts);
  EXPECT_TRUE(world.wakes.empty());
  EXPECT_EQ(Available(1), 250);
}

TEST_F(MergeTest, WaitsForTheMergesBeforeIt) {
  PayPounds(1, "o1", 1);
  PayPounds(2, "o2", 2);
  PayPounds(3, "o3", 4);
  const Outcome early = Merge(1, 2, "m2", {"m1"});
  EXPECT_EQ(ReasonOf(early), "wait merge/" + MergeIdOf("m1").ToString());
  EXPECT_EQ(std::get<Wait>(early).until, absl::InfiniteFuture());
  Merge(2, 3, "m1");
  EXPECT_EQ(world.wakes.size(), 3u);
  EXPECT_TRUE(IsDone(Merge(1, 2, "m2", {"m1"})));
  EXPECT_EQ(Available(3), 7);
  EXPECT_EQ(world.At(3).root, World::Customer(1));  // every alias ends in one step
  EXPECT_EQ(world.Root(1).absorbed, (std::vector<CustomerId>{World::Customer(2), World::Customer(3)}));
}

TEST_F(MergeTest, MemberSeqGoesOnFromTheLarger) {
  PayPounds(1, "o1", 1);
  for (int i = 0; i < 5; ++i) PayPounds(2, "p" + std::to_string(i), 1);
  const int64_t larger = world.Root(2).member_seq;
  Merge(1, 2, "m1");
  EXPECT_EQ(world.Root(1).member_seq, larger + 1);
}

TEST_F(MergeTest, AvailablePointsOfOnePayTheDebtOfTheOther) {
  PayPounds(1, "o1", 100);
  PayPounds(2, "o2", 80);
  Spend(2, 80);
  Refund(2, "o2", {{0, 1, 0}});
  EXPECT_EQ(Debt(2), 80);
  Merge(1, 2, "m1");
  EXPECT_EQ(Debt(1), 0);
  EXPECT_EQ(Available(1), 20);
  EXPECT_EQ(world.At(1).own.Of(1).balance(), 20);  // paid by the lot of side 1
  EXPECT_EQ(world.At(2).own.Of(1).balance(), 0);
  const Rekeyed& rekeyed = LastRekeyed();
  EXPECT_EQ(rekeyed.survivor_after.at("points_balance"), 20);
  EXPECT_EQ(rekeyed.survivor_before.at("entries") + rekeyed.absorbed_before.at("entries"),
            rekeyed.survivor_after.at("entries"));
}

TEST_F(MergeTest, AClawbackTakesTheOtherSidesLotsAndOwesOnItsOwnSide) {
  PayPounds(1, "o1", 100);
  PayPounds(2, "o2", 80);
  Spend(2, 80);
  Merge(1, 2, "m1");
  Refund(2, "o2", {{0, 1, 0}});
  EXPECT_EQ(Available(1), 20);
  Spend(1, 20);
  Refund(1, "o1", {{0, 1, 0}});
  EXPECT_EQ(Debt(1), 100);
  EXPECT_EQ(world.At(1).own.Of(1)[Measure::kDebt], 100);
  EXPECT_EQ(world.At(2).own.Of(1)[Measure::kDebt], 0);
}

TEST_F(MergeTest, TwoHundredSidesAtTheLimitOfASideFit) {
  constexpr int64_t kMost = 40'000'000'000'000'000;
  for (int customer = 1; customer <= 200; ++customer) {
    ASSERT_TRUE(IsDone(PayPounds(customer, "o" + std::to_string(customer), kMost))) << customer;
  }
  for (int customer = 2; customer <= 200; ++customer) {
    ASSERT_TRUE(IsDone(Merge(1, customer, "m" + std::to_string(customer)))) << customer;
  }
  EXPECT_EQ(Available(1), 200 * kMost);
  EXPECT_EQ(LastRekeyed().survivor_after.at("points_balance"), 200 * kMost);
  EXPECT_EQ(ReasonOf(Earn(200, 1)), Refused(Reason::kAmountOverflow, "amount")) << "each side keeps its own limit";
  Spend(1, 200 * kMost);
  EXPECT_TRUE(IsDone(last));
  EXPECT_EQ(Available(1), 0);
}

TEST_F(MergeTest, OfSumsThatWouldNotFitIsRefusedAndLeavesNoTrace) {
  constexpr int64_t kMost = 40'000'000'000'000'000;
  for (int customer = 1; customer <= 231; ++customer) PayPounds(customer, "o" + std::to_string(customer), kMost);
  for (int customer = 2; customer <= 230; ++customer) Merge(1, customer, "m" + std::to_string(customer));
  const size_t facts = world.facts.size();
  EXPECT_EQ(ReasonOf(Merge(1, 231, "m231")), Refused(Reason::kAmountOverflow, ""));
  EXPECT_EQ(Available(1), 230 * kMost);
  EXPECT_EQ(Available(231), kMost);
  EXPECT_EQ(world.At(231).root, World::Customer(231));
  EXPECT_EQ(world.facts.size(), facts);
}

TEST_F(MergeTest, OpenHoldsGoOnUnderAnyId) {
  PayPounds(1, "o1", 100);
  PayPounds(2, "o2", 80);
  const HoldId hold = Hold(2, 50);
  Merge(1, 2, "m1");
  EXPECT_EQ(Held(1), 50);
  ASSERT_TRUE(IsDone(Capture(1, hold, 30)));
  EXPECT_EQ(Available(2), 150);
}

TEST_F(MergeTest, TheAbsorbedReviewTimerGoesAndTheSurvivorsIsSet) {
  PayPounds(1, "o1", 100);
  PayPounds(2, "o2", 150);
  const auto tier = static_cast<int16_t>(TimerKind::kTier);
  ASSERT_TRUE(world.timers.contains({World::Customer(2).uuid, World::kBrand, tier}));
  Merge(1, 2, "m1");
  EXPECT_FALSE(world.timers.contains({World::Customer(2).uuid, World::kBrand, tier}));
  EXPECT_TRUE(world.timers.contains({World::Customer(1).uuid, World::kBrand, tier}));
}

TEST_F(MergeTest, OfCustomersThatAreNotKnownWritesTheAlias) {
  ASSERT_TRUE(IsDone(Merge(1, 2, "m1")));
  EXPECT_EQ(LastRekeyed().survivor_after.at("lots"), 0);
  PayPounds(2, "o2", 50);
  EXPECT_EQ(Available(1), 50);
  EXPECT_EQ(world.Root(2).enrolled_time, world.now);
  EXPECT_EQ(world.At(1).own_enrolled_time, absl::InfiniteFuture());
}

TEST_F(MergeTest, TheEarlierEnrolmentStays) {
  PayPounds(2, "o2", 50);
  const absl::Time first = world.now;
  Advance(absl::Hours(1));
  PayPounds(1, "o1", 50);
  Merge(1, 2, "m1");
  EXPECT_EQ(world.Root(1).enrolled_time, first);
  EXPECT_EQ(world.At(2).enrolled_time, absl::InfiniteFuture());
  EXPECT_EQ(world.At(2).own_enrolled_time, first);
}

TEST_F(MergeTest, BrandsThatAreNotKnownYetGetTheAliasToo) {
  CustomersMerged merge = {MergeIdOf("m1"), "group", World::Customer(1),        World::Customer(2),
                           world.now,       {},      {World::kBrand, {"other"}}};
  ASSERT_TRUE(IsDone(world.Run(merge)));
  EXPECT_EQ(world.tables.member.At({World::Customer(2), {"other"}}).root, World::Customer(1));
}

}  // namespace
}  // namespace tessera::membership
