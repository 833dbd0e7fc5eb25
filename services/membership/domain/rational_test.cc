#include "services/membership/domain/rational.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <numeric>

namespace tessera::membership {
namespace {

using Parts = std::vector<int64_t>;

TEST(AllocateWithinTest, WhatAPartCannotTakeGoesToTheOthers) {
  EXPECT_EQ(AllocateWithin(300, {1000, 1000}, {1000, 500}), (Parts{150, 150}));
  EXPECT_EQ(AllocateWithin(300, {1000, 1000}, {1000, 100}), (Parts{200, 100}));
  EXPECT_EQ(AllocateWithin(301, {1000, 1000, 5}, {1000, 0, 1}), (Parts{300, 0, 1}));
  EXPECT_EQ(AllocateWithin(6, {1, 2, 3, 0}, {1, 2, 3, 0}), (Parts{1, 2, 3, 0}));
}

TEST(AllocateTest, LargestRemainderTiesGoToTheLowerLine) {
  EXPECT_EQ(Allocate(30, {1000, 2000, 5}), (Parts{10, 20, 0}));
  EXPECT_EQ(Allocate(1, {1, 1}), (Parts{1, 0}));
  EXPECT_EQ(Allocate(2, {1, 1, 1}), (Parts{1, 1, 0}));
  EXPECT_EQ(Allocate(7, {0, 5, 0}), (Parts{0, 7, 0}));
  EXPECT_EQ(Allocate(0, {}), Parts{});
}

TEST(AllocateTest, AmountsNearTheLimitDoNotWrap) {
  EXPECT_EQ(Allocate(INT64_MAX, {INT64_MAX - 1, 1}), (Parts{INT64_MAX - 1, 1}));
}

RC_GTEST_PROP(AllocateTest, PartsSumToTheTotalAndAreWithinOneOfTheirShare, ()) {
  const auto weights = *rc::gen::nonEmpty(rc::gen::container<Parts>(rc::gen::inRange<int64_t>(0, 1'000)));
  const int64_t sum = std::accumulate(weights.begin(), weights.end(), int64_t{0});
  const int64_t total = sum == 0 ? 0 : *rc::gen::inRange<int64_t>(0, 100'000);
  const Parts parts = Allocate(total, weights);
  RC_ASSERT(std::accumulate(parts.begin(), parts.end(), int64_t{0}) == total);
  for (size_t i = 0; i < parts.size() && sum > 0; ++i) {
    RC_ASSERT(parts[i] >= total * weights[i] / sum);
    RC_ASSERT(parts[i] <= total * weights[i] / sum + 1);
  }
}

TEST(ClawbackTest, AwardSevenOnThreePiecesIsTwoTwoThree) {
  EXPECT_EQ(ClawbackOf(7, {1, 3, 0, 700}), 2);
  EXPECT_EQ(ClawbackOf(7, {2, 3, 0, 700}), 4);
  EXPECT_EQ(ClawbackOf(7, {3, 3, 0, 700}), 7);
}

TEST(ClawbackTest, PiecesAndMoneyAddUpToTheWholeAtMost) {
  EXPECT_EQ(ClawbackOf(100, {1, 2, 25, 100}), 75);
  EXPECT_EQ(ClawbackOf(100, {1, 2, 50, 100}), 100);
  EXPECT_EQ(ClawbackOf(100, {1, 2, 90, 100}), 100);
  EXPECT_EQ(ClawbackOf(100, {0, 0, 1, 3}), 33);  // freight has no pieces
  EXPECT_EQ(ClawbackOf(100, {1, 4, 0, 0}), 25);  // a gift has no price
}

TEST(ClawbackTest, ExactWhereTheProductNeedsMoreThan128Bits) {
  const int64_t big = INT64_MAX;
  // k/q + m/M = 1/2 - tiny + 1/2 - tiny, just below 1.
  EXPECT_EQ(ClawbackOf(big, {big / 2, big, big / 2, big}), big - 1);
  EXPECT_EQ(ClawbackOf(big, {big - 1, big, 0, big}), big - 1);
  EXPECT_EQ(ClawbackOf(big, {1, big, 1, big}), 2);
}

// Any order of partial refunds takes back the whole award, never more, never less on the way.
RC_GTEST_PROP(ClawbackTest, AnyOrderOfPartialRefundsEndsAtTheAward, ()) {
  const int64_t award = *rc::gen::inRange<int64_t>(0, 1'000), quantity = *rc::gen::inRange<int64_t>(1, 20);
  const int64_t amount = *rc::gen::inRange<int64_t>(0, 1'000);
  Returned returned = {0, quantity, 0, amount};
  int64_t taken = 0;
  while (returned.pieces < quantity) {
    const int64_t money_left = MoneyLeft(returned);
    if (money_left > 0 && *rc::gen::arbitrary<bool>()) {
      returned.money += *rc::gen::inRange<int64_t>(1, money_left + 1);
    } else {
      returned.pieces += *rc::gen::inRange<int64_t>(1, quantity - returned.pieces + 1);
    }
    const int64_t due = ClawbackOf(award, returned);
    RC_ASSERT(due >= taken);
    RC_ASSERT(due <= award);
    taken = due;
  }
  RC_ASSERT(taken == award);
}

TEST(MoneyLeftTest, WhatPiecesAndMoneyHaveNotTaken) {
  EXPECT_EQ(MoneyLeft({1, 3, 0, 100}), 67);
  EXPECT_EQ(MoneyLeft({1, 3, 60, 100}), 7);
  EXPECT_EQ(MoneyLeft({3, 3, 60, 100}), 0);
  EXPECT_EQ(MoneyLeft({0, 0, 60, 100}), 40);
}

}  // namespace
}  // namespace tessera::membership
