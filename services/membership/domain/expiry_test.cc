// Sliding expiry and warnings, by the examples of membership.md section 3.
#include "services/membership/domain/ledger_fixture.h"

namespace tessera::membership {
namespace {

class ExpiryTest : public LedgerTest {};

TEST_F(ExpiryTest, ActivityExtendsAllLotsOfASlidingCurrency) {
  world = World();
  Program program = PetProgram();
  program.currencies[0].expiry.kind = ExpiryPolicy::Kind::kSliding;
  program.currencies[0].expiry.days = 30;
  program.currencies[0].expiry.activities.set(static_cast<size_t>(EventType::kCheckInDone));
  world.PutProgram(program);
  PayPounds(1, "o1", 100);
  const HoldId spend = Spend(1, 40);
  Advance(absl::Hours(24 * 20));
  Act(1, EventType::kCheckInDone);
  Act(1, EventType::kPageViewed);  // no activity
  Advance(absl::Hours(24 * 20));
  EXPECT_EQ(Available(1), 60);
  Return(1, spend);  // to a lot that was extended though it was emptied
  EXPECT_EQ(Available(1), 100);
  Advance(absl::Hours(24 * 10));
  EXPECT_EQ(Available(1), 0);
  EXPECT_EQ(Expired(1), 100);
}

TEST_F(ExpiryTest, ALotCannotBeSpentAtTheMomentOfItsExpiry) {
  PutExpiry(ExpiryPolicy::Kind::kRolling, 30, 0);
  Join(1);
  Earn(1, 100);
  world.now += absl::Hours(24 * 30) - absl::Microseconds(1);  // its timer has not run
  Spend(1, 40);
  world.now += absl::Microseconds(1);
  Spend(1, 40);  // refused
  EXPECT_EQ(Available(1), 0);
  EXPECT_EQ(Expired(1), 60);
}

TEST_F(ExpiryTest, WarnsOnceBeforeAnExpiry) {
  Put([](Currency& points) {
    points.expiry.kind = ExpiryPolicy::Kind::kRolling;
    points.expiry.days = 30;
    points.expiry.warn_days = 7;
  });
  Join(1);
  Earn(1, 100);
  Spend(1, 30);
  Advance(absl::Hours(24 * 23));
  ASSERT_EQ(Facts<PointsExpiring>().size(), 1u);
  EXPECT_EQ(Facts<PointsExpiring>()[0].amount, 70);
  Advance(absl::Hours(24 * 30));
  EXPECT_EQ(Facts<PointsExpiring>().size(), 1u);
  EXPECT_EQ(Facts<PointsExpired>()[0].amount, 70);
}

TEST_F(ExpiryTest, ALotThatIsNeverAnnouncedHidesNoOther) {
  PutExpiry(ExpiryPolicy::Kind::kRolling, 30, 0);
  Join(1);
  Earn(1, 200);
  Advance(absl::Hours(1));
  Put([](Currency& points) { points.expiry = {.kind = ExpiryPolicy::Kind::kRolling, .days = 31, .warn_days = 7}; });
  Earn(1, 100);
  Advance(absl::Hours(24 * 24));
  ASSERT_EQ(Facts<PointsExpiring>().size(), 1u);
  EXPECT_EQ(Facts<PointsExpiring>()[0].amount, 100);
}

TEST_F(ExpiryTest, ALaterLotMayBeAnnouncedBeforeAnEarlierOne) {
  Put([](Currency& points) { points.expiry = {.kind = ExpiryPolicy::Kind::kRolling, .days = 100, .warn_days = 1}; });
  Join(1);
  Earn(1, 200);
  Advance(absl::Hours(1));
  Put([](Currency& points) { points.expiry = {.kind = ExpiryPolicy::Kind::kRolling, .days = 101, .warn_days = 50}; });
  Earn(1, 100);
  Advance(absl::Hours(24 * 51));
  ASSERT_EQ(Facts<PointsExpiring>().size(), 1u);
  EXPECT_EQ(Facts<PointsExpiring>()[0].amount, 100);
  Advance(absl::Hours(24 * 48));
  ASSERT_EQ(Facts<PointsExpiring>().size(), 2u);
  EXPECT_EQ(Facts<PointsExpiring>()[1].amount, 200);
}

TEST_F(ExpiryTest, ALotIsUsableWhileNowIsBeforeItsExpiryByTheClock) {
  PutExpiry(ExpiryPolicy::Kind::kRolling, 30, 0);
  Join(1);
  Earn(1, 100);
  world.now += absl::Hours(24 * 30) - absl::Microseconds(1);
  EXPECT_TRUE(IsDone(world.Decide(SpendPoints{World::Key(1), Call(), world.NextId(), "points", 10})));
  world.now += absl::Microseconds(1);
  EXPECT_EQ(ReasonOf(world.Decide(SpendPoints{World::Key(1), Call(), world.NextId(), "points", 10})),
            Refused(Reason::kInsufficientPoints, "amount"));
}

}  // namespace
}  // namespace tessera::membership
