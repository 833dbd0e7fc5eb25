// Tiers, by membership.md section 4.
#include "services/membership/domain/tier.h"

#include "services/membership/domain/member_fixture.h"

namespace tessera::membership {
namespace {

using Window = TierPolicy::Window;
using Downgrade = TierPolicy::Downgrade;
using OnReturn = TierPolicy::OnReturn;

class TierTest : public MemberTest {
 protected:
  // Four levels at 0/500/2,000/5,000, as the condiment program has them.
  static Program Condiment() {
    Program program = PetProgram();
    program.tiers = {{"L1", 0}, {"L2", 500}, {"L3", 2000}, {"L4", 5000}};
    program.tier_policy->downgrade = Downgrade::kOneStep;
    program.tier_policy->on_return = OnReturn::kKeep;
    return program;
  }
  template <class Change>
  void Put(Change change) {
    Program program = Condiment();
    change(*program.tier_policy);
    world.PutProgram(program);
  }
  void PayAt(int customer, const std::string& id, int64_t pounds, absl::Time time) {
    world.Run(OrderPaid{World::Key(customer),
                        {"shop", id, time},
                        Order(id),
                        std::make_shared<const Purchase>(Lines({{1, pounds * 100}}))});
  }
};

TEST_F(TierTest, CondimentKeepsTheLevelAfterAReturnUntilTheReview) {
  world.PutProgram(Condiment());
  AdvanceTo(At(2024, 6, 1));
  PayPounds(1, "o1", 480);
  EXPECT_EQ(Level(1), 1);
  Pay(1, "o2", Lines({{1, 29000}, {1, 1000}}));
  EXPECT_EQ(Level(1), 2);  // at once
  Refund(1, "o2", {{0, 1, 0}});
  EXPECT_EQ(Growth(1), 490);
  EXPECT_EQ(Level(1), 2);  // kept until the review
  AdvanceTo(At(2024, 12, 31, 23));
  EXPECT_EQ(Level(1), 2);
  AdvanceTo(At(2025, 1, 1));
  EXPECT_EQ(Level(1), 1);  // then one step
  const auto changes = Facts<TierChanged>();
  ASSERT_EQ(changes.size(), 2u);
  EXPECT_EQ(changes[0].to_id, "L2");
  EXPECT_EQ(changes[0].cause, TierCause::kPosting);
  EXPECT_EQ(changes[0].qualifying_sum, 780);
  EXPECT_EQ(changes[1].from_id, "L2");
  EXPECT_EQ(changes[1].cause, TierCause::kReview);
}

TEST_F(TierTest, PetFallsAtOnceToTheLevelOfTheSum) {
  world.PutProgram(PetProgram());
  PayPounds(1, "o1", 6000, 3);
  EXPECT_EQ(Level(1), 5);
  Refund(1, "o1", {{0, 2, 0}});
  EXPECT_EQ(Growth(1), 2000);
  EXPECT_EQ(Level(1), 4);
  Refund(1, "o1", {{0, 1, 0}});
  EXPECT_EQ(Level(1), 1);
  EXPECT_EQ(Facts<TierChanged>().back().cause, TierCause::kReturn);
}

TEST_F(TierTest, WithDowngradeNoneAReturnLowersNothing) {
  Put([](TierPolicy& policy) {
    policy.downgrade = Downgrade::kNone;
    policy.on_return = OnReturn::kAtOnce;
  });
  PayPounds(1, "o1", 600);
  Refund(1, "o1", {{0, 1, 0}});
  AdvanceTo(At(2026, 1, 2));
  EXPECT_EQ(Level(1), 2);
}

TEST_F(TierTest, SpendingNeverLowersATier) {
  world.PutProgram(PetProgram());
  PayPounds(1, "o1", 600);
  Spend(1, 600);
  EXPECT_EQ(Level(1), 3);
}

TEST_F(TierTest, ACalendarYearIsReviewedOnTheFirstOfJanuary) {
  Put([](TierPolicy& policy) {
    policy.window = Window::kCalendarYear;
    policy.downgrade = Downgrade::kByBalance;
  });
  AdvanceTo(At(2024, 5, 1));
  PayPounds(1, "o1", 2500);
  EXPECT_EQ(Level(1), 3);
  AdvanceTo(At(2025, 1, 1));
  EXPECT_EQ(Level(1), 3);  // the year just ended has 2,500
  AdvanceTo(At(2025, 3, 1));
  PayPounds(1, "o2", 600);
  EXPECT_EQ(Level(1), 3);
  AdvanceTo(At(2026, 1, 1));
  EXPECT_EQ(Level(1), 2);  // 600 in 2025
  AdvanceTo(At(2027, 1, 1));
  EXPECT_EQ(Level(1), 1);
}

TEST_F(TierTest, APostingIsInTheWindowOfItsEffectiveTime) {
  Put([](TierPolicy& policy) { policy.window = Window::kCalendarYear; });
  AdvanceTo(At(2025, 1, 10));
  PayAt(1, "late", 600, At(2024, 12, 20));
  EXPECT_EQ(Growth(1), 600);
  EXPECT_EQ(Level(1), 1);
  PayAt(1, "now", 500, At(2025, 1, 9));
  EXPECT_EQ(Level(1), 2);
}

TEST_F(TierTest, ARollingWindowIsReviewedEveryMonth) {
  Put([](TierPolicy& policy) {
    policy.window = Window::kRolling;
    policy.months = 3;
    policy.downgrade = Downgrade::kByBalance;
  });
  AdvanceTo(At(2024, 1, 15));
  PayPounds(1, "o1", 600);
  EXPECT_EQ(Level(1), 2);
  AdvanceTo(At(2024, 4, 1));  // January to March
  EXPECT_EQ(Level(1), 2);
  AdvanceTo(At(2024, 5, 1));  // February to April
  EXPECT_EQ(Level(1), 1);
}

TEST_F(TierTest, AnAnniversaryIsReviewedWithTheEnrolment) {
  Put([](TierPolicy& policy) {
    policy.window = Window::kAnniversary;
    policy.downgrade = Downgrade::kByBalance;
  });
  AdvanceTo(At(2024, 2, 29));
  PayPounds(1, "o1", 600);
  AdvanceTo(At(2025, 2, 28));
  EXPECT_EQ(Level(1), 2);
  AdvanceTo(At(2026, 2, 27, 23));
  EXPECT_EQ(Level(1), 2);
  AdvanceTo(At(2026, 2, 28));
  EXPECT_EQ(Level(1), 1);
}

TEST_F(TierTest, AMergedCustomerIsReviewedOnTheAnniversariesOfTheOlderEnrolmentOnly) {
  Put([](TierPolicy& policy) { policy.window = Window::kAnniversary; });
  AdvanceTo(At(2023, 2, 10));
  PayPounds(1, "o1", 1);
  AdvanceTo(At(2023, 6, 20));
  PayPounds(2, "o2", 1);
  AdvanceTo(At(2025, 1, 15));
  PayPounds(1, "o3", 600);
  AdvanceTo(At(2025, 3, 1));
  EXPECT_EQ(Level(1), 2);  // by the year that ended on February 9
  Merge(1, 2, "m1");
  AdvanceTo(At(2025, 6, 20, 1));
  EXPECT_EQ(Level(1), 2) << "judged amid a year of his";
  AdvanceTo(At(2026, 2, 10));
  EXPECT_EQ(Level(1), 1);
}

TEST_F(TierTest, NoReviewIsHadTwiceThoughTheClockGoesBack) {
  Put([](TierPolicy& policy) { policy.window = Window::kAnniversary; });
  AdvanceTo(At(2024, 2, 10));
  PayPounds(1, "o1", 100);
  AdvanceTo(At(2025, 2, 10));
  world.now -= absl::Seconds(30);
  PayPounds(1, "o2", 600);
  EXPECT_EQ(Level(1), 2);
  EXPECT_EQ(world.Root(1).tier.due, At(2026, 2, 10));
}

TEST_F(TierTest, NoReviewDowngradesWithinTheHoldAfterAnUpgrade) {
  Put([](TierPolicy& policy) {
    policy.window = Window::kCalendarYear;
    policy.downgrade = Downgrade::kByBalance;
    policy.hold_months = 14;
  });
  AdvanceTo(At(2024, 12, 1));
  PayPounds(1, "o1", 600);
  AdvanceTo(At(2026, 1, 1));  // 2025 has nothing, but the hold lasts until February
  EXPECT_EQ(Level(1), 2);
  AdvanceTo(At(2027, 1, 1));
  EXPECT_EQ(Level(1), 1);
}

TEST_F(TierTest, GraceEndsWithADowngradeUnlessRecovered) {
  Put([](TierPolicy& policy) {
    policy.window = Window::kCalendarYear;
    policy.downgrade = Downgrade::kByBalance;
    policy.grace_days = 30;
  });
  AdvanceTo(At(2024, 5, 1));
  PayPounds(1, "a1", 600);
  PayPounds(2, "a2", 600);
  AdvanceTo(At(2025, 5, 1));
  PayPounds(1, "b1", 300);
  PayPounds(2, "b2", 300);
  AdvanceTo(At(2026, 1, 20));  // the review of 2025 failed with 300
  EXPECT_EQ(Level(1), 2);
  EXPECT_EQ(Level(2), 2);
  PayPounds(1, "c1", 250);  // 550 in the reviewed window and its grace
  AdvanceTo(At(2026, 1, 31));
  EXPECT_EQ(Level(1), 2);
  EXPECT_EQ(Level(2), 1);
}

TEST_F(TierTest, ANewVersionRejudgesAtItsStartUpAtOnceDownAtTheReview) {
  world.PutProgram(Condiment());
  PayPounds(1, "o1", 450);
  PayPounds(2, "o2", 600);
  PayPounds(3, "o3", 2100);
  EXPECT_EQ(Level(1), 1);
  Program program = Condiment();
  program.tiers[1].threshold = 400;
  program.tiers[2].threshold = 2200;
  world.PutProgram(program, world.now + absl::Hours(24));
  Advance(absl::Hours(23));
  EXPECT_EQ(Level(1), 1);
  Advance(absl::Hours(1));
  EXPECT_EQ(Level(1), 2);
  EXPECT_EQ(Level(2), 2);
  EXPECT_EQ(Level(3), 3);
  EXPECT_EQ(Facts<TierChanged>().back().cause, TierCause::kProgram);
  AdvanceTo(At(2025, 1, 1));
  EXPECT_EQ(Level(3), 2);
}

TEST_F(TierTest, ReviewsThatWereMissedAreMadeUpInOrder) {
  Put([](TierPolicy& policy) {
    policy.window = Window::kCalendarYear;
    policy.downgrade = Downgrade::kOneStep;
  });
  AdvanceTo(At(2024, 5, 1));
  PayPounds(1, "o1", 6000);
  EXPECT_EQ(Level(1), 4);
  world.now = At(2027, 6, 1);  // nothing ran for three years: reviews of 2025 and 2026 are due
  world.Decide(CustomerActed{World::Key(1), world.NextCause(), EventType::kPageViewed});
  EXPECT_EQ(Level(1), 2);
  EXPECT_EQ(world.Root(1).tier.due, At(2028, 1, 1));
}

TEST(TierWindowTest, WindowsAreWholeDaysOfTheBrand) {
  TierPolicy policy;
  policy.window = Window::kRolling;
  policy.months = 2;
  absl::TimeZone zone;
  ASSERT_TRUE(absl::LoadTimeZone("Asia/Shanghai", &zone));
  const absl::Time now = absl::FromCivil(absl::CivilSecond(2024, 4, 30, 1), zone);
  const TierClock clock = {now, zone, now};
  const auto day = [](int year, int month, int d) {
    return static_cast<int32_t>(absl::CivilDay(year, month, d) - absl::CivilDay(1970, 1, 1));
  };
  EXPECT_EQ(CurrentWindow(policy, clock), (DayRange{day(2024, 2, 29), day(2024, 4, 30)}));
  EXPECT_EQ(ReviewedWindow(policy, absl::FromCivil(absl::CivilDay(2024, 5, 1), zone), clock),
            (DayRange{day(2024, 3, 1), day(2024, 4, 30)}));
  policy.downgrade = Downgrade::kOneStep;
  EXPECT_EQ(NextReview(policy, clock), absl::FromCivil(absl::CivilDay(2024, 5, 1), zone));
}

}  // namespace
}  // namespace tessera::membership
