// Reviews around merges and program versions, while clocks differ: each is had once.
#include <gtest/gtest.h>

#include "services/membership/domain/member_fixture.h"

namespace tessera::membership {
namespace {

using Window = TierPolicy::Window;
using Downgrade = TierPolicy::Downgrade;

// Four levels at 0/500/2,000/5,000, down by one at a review.
Program WithWindow(Window window) {
  Program program = PetProgram();
  program.tiers = {{"L1", 0}, {"L2", 500}, {"L3", 2000}, {"L4", 5000}};
  program.tier_policy->window = window;
  program.tier_policy->months = window == Window::kRolling ? 1 : 0;
  program.tier_policy->downgrade = Downgrade::kOneStep;
  program.tier_policy->on_return = TierPolicy::OnReturn::kKeep;
  return program;
}

class ReviewsTest : public MemberTest {
 protected:
  void Touch(int customer) {
    world.Decide(CustomerActed{World::Key(customer), world.NextCause(), EventType::kPageViewed});
  }
  // While the timers of both are late.
  void MergeNow(int survivor, int absorbed) {
    world.Decide(CustomersMerged{MergeIdOf("m1"),
                                 "group",
                                 World::Customer(survivor),
                                 World::Customer(absorbed),
                                 world.now,
                                 {},
                                 {World::kBrand}});
  }
  // A level that the growth does not hold.
  void Reach(int customer, int64_t pounds) {
    const std::string id = "o" + std::to_string(customer);
    PayPounds(customer, id, pounds);
    Refund(customer, id, {{0, 1, 0}});
  }
};

TEST_F(ReviewsTest, AReviewIsHadOnceThoughTheClockIsBackBeforeANewVersion) {
  world.PutProgram(WithWindow(Window::kCalendarYear));
  world.PutProgram(WithWindow(Window::kCalendarYear), At(2024, 12, 31, 23));
  AdvanceTo(At(2024, 5, 1));
  Reach(1, 6000);
  AdvanceTo(At(2025, 1, 1));  // by a clock that is ahead
  ASSERT_EQ(Level(1), 3);
  world.now = At(2024, 12, 31, 22);
  Touch(1);
  AdvanceTo(At(2025, 1, 1, 1));
  EXPECT_EQ(Level(1), 3) << "reviewed twice";
}

TEST_F(ReviewsTest, AReviewIsHadOnceThoughAClockBehindStoresANewVersion) {
  world.PutProgram(WithWindow(Window::kCalendarYear));
  AdvanceTo(At(2024, 5, 1));
  Reach(1, 6000);
  AdvanceTo(At(2025, 1, 1));
  ASSERT_EQ(Level(1), 3);
  world.now -= absl::Seconds(30);
  world.PutProgram(WithWindow(Window::kRolling), world.now);
  AdvanceTo(At(2025, 1, 1, 1));
  EXPECT_EQ(Level(1), 3) << "reviewed twice";
  AdvanceTo(At(2025, 2, 1));
  EXPECT_EQ(Level(1), 2);
}

TEST_F(ReviewsTest, AVersionThatJudgedATierIsNotLeftThoughTheClockIsBackBeforeIt) {
  world.PutProgram(WithWindow(Window::kLifetime));
  world.PutProgram(WithWindow(Window::kLifetime), At(2024, 6, 1));
  AdvanceTo(At(2024, 5, 1));
  PayPounds(1, "o1", 450);
  AdvanceTo(At(2024, 6, 1));
  EXPECT_EQ(world.Root(1).tier.version, 2);
  world.now -= absl::Seconds(30);
  PayPounds(1, "o2", 1);
  EXPECT_EQ(world.Root(1).tier.version, 2);
}

TEST_F(ReviewsTest, WhoEnrolsByAClockAheadHasNoReviewOfTheTimeBefore) {
  world.PutProgram(WithWindow(Window::kCalendarYear));
  AdvanceTo(At(2025, 1, 1));
  Reach(1, 6000);
  world.now -= absl::Seconds(30);
  world.PutProgram(WithWindow(Window::kCalendarYear), world.now);
  AdvanceTo(At(2025, 1, 1, 1));
  EXPECT_EQ(Level(1), 4);
}

TEST_F(ReviewsTest, ALateReviewByANewVersionBeginsAtTheHighestLevelThatItHas) {
  world.PutProgram(WithWindow(Window::kCalendarYear));
  Program next = WithWindow(Window::kCalendarYear);
  next.tiers = {{"L1", 0}, {"L2", 500}};
  world.PutProgram(next, At(2025, 1, 5));
  AdvanceTo(At(2024, 5, 1));
  Reach(1, 6000);
  world.now = At(2025, 1, 7);
  Touch(1);
  EXPECT_EQ(Level(1), 1);
}

TEST_F(ReviewsTest, AVersionThatAClockAheadBeganHasNoReviewOfTheTimeBefore) {
  world.PutProgram(WithWindow(Window::kCalendarYear));
  AdvanceTo(At(2024, 11, 1));
  Reach(1, 6000);
  world.PutProgram(WithWindow(Window::kRolling), At(2024, 11, 30, 23));
  world.now = At(2024, 12, 1);
  Touch(1);
  world.now -= absl::Seconds(90);
  world.Decide(OrderPaid{World::Key(1),
                         {"shop", "event", world.now},
                         Order("order"),
                         std::make_shared<const Purchase>(Lines({{1, 700'000}}))});
  EXPECT_EQ(world.Root(1).tier.due, At(2025, 1, 1));
}

TEST_F(ReviewsTest, AVersionOfTheFutureDoesNotPutOffTheStartOfThePresentOne) {
  world.PutProgram(WithWindow(Window::kLifetime));
  PayPounds(1, "o1", 450);
  Program next = WithWindow(Window::kLifetime);
  next.tiers[1].threshold = 400;
  world.PutProgram(next);
  world.Decide(membership::PutProgram{World::kBrand, next, "{}", world.now + absl::Hours(24)});
  Advance(absl::Hours(1));
  EXPECT_EQ(Level(1), 2);
}

class ReviewsOfWindowTest : public ReviewsTest, public ::testing::WithParamInterface<Window> {
 protected:
  static absl::Time Next() { return GetParam() == Window::kRolling ? At(2025, 2, 1) : At(2026, 1, 1); }
};

INSTANTIATE_TEST_SUITE_P(Windows, ReviewsOfWindowTest,
                         ::testing::Values(Window::kLifetime, Window::kCalendarYear, Window::kRolling));

TEST_P(ReviewsOfWindowTest, AMergeDoesNotRepeatAReviewThatOneOfBothHadAlready) {
  world.PutProgram(WithWindow(GetParam()));
  AdvanceTo(At(2024, 12, 1));
  Reach(1, 6000);
  Reach(2, 2000);
  world.now = At(2025, 1, 1, 1);
  Touch(1);
  ASSERT_EQ(Level(1), 3);
  ASSERT_EQ(Level(2), 3);
  MergeNow(1, 2);
  EXPECT_EQ(Level(1), 3) << "reviewed twice";
  EXPECT_EQ(world.Root(1).tier.due, Next());
  const auto changes = Facts<TierChanged>();
  EXPECT_EQ(changes.back().from_level, 3);
  EXPECT_EQ(changes.back().to_level, 2) << "the review of the other";
  EXPECT_EQ(changes.back().cause, TierCause::kReview);
}

TEST_P(ReviewsOfWindowTest, EachSideIsJudgedByItsOwnGrowthAtAReviewThatIsDueAtTheMerge) {
  world.PutProgram(WithWindow(GetParam()));
  AdvanceTo(At(2024, 12, 1));
  Reach(1, 6000);
  PayPounds(2, "o2", 1000);
  world.now = At(2025, 1, 1, 1);
  MergeNow(1, 2);
  EXPECT_EQ(Level(1), 3);
  const auto changes = Facts<TierChanged>();
  ASSERT_EQ(changes.size(), 3u);
  EXPECT_EQ(changes.back().qualifying_sum, 0);
  EXPECT_EQ(world.Root(1).tier.due, Next());
}

TEST_P(ReviewsOfWindowTest, AReviewThatAClockAheadHadOfOneIsHadOfTheOtherAtTheMerge) {
  world.PutProgram(WithWindow(GetParam()));
  AdvanceTo(At(2024, 12, 1));
  Reach(1, 6000);
  Reach(2, 2000);
  world.now = At(2025, 1, 1);
  Touch(1);
  ASSERT_EQ(Level(1), 3);
  world.now -= absl::Seconds(30);
  MergeNow(1, 2);
  EXPECT_EQ(Facts<TierChanged>().back().to_level, 2) << "the review of the other";
  AdvanceTo(At(2025, 1, 1, 1));
  EXPECT_EQ(Level(1), 3) << "reviewed twice";
  EXPECT_EQ(world.Root(1).tier.due, Next());
}

TEST_F(ReviewsTest, AnAnniversaryThatIsDueAtAMergeIsHadOfItsOwnEnrolment) {
  world.PutProgram(WithWindow(Window::kAnniversary));
  AdvanceTo(At(2023, 2, 10));
  Touch(1);
  AdvanceTo(At(2024, 6, 20));
  Touch(2);
  Reach(2, 6000);
  world.now = At(2025, 6, 20);
  MergeNow(1, 2);
  EXPECT_EQ(Level(1), 3);
  EXPECT_EQ(world.Root(1).tier.due, At(2026, 2, 10));
}

class GraceTest : public ReviewsTest {
 protected:
  GraceTest() {
    Program program = WithWindow(Window::kAnniversary);
    program.tier_policy->grace_days = 30;
    world.PutProgram(program);
  }
  absl::Time Grace(int customer) { return world.Root(customer).tier.grace_from; }
};

TEST_F(GraceTest, OfTheYoungerEnrolmentEndsWithItAtAMerge) {
  AdvanceTo(At(2023, 2, 10));
  Touch(1);
  AdvanceTo(At(2024, 6, 20));
  Reach(2, 6000);
  AdvanceTo(At(2025, 6, 21));
  ASSERT_EQ(Grace(2), At(2025, 6, 20));
  Merge(1, 2, "m1");
  EXPECT_EQ(Grace(1), absl::InfinitePast());
  EXPECT_EQ(world.Root(1).tier.due, At(2026, 2, 10));
  AdvanceTo(At(2025, 8, 1));
  EXPECT_EQ(Level(1), 4) << "judged amid a year of his";
}

TEST_F(GraceTest, OfTheYoungerEnrolmentStaysIfItBeganOnAnAnniversaryOfTheOlder) {
  AdvanceTo(At(2023, 6, 20));
  Touch(1);
  AdvanceTo(At(2024, 6, 20));
  Reach(2, 6000);
  AdvanceTo(At(2025, 6, 21));
  Merge(1, 2, "m1");
  EXPECT_EQ(Grace(1), At(2025, 6, 20));
  AdvanceTo(At(2025, 7, 20));
  EXPECT_EQ(Level(1), 3);
}

TEST_F(GraceTest, OfTheOlderEnrolmentStaysThoughTheYoungerIsInAnother) {
  AdvanceTo(At(2023, 6, 10));
  Touch(1);
  AdvanceTo(At(2024, 6, 20));
  Reach(2, 6000);
  Reach(1, 6000);
  AdvanceTo(At(2025, 6, 21));
  ASSERT_EQ(Grace(1), At(2025, 6, 10));
  ASSERT_EQ(Grace(2), At(2025, 6, 20));
  Merge(2, 1, "m1");
  EXPECT_EQ(Grace(1), At(2025, 6, 10));
  AdvanceTo(At(2025, 7, 10));
  EXPECT_EQ(Level(1), 3);
}

TEST_F(GraceTest, OfWhoPassedTheEarlierReviewIsThatOfBoth) {
  Program program = WithWindow(Window::kRolling);
  program.tier_policy->grace_days = 45;
  world.PutProgram(program, At(2024, 12, 1));
  AdvanceTo(At(2024, 12, 10));
  Reach(1, 6000);
  AdvanceTo(At(2024, 12, 31));
  PayPounds(2, "o2", 6000);
  AdvanceTo(At(2025, 2, 5));
  ASSERT_EQ(Grace(1), At(2025, 1, 1));
  ASSERT_EQ(Grace(2), At(2025, 2, 1));
  Merge(1, 2, "m1");
  EXPECT_EQ(Grace(1), At(2025, 2, 1));
}

}  // namespace
}  // namespace tessera::membership
