// Lots, holds, spends, clawbacks and debt, by the examples of membership.md section 3.
#include "services/membership/domain/ledger_fixture.h"

namespace tessera::membership {
namespace {

// ---- spending order and returns ----

TEST_F(LedgerTest, SpendTakesTheEarliestExpiryAndRefundGivesBackInReverse) {
  PutExpiry(ExpiryPolicy::Kind::kRolling, 0, 12);
  AdvanceTo(At(2024, 1, 1));
  Join(1);
  Earn(1, 100);
  AdvanceTo(At(2024, 3, 1));
  Earn(1, 50);
  AdvanceTo(At(2024, 4, 1));
  const HoldId spend = Spend(1, 120);
  EXPECT_EQ(Remaining(1), (std::vector<int64_t>{0, 30}));
  AdvanceTo(At(2024, 4, 5));
  ASSERT_TRUE(IsDone(Return(1, spend, 60)));
  EXPECT_EQ(Remaining(1), (std::vector<int64_t>{40, 50}));
  EXPECT_EQ(Available(1), 90);
  AdvanceTo(At(2025, 1, 1));  // 40 expire first
  EXPECT_EQ(Available(1), 50);
  AdvanceTo(At(2025, 3, 1));
  EXPECT_EQ(Available(1), 0);
}

TEST_F(LedgerTest, LotsWithoutExpiryAreSpentLast) {
  Join(1);
  Earn(1, 10);  // never expires
  Advance(absl::Hours(1));
  PutExpiry(ExpiryPolicy::Kind::kRolling, 30, 0);
  Earn(1, 20);
  Spend(1, 15);
  EXPECT_EQ(Remaining(1), (std::vector<int64_t>{10, 5}));
}

TEST_F(LedgerTest, MoreThanAvailableIsRefused) {
  Join(1);
  Earn(1, 30);
  Spend(1, 50);
  EXPECT_EQ(ReasonOf(last), Refused(Reason::kInsufficientPoints, "amount"));
  EXPECT_EQ(std::get<Refusal>(last).detail, "available 30, wanted 50");
}

TEST_F(LedgerTest, ASpendIsRefundedInPartsButNotTwice) {
  Join(1);
  Earn(1, 100);
  const HoldId spend = Spend(1, 60);
  Return(1, spend, 20);
  Return(1, spend);  // the rest
  EXPECT_EQ(Available(1), 100);
  EXPECT_EQ(ReasonOf(Return(1, spend)), Refused(Reason::kSpendTooSmall, "amount"));
  EXPECT_EQ(ReasonOf(Return(1, world.NextId())), Refused(Reason::kSpendUnknown, "spend_id"));
}

TEST_F(LedgerTest, AReturnAfterTheExpiryIsAnEntryAndExpiresAtOnce) {
  PutExpiry(ExpiryPolicy::Kind::kRolling, 30, 0);
  Join(1);
  Earn(1, 100);
  const HoldId spend = Spend(1, 80);
  Advance(absl::Hours(24 * 31));
  ASSERT_TRUE(IsDone(Return(1, spend)));
  EXPECT_EQ(Available(1), 0);
  EXPECT_EQ(world.Of(1)[Measure::kReturned], 80);
  EXPECT_EQ(Expired(1), 100);
  EXPECT_EQ(Facts<PointsReturned>()[0].expired, 80);
}

TEST_F(LedgerTest, AReturnAfterTheExpiryIsReinstatedForAWhile) {
  PutExpiry(ExpiryPolicy::Kind::kRolling, 30, 0, /*reinstate=*/7);
  Join(1);
  Earn(1, 100);
  const HoldId spend = Spend(1, 80);
  Advance(absl::Hours(24 * 31));
  Return(1, spend);
  EXPECT_EQ(Available(1), 80);
  EXPECT_EQ(Remaining(1), (std::vector<int64_t>{0, 80}));
  Advance(absl::Hours(24 * 7));
  EXPECT_EQ(Available(1), 0);
  EXPECT_EQ(Expired(1), 100);
}

// ---- holds ----

TEST_F(LedgerTest, TwoCartsNeverHoldTheSamePoints) {
  Join(1);
  Earn(1, 100);
  Hold(1, 70);
  EXPECT_EQ(Available(1), 30);
  EXPECT_EQ(Held(1), 70);
  Hold(1, 31);
  EXPECT_EQ(ReasonOf(last), Refused(Reason::kInsufficientPoints, "amount"));
  Hold(1, 30);
  EXPECT_EQ(Available(1), 0);
}

TEST_F(LedgerTest, CaptureTakesPartsInHoldOrderAndReleasesTheRest) {
  PutExpiry(ExpiryPolicy::Kind::kRolling, 0, 12);
  Join(1);
  Earn(1, 50);
  Advance(absl::Hours(1));
  Earn(1, 50);
  const HoldId hold = Hold(1, 80);
  ASSERT_TRUE(IsDone(Capture(1, hold, 60)));
  EXPECT_EQ(Remaining(1), (std::vector<int64_t>{0, 40}));
  EXPECT_EQ(Available(1), 40);
  EXPECT_EQ(Held(1), 0);
  EXPECT_EQ(ReasonOf(Capture(1, hold, 20)), Refused(Reason::kHoldEnded, "hold_id"));
  Return(1, hold, 15);  // 10 to the second lot, 5 to the first
  EXPECT_EQ(Remaining(1), (std::vector<int64_t>{5, 50}));
}

TEST_F(LedgerTest, AHoldIsReleasedOrTimesOut) {
  Join(1);
  Earn(1, 100);
  const HoldId first = Hold(1, 40), second = Hold(1, 50, absl::Minutes(10));
  ASSERT_TRUE(IsDone(Release(1, first)));
  EXPECT_EQ(Available(1), 50);
  Advance(absl::Minutes(10));
  EXPECT_EQ(Available(1), 100);
  EXPECT_EQ(ReasonOf(Capture(1, second)), Refused(Reason::kHoldEnded, "hold_id"));
  ASSERT_EQ(Facts<PointsReleased>().size(), 2u);
  EXPECT_TRUE(Facts<PointsReleased>()[1].timed_out);
}

TEST_F(LedgerTest, AHoldIsOverByTheClockWhetherItsTimerHasRunOrNot) {
  Join(1);
  Earn(1, 100);
  const HoldId hold = Hold(1, 40, absl::Minutes(10));
  world.now += absl::Minutes(10);
  EXPECT_EQ(ReasonOf(world.Decide(CaptureHold{World::Key(1), Call(), hold, 0})),
            Refused(Reason::kHoldEnded, "hold_id"));
  const Outcome spend = world.Decide(SpendPoints{World::Key(1), Call(), world.NextId(), "points", 100});
  EXPECT_TRUE(IsDone(spend));
}

TEST_F(LedgerTest, ALargerCaptureThanTheHoldAndUnknownHoldsAreRefused) {
  Join(1);
  Earn(1, 100);
  const HoldId hold = Hold(1, 40);
  EXPECT_EQ(ReasonOf(Capture(1, hold, 41)), Refused(Reason::kHoldTooSmall, "amount"));
  EXPECT_EQ(ReasonOf(Capture(1, world.NextId())), Refused(Reason::kHoldUnknown, "hold_id"));
  Join(2);
  EXPECT_EQ(ReasonOf(Capture(2, hold)), Refused(Reason::kHoldUnknown, "hold_id"));
}

TEST_F(LedgerTest, AHeldPartExpiresWhenItsHoldIsReleased) {
  PutExpiry(ExpiryPolicy::Kind::kRolling, 30, 0);
  Join(1);
  Earn(1, 100);
  const HoldId hold = Hold(1, 60, absl::Hours(24 * 60));
  Advance(absl::Hours(24 * 31));
  EXPECT_EQ(Available(1), 0);
  EXPECT_EQ(Held(1), 60);
  EXPECT_EQ(Expired(1), 40);
  Capture(1, hold, 20);
  EXPECT_EQ(Expired(1), 80);
  EXPECT_EQ(world.Of(1)[Measure::kSpent], 20);
}

// ---- activation ----

TEST_F(LedgerTest, PendingPointsAreVisibleButNotSpendableUntilTheirDay) {
  PutActivation(ActivationPolicy::Kind::kAfterDays, 7);
  PayPounds(1, "o1", 100);
  EXPECT_EQ(Pending(1), 100);
  Spend(1, 1);
  EXPECT_EQ(ReasonOf(last), Refused(Reason::kInsufficientPoints, "amount"));
  Advance(absl::Hours(24 * 7));
  EXPECT_EQ(Available(1), 100);
  EXPECT_EQ(Facts<PointsActivated>()[0].amount, 100);
}

TEST_F(LedgerTest, CompletionActivatesAndRollingExpiryRunsFromThere) {
  Put([](Currency& points) {
    points.activation = {ActivationPolicy::Kind::kOnOrderCompleted, 30};
    points.expiry.kind = ExpiryPolicy::Kind::kRolling;
    points.expiry.days = 100;
  });
  PayPounds(1, "o1", 100);
  Advance(absl::Hours(24 * 10));
  Complete(1, "o1");
  EXPECT_EQ(Available(1), 100);
  Advance(absl::Hours(24 * 100) - absl::Seconds(1));
  EXPECT_EQ(Available(1), 100);
  Advance(absl::Seconds(1));
  EXPECT_EQ(Available(1), 0);
}

TEST_F(LedgerTest, CompletionThatArrivesBeforePaymentActivatesAtEarning) {
  PutActivation(ActivationPolicy::Kind::kOnOrderCompleted, 30);
  Complete(1, "o1");
  PayPounds(1, "o1", 100);
  EXPECT_EQ(Available(1), 100);
  PayPounds(1, "o2", 50);
  EXPECT_EQ(Pending(1), 50);
  Advance(absl::Hours(24 * 30));  // the latest day
  EXPECT_EQ(Available(1), 150);
}

TEST_F(LedgerTest, RefundsTakeTheOrdersOwnPendingPointsFirstAndNeverOthers) {
  PutActivation(ActivationPolicy::Kind::kAfterDays, 7);
  Join(1);
  PayPounds(1, "o1", 40);
  PayPounds(1, "o2", 60);
  Refund(1, "o1", {{0, 1, 0}});
  EXPECT_EQ(Pending(1), 60);
  EXPECT_EQ(Debt(1), 0);
}

TEST_F(LedgerTest, PendingGrowthDoesNotCountUntilItIsActive) {
  Program program = PetProgram();
  program.currencies[1].activation = {ActivationPolicy::Kind::kAfterDays, 7};
  world.PutProgram(program);
  PayPounds(1, "o1", 300);
  EXPECT_EQ(Level(1), 1);
  EXPECT_EQ(world.Of(1, "growth")[Measure::kPending], 300);
  Refund(1, "o1", {}, 5000);
  EXPECT_EQ(world.Of(1, "growth")[Measure::kPending], 250);
  Advance(absl::Hours(24 * 7));
  EXPECT_EQ(Growth(1), 250);
  EXPECT_EQ(Level(1), 2);
  Refund(1, "o1", {{0, 1, 0}});
  EXPECT_EQ(Growth(1), 0);
  EXPECT_EQ(Level(1), 1);
}

// ---- negative policies and debt ----

TEST_F(LedgerTest, NegativeToFiftyOwesFiftyForgivesTheRestAndThenPays) {
  PutNegative(NegativePolicy::Kind::kNegativeTo, 50);
  PayPounds(1, "o1", 100);
  Spend(1, 70);
  EXPECT_EQ(Available(1), 30);
  Refund(1, "o1", {{0, 1, 0}});
  EXPECT_EQ(Available(1), 0);
  EXPECT_EQ(Debt(1), 50);
  EXPECT_EQ(world.Of(1).balance(), -50);
  EXPECT_EQ(Forgiven(1), 20);
  Earn(1, 60);
  EXPECT_EQ(Debt(1), 0);
  EXPECT_EQ(Available(1), 10);
}

TEST_F(LedgerTest, TheLimitIsOneForTheWholeAccount) {
  PutNegative(NegativePolicy::Kind::kNegativeTo, 50);
  PayPounds(1, "o1", 40);
  PayPounds(1, "o2", 40);
  Spend(1, 80);
  Refund(1, "o1", {{0, 1, 0}});
  Refund(1, "o2", {{0, 1, 0}});
  EXPECT_EQ(Debt(1), 50);
  EXPECT_EQ(Forgiven(1), 30);
}

TEST_F(LedgerTest, WithinBalanceTakesOtherLotsAndForgivesTheRest) {
  PutNegative(NegativePolicy::Kind::kWithinBalance);
  PayPounds(1, "o1", 100);
  Spend(1, 100);
  PayPounds(1, "o2", 30);
  Refund(1, "o1", {{0, 1, 0}});
  EXPECT_EQ(Available(1), 0);
  EXPECT_EQ(Debt(1), 0);
  EXPECT_EQ(Forgiven(1), 70);
}

TEST_F(LedgerTest, PendingOnlyTakesNoActivePoints) {
  PutNegative(NegativePolicy::Kind::kPendingOnly);
  PayPounds(1, "o1", 100);
  Refund(1, "o1", {{0, 1, 0}});
  EXPECT_EQ(Available(1), 100);
  EXPECT_EQ(Forgiven(1), 100);
}

TEST_F(LedgerTest, DebtHasNoLimitAndNeverBlocksEarning) {
  PayPounds(1, "o1", 100);
  Spend(1, 100);
  Refund(1, "o1", {{0, 1, 0}});
  EXPECT_EQ(Debt(1), 100);
  PayPounds(1, "o2", 30);
  EXPECT_EQ(Debt(1), 70);
  EXPECT_EQ(Available(1), 0);
}

TEST_F(LedgerTest, PendingPointsPayDebtWhenTheyActivate) {
  PayPounds(1, "o1", 100);
  Spend(1, 100);
  Refund(1, "o1", {{0, 1, 0}});
  PutActivation(ActivationPolicy::Kind::kAfterDays, 7);
  PayPounds(1, "o2", 130);
  EXPECT_EQ(Debt(1), 100);
  EXPECT_EQ(Pending(1), 130);
  Advance(absl::Hours(24 * 7));
  EXPECT_EQ(Debt(1), 0);
  EXPECT_EQ(Available(1), 30);
}

TEST_F(LedgerTest, PointsThatComeBackMakeAForgivenClawbackGoodFirst) {
  PutNegative(NegativePolicy::Kind::kWithinBalance);
  PayPounds(1, "o1", 100);
  const HoldId spend = Spend(1, 100);
  Refund(1, "o1", {{0, 1, 0}});
  EXPECT_EQ(Forgiven(1), 100);
  Return(1, spend, 60);
  EXPECT_EQ(Forgiven(1), 40);
  EXPECT_EQ(Available(1), 0);
  Return(1, spend);
  EXPECT_EQ(Forgiven(1), 0);
  EXPECT_EQ(world.Of(1).balance(), 0);
}

TEST_F(LedgerTest, PointsThatExpiredUnspentCountAsTakenBack) {
  PutExpiry(ExpiryPolicy::Kind::kRolling, 30, 0);
  PayPounds(1, "o1", 100, 2);
  Spend(1, 60);
  Advance(absl::Hours(24 * 30));
  EXPECT_EQ(Expired(1), 40);
  Refund(1, "o1", {{0, 1, 0}});  // 50 are due, 40 of them are gone already
  EXPECT_EQ(world.Of(1)[Measure::kClawedBack], 10);
  Refund(1, "o1", {{0, 1, 0}});
  EXPECT_EQ(world.Of(1)[Measure::kClawedBack], 60);
  const Award& award = world.tables.order.At(Order("o1")).awards[0];
  EXPECT_EQ(award.back + award.expired, award.amount);
}

TEST_F(LedgerTest, AReturnToAnExpiredLotPaysTheDebtOfItsOrderBeforeItExpires) {
  PutExpiry(ExpiryPolicy::Kind::kRolling, 30, 0);
  PayPounds(1, "o1", 100);
  const HoldId spend = Spend(1, 100);
  Advance(absl::Hours(24 * 30));
  Refund(1, "o1", {{0, 1, 0}});
  EXPECT_EQ(Debt(1), 100);
  Return(1, spend);
  EXPECT_EQ(Debt(1), 0);
  EXPECT_EQ(Expired(1), 0);
}

// ---- held parts ----

TEST_F(LedgerTest, HeldPartsAreNotTakenButOwedUntilTheHoldEnds) {
  PutNegative(NegativePolicy::Kind::kWithinBalance);
  PayPounds(1, "o1", 100);
  const HoldId hold = Hold(1, 60);
  Refund(1, "o1", {{0, 1, 0}});
  EXPECT_EQ(Available(1), 0);
  EXPECT_EQ(Held(1), 60);
  EXPECT_EQ(Debt(1), 60);  // though the policy knows no debt
  Release(1, hold);
  EXPECT_EQ(Debt(1), 0);
  EXPECT_EQ(Available(1), 0);
  EXPECT_EQ(Forgiven(1), 0);
}

TEST_F(LedgerTest, WhatIsThenCapturedFallsUnderThePolicy) {
  PutNegative(NegativePolicy::Kind::kWithinBalance);
  PayPounds(1, "o1", 100);
  const HoldId hold = Hold(1, 60);
  Refund(1, "o1", {{0, 1, 0}});
  Capture(1, hold, 25);
  EXPECT_EQ(Debt(1), 0);
  EXPECT_EQ(Available(1), 0);
  EXPECT_EQ(Forgiven(1), 25);
  Return(1, hold);  // and makes good what was forgiven
  EXPECT_EQ(Forgiven(1), 0);
  EXPECT_EQ(Available(1), 0);
  EXPECT_EQ(world.Of(1).balance(), 0);
}

TEST_F(LedgerTest, ReinstatedPointsMakeGoodWhatTheirOriginWasForgiven) {
  Put([](Currency& points) {
    points.expiry = {.kind = ExpiryPolicy::Kind::kRolling, .days = 30, .reinstate_days = 7};
    points.negative = {NegativePolicy::Kind::kWithinBalance, 0};
  });
  PayPounds(1, "o1", 100);
  const HoldId first = Spend(1, 100);
  Advance(absl::Hours(24 * 31));
  Return(1, first);  // to a lot of its own
  const HoldId second = Spend(1, 100);
  Refund(1, "o1", {{0, 1, 0}});
  EXPECT_EQ(Forgiven(1), 100);
  Return(1, second, 30);
  EXPECT_EQ(Forgiven(1), 70);
  Advance(absl::Hours(24 * 8));  // that lot expires, too
  Return(1, second);
  EXPECT_EQ(Forgiven(1), 0);
  EXPECT_EQ(Available(1), 0);
  EXPECT_EQ(world.Of(1).balance(), 0);
}

TEST_F(LedgerTest, WhatACaptureForgivesIsKeptAtTheLotWhoseClawbackWasOwed) {
  PutNegative(NegativePolicy::Kind::kWithinBalance);
  PayPounds(1, "o1", 100);
  const HoldId spend = Spend(1, 100);
  PayPounds(1, "o2", 100);
  const HoldId hold = Hold(1, 100);
  Refund(1, "o1", {{0, 1, 0}});
  EXPECT_EQ(Debt(1), 100);
  Capture(1, hold, 100);
  EXPECT_EQ(Forgiven(1), 100);
  Refund(1, "o2", {{0, 1, 0}});
  EXPECT_EQ(Forgiven(1), 200);
  Return(1, spend);
  EXPECT_EQ(Available(1), 0);
  EXPECT_EQ(Forgiven(1), 100);
  Return(1, hold);
  EXPECT_EQ(Available(1), 0);
  EXPECT_EQ(Forgiven(1), 0);
}

TEST_F(LedgerTest, CapturedReinstatedPointsAreForgivenToTheirOrigin) {
  Put([](Currency& points) {
    points.expiry = {.kind = ExpiryPolicy::Kind::kRolling, .days = 30, .reinstate_days = 7};
    points.negative = {NegativePolicy::Kind::kWithinBalance, 0};
  });
  PayPounds(1, "o1", 100);
  const HoldId spend = Spend(1, 100);
  Advance(absl::Hours(24 * 31));
  Return(1, spend, 60);
  const HoldId hold = Hold(1, 60);
  Refund(1, "o1", {{0, 1, 0}});
  EXPECT_EQ(Debt(1), 60);
  EXPECT_EQ(Forgiven(1), 40);
  Capture(1, hold, 60);
  EXPECT_EQ(Forgiven(1), 100);
  Return(1, spend);  // 40, to the lot that the order gave
  Return(1, hold);
  EXPECT_EQ(Forgiven(1), 0);
  EXPECT_EQ(world.Of(1).balance(), 0);
}

TEST_F(LedgerTest, ProvisionalDebtStandsBesideTheLimit) {
  PutNegative(NegativePolicy::Kind::kNegativeTo, 50);
  PayPounds(1, "o1", 100);
  const HoldId hold = Hold(1, 30);
  Spend(1, 70);
  Refund(1, "o1", {{0, 1, 0}});
  EXPECT_EQ(Debt(1), 80);  // 30 for the held points, 50 by the policy
  EXPECT_EQ(Forgiven(1), 20);
  Capture(1, hold);
  EXPECT_EQ(Debt(1), 50);
  EXPECT_EQ(Forgiven(1), 50);
}

}  // namespace
}  // namespace tessera::membership
