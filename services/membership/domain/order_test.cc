// Orders: earning and taking back, by the examples of membership.md sections 2 and 3.
#include "services/membership/domain/earning.h"
#include "services/membership/domain/member_fixture.h"

namespace tessera::membership {
namespace {

class OrderTest : public MemberTest {
 protected:
  OrderTest() { world.PutProgram(PetProgram()); }

  // A program with one rule on points.
  void PutRule(const EarningRule& rule) {
    Program program = PetProgram();
    program.rules = {rule};
    world.PutProgram(program);
  }
  const std::vector<int64_t>& Allocation(const std::string& id) {
    return world.tables.order.At(Order(id)).awards.at(0).lines;
  }
};

TEST_F(OrderTest, ThreeLinesAreAllocatedByLargestRemainderAndClawedBackByPiece) {
  ASSERT_TRUE(IsDone(Pay(1, "o1", Lines({{1, 1000}, {2, 2000}, {1, 5}}))));
  EXPECT_EQ(Available(1), 30);
  EXPECT_EQ(Allocation("o1"), (std::vector<int64_t>{10, 20, 0}));
  ASSERT_TRUE(IsDone(Refund(1, "o1", {{1, 1, 0}})));
  EXPECT_EQ(Available(1), 20);
  ASSERT_TRUE(IsDone(Refund(1, "o1", {{1, 1, 0}})));
  EXPECT_EQ(Available(1), 10);
  EXPECT_EQ(Growth(1), 10);
}

TEST_F(OrderTest, AwardSevenOnThreePiecesIsTakenBackAsTwoTwoThree) {
  PayPounds(1, "o1", 7, 3);
  EXPECT_EQ(Available(1), 7);
  Refund(1, "o1", {{0, 1, 0}});
  EXPECT_EQ(Available(1), 5);
  Refund(1, "o1", {{0, 1, 0}});
  EXPECT_EQ(Available(1), 3);
  Refund(1, "o1", {{0, 1, 0}});
  EXPECT_EQ(Available(1), 0);
}

TEST_F(OrderTest, EnrolsAtTheFirstEventAndTellsIt) {
  Act(1, EventType::kPageViewed);
  const auto enrolled = Facts<MemberEnrolled>();
  ASSERT_EQ(enrolled.size(), 1u);
  EXPECT_EQ(enrolled[0].tier_id, "V1");
  PayPounds(1, "o1", 10);
  EXPECT_EQ(Facts<MemberEnrolled>().size(), 1u);
}

TEST_F(OrderTest, WithoutAProgramInForceNobodyIsEnrolledButTheOrderIsKnown) {
  World other;
  world = std::move(other);
  world.PutProgram(PetProgram(), world.now + absl::Hours(1));
  ASSERT_TRUE(IsDone(PayPounds(1, "o1", 10)));
  EXPECT_EQ(world.At(1).enrolled_time, absl::InfiniteFuture());
  EXPECT_TRUE(IsDone(Refund(1, "o1", {{0, 1, 0}})));
}

TEST_F(OrderTest, TheSameOrderTwiceHasOneEffect) {
  PayPounds(1, "o1", 10);
  const int64_t seq = world.Root(1).member_seq;
  EXPECT_TRUE(IsDone(PayPounds(1, "o1", 10)));  // another event id
  EXPECT_EQ(Available(1), 10);
  EXPECT_EQ(world.Root(1).member_seq, seq);
  EXPECT_EQ(ReasonOf(PayPounds(1, "o1", 11)), Refused(Reason::kOrderChanged, "lines"));
}

TEST_F(OrderTest, ExcludedCodesCategoriesAndTagsEarnNothing) {
  EarningRule rule = RuleFor("points");
  rule.excluded_codes = {"item0"};
  rule.excluded_categories = {"voucher"};
  rule.excluded_tags = {"sale"};
  PutRule(rule);
  Purchase purchase = Lines({{1, 1000}, {1, 1000}, {1, 1000}, {1, 1000}});
  purchase.lines[1].category = "voucher";
  purchase.lines[2].tags = {"new", "sale"};
  Pay(1, "o1", purchase);
  EXPECT_EQ(Available(1), 10);
  EXPECT_EQ(Allocation("o1"), (std::vector<int64_t>{0, 0, 0, 10}));
}

TEST_F(OrderTest, BasesCountListPaidFreightAndPieces) {
  Purchase purchase = Lines({{2, 900}, {1, 600}});
  purchase.lines[0].list_minor = 1200;
  purchase.freight_minor = 500;
  EarningRule rule = RuleFor("points");
  const auto sum = [&](EarningRule::Base base) {
    rule.base = base;
    return AwardOf(rule, purchase)->amount;
  };
  EXPECT_EQ(sum(EarningRule::Base::kGoodsPaid), 15);
  EXPECT_EQ(sum(EarningRule::Base::kGoodsList), 18);
  EXPECT_EQ(sum(EarningRule::Base::kOrderPaid), 20);
  rule.per = 1;
  EXPECT_EQ(sum(EarningRule::Base::kQuantity), 3);
  rule.points = 7;
  EXPECT_EQ(sum(EarningRule::Base::kFixed), 7);
  EXPECT_EQ(AwardOf(rule, purchase)->lines, (std::vector<int64_t>{4, 3, 0}));  // 7 x 900/1500 = 4.2
}

TEST_F(OrderTest, FreightIsALastPseudoLine) {
  EarningRule rule = RuleFor("points");
  rule.base = EarningRule::Base::kOrderPaid;
  PutRule(rule);
  Purchase purchase = Lines({{1, 1000}});
  purchase.freight_minor = 500;
  Pay(1, "o1", purchase);
  EXPECT_EQ(Allocation("o1"), (std::vector<int64_t>{10, 5}));
  Refund(1, "o1", {{1, 0, 500}});
  EXPECT_EQ(Available(1), 10);
}

TEST_F(OrderTest, FixedWeighsByPaidElseByQuantity) {
  EarningRule rule = RuleFor("points");
  rule.base = EarningRule::Base::kFixed;
  rule.per = 0;
  rule.points = 10;
  EXPECT_EQ(AwardOf(rule, Lines({{1, 300}, {1, 700}}))->lines, (std::vector<int64_t>{3, 7}));
  EXPECT_EQ(AwardOf(rule, Lines({{4, 0}, {1, 0}}))->lines, (std::vector<int64_t>{8, 2}));
  rule.excluded_codes = {"item0"};
  EXPECT_EQ(AwardOf(rule, Lines({{1, 300}}))->amount, 0);
}

TEST_F(OrderTest, PointsMoneyDoesNotCountAsPaidUnlessDeclared) {
  Purchase purchase = Lines({{1, 1000}, {1, 2000}});
  purchase.lines[0].points_minor = 100;
  purchase.points_minor = 290;  // spread by what is left to pay: 90 on the first, 200 on the second
  EarningRule rule = RuleFor("points");
  EXPECT_EQ(BasesOf(rule, purchase), (std::vector<int64_t>{810, 1800}));
  rule.include_points_paid = true;
  EXPECT_EQ(BasesOf(rule, purchase), (std::vector<int64_t>{1000, 2000}));
}

TEST_F(OrderTest, RoundsOncePerOrderAndRule) {
  const Purchase purchase = Lines({{1, 150}, {1, 100}});
  EarningRule rule = RuleFor("points");
  EXPECT_EQ(AwardOf(rule, purchase)->amount, 2);
  rule.rounding = EarningRule::Rounding::kHalfUp;
  EXPECT_EQ(AwardOf(rule, purchase)->amount, 3);
  rule.per = 101;
  EXPECT_EQ(AwardOf(rule, purchase)->amount, 2);
  rule.rounding = EarningRule::Rounding::kCeil;
  EXPECT_EQ(AwardOf(rule, purchase)->amount, 3);
}

TEST_F(OrderTest, RefundBeforeItsOrderWaitsForIt) {
  const Outcome refund = Refund(1, "o1", {{0, 1, 0}});
  ASSERT_EQ(ReasonOf(refund), "wait order/pets/shop/o1");
  EXPECT_EQ(std::get<Wait>(refund).until, world.now + absl::Hours(24 * 7));
  EXPECT_EQ(std::get<Wait>(refund).then_reason, Reason::kOrderUnknown);
  PayPounds(1, "o1", 10);
  EXPECT_EQ(world.wakes, std::vector<engine::WaitKey>{{"order/pets/shop/o1"}});
  EXPECT_TRUE(IsDone(Refund(1, "o1", {{0, 1, 0}})));
  EXPECT_EQ(Available(1), 0);
}

TEST_F(OrderTest, MorePiecesThanBoughtRefusesTheWholeEvent) {
  PayPounds(1, "o1", 10, 2);
  EXPECT_EQ(ReasonOf(Refund(1, "o1", {{0, 1, 0}, {0, 2, 0}})), Refused(Reason::kTooManyPieces, "lines[1].pieces"));
  EXPECT_EQ(Available(1), 10);
  EXPECT_TRUE(world.tables.order.At(Order("o1")).back_pieces.empty());
  EXPECT_EQ(ReasonOf(Refund(1, "o1", {{1, 1, 0}})), Refused(Reason::kFieldInvalid, "lines[0].line"));
  EXPECT_EQ(ReasonOf(Refund(1, "o1", {{0, -1, 0}})), Refused(Reason::kFieldInvalid, "lines[0].pieces"));
}

TEST_F(OrderTest, MoneyWithoutALineIsSpreadByAmountsWhateverCameBackBefore) {
  Pay(1, "o1", Lines({{1, 2000}, {1, 1000}}));
  Refund(1, "o1", {{1, 0, 500}});
  Refund(1, "o1", {}, 300);  // 200 and 100
  Pay(2, "o2", Lines({{1, 2000}, {1, 1000}}));
  Refund(2, "o2", {}, 300);
  Refund(2, "o2", {{1, 0, 500}});
  EXPECT_EQ(Available(1), 30 - 2 - 6);
  EXPECT_EQ(Available(2), 30 - 2 - 6);
}

TEST_F(OrderTest, MoneyIsTakenBackByItsShareAndSpreadWhereItHasNoLine) {
  Pay(1, "o1", Lines({{1, 1000}, {1, 2000}}));
  EXPECT_EQ(ReasonOf(Refund(1, "o1", {{0, 0, 1001}})), Refused(Reason::kTooMuchMoney, "lines[0].money_minor"));
  EXPECT_EQ(ReasonOf(Refund(1, "o1", {}, 3001)), Refused(Reason::kTooMuchMoney, "money_minor"));
  Refund(1, "o1", {}, 300);  // 100 and 200: a tenth of each line
  EXPECT_EQ(Available(1), 27);
  Refund(1, "o1", {{0, 1, 0}});
  EXPECT_EQ(Available(1), 18);
  Refund(1, "o1", {}, 1800);
  EXPECT_EQ(Available(1), 0);
}

TEST_F(OrderTest, ImpossibleFiguresAreRefusedWithTheirField) {
  EXPECT_EQ(ReasonOf(Pay(1, "o1", Lines({{0, 100}}))), Refused(Reason::kFieldInvalid, "lines[0].quantity"));
  EXPECT_EQ(ReasonOf(Pay(1, "o1", Lines({{1, 100}, {1, -1}}))), Refused(Reason::kFieldInvalid, "lines[1].list_minor"));
  Purchase purchase = Lines({{1, 100}});
  purchase.lines[0].points_minor = 101;
  EXPECT_EQ(ReasonOf(Pay(1, "o1", purchase)), Refused(Reason::kFieldInvalid, "lines[0].points_minor"));
  purchase = Lines({{1, 100}});
  purchase.points_minor = 101;
  EXPECT_EQ(ReasonOf(Pay(1, "o1", purchase)), Refused(Reason::kFieldInvalid, "points_minor"));
  EXPECT_EQ(ReasonOf(Pay(1, "o1", Lines({{1, INT64_MAX}, {1, 1}}))), Refused(Reason::kAmountOverflow, "lines"));
}

TEST_F(OrderTest, SumsThatWouldNotFitAreRefused) {
  EarningRule rule = RuleFor("points");
  rule.points = 1'000'000'000'000;
  rule.per = 1;
  PutRule(rule);
  EXPECT_EQ(ReasonOf(Pay(1, "o1", Lines({{1, INT64_MAX}}))), Refused(Reason::kAmountOverflow, "lines"));
  rule.points = 1;
  PutRule(rule);
  EXPECT_EQ(ReasonOf(Pay(1, "o1", Lines({{1, INT64_MAX}}))), Refused(Reason::kAmountOverflow, "lines"));
  constexpr int64_t kMost = 40'000'000'000'000'000;  // 200 sides of it fit into 64 bits
  EXPECT_TRUE(IsDone(Pay(1, "o1", Lines({{1, kMost}}))));
  EXPECT_EQ(ReasonOf(Pay(1, "o2", Lines({{1, 1}}))), Refused(Reason::kAmountOverflow, "lines"));
}

TEST_F(OrderTest, AnOrderOfAnotherCustomerWaitsForAMergeOfHis) {
  PayPounds(1, "o1", 10);
  const std::string wait = "wait root/" + World::Customer(1).ToString();
  EXPECT_EQ(ReasonOf(Refund(2, "o1", {{0, 1, 0}})), wait);
  EXPECT_EQ(ReasonOf(PayPounds(2, "o1", 10)), wait);
  EXPECT_EQ(ReasonOf(Complete(2, "o1")), wait);
  Merge(1, 2, "m1");
  EXPECT_TRUE(IsDone(Refund(2, "o1", {{0, 1, 0}})));
  EXPECT_EQ(Available(2), 0);
}

TEST_F(OrderTest, EventsOfAnUnknownBrandWaitForIt) {
  OrderPaid paid = {{World::Customer(1), {"other"}},
                    world.NextCause(),
                    {"o1", "shop", {"other"}},
                    std::make_shared<const Purchase>(Lines({{1, 100}}))};
  EXPECT_EQ(ReasonOf(world.Run(paid)), "wait brand/other");
}

TEST_F(OrderTest, EventsWithoutLinesEarnAFixedAward) {
  EarningRule rule = RuleFor("points", EventType::kReviewPosted);
  rule.base = EarningRule::Base::kFixed;
  rule.per = 0;
  rule.points = 5;
  PutRule(rule);
  Act(1, EventType::kReviewPosted);
  Act(1, EventType::kReviewPosted);
  Act(1, EventType::kCheckInDone);
  EXPECT_EQ(Available(1), 10);
}

TEST_F(OrderTest, OrderCompletedEarnsForThePaidLinesLessWhatCameBack) {
  PutRule(RuleFor("points", EventType::kOrderCompleted));
  PayPounds(1, "o1", 10, 2);
  Refund(1, "o1", {{0, 1, 0}});
  EXPECT_EQ(Available(1), 0);
  Complete(1, "o1");
  EXPECT_EQ(Available(1), 5);
  Complete(1, "o1");  // once
  EXPECT_EQ(Available(1), 5);
  Refund(1, "o1", {{0, 1, 0}});
  EXPECT_EQ(Available(1), 0);
}

TEST_F(OrderTest, CompletionBeforePaymentEarnsWithThePayment) {
  PutRule(RuleFor("points", EventType::kOrderCompleted));
  Complete(1, "o1");
  EXPECT_EQ(Available(1), 0);
  PayPounds(1, "o1", 10);
  EXPECT_EQ(Available(1), 10);
}

TEST_F(OrderTest, ANewVersionCountsForEventsFromItsTimeOn) {
  Program program = PetProgram();
  program.rules[0].points = 2;
  world.PutProgram(program, world.now + absl::Hours(1));
  PayPounds(1, "o1", 10);
  Advance(absl::Hours(1));
  PayPounds(1, "o2", 10);
  EXPECT_EQ(Available(1), 30);
  // A late event earns by the version of its own time.
  world.Run(OrderPaid{World::Key(1),
                      {"shop", "late", world.now - absl::Hours(1)},
                      Order("o3"),
                      std::make_shared<const Purchase>(Lines({{1, 1000}}))});
  EXPECT_EQ(Available(1), 40);
}

TEST_F(OrderTest, EachFactCarriesTheBalanceAfterAndThePostingOrder) {
  PayPounds(1, "o1", 10);
  PayPounds(1, "o2", 20);
  const auto& fact = std::get<MemberFact>(world.facts.back());
  EXPECT_EQ(fact.root, World::Customer(1));
  EXPECT_EQ(fact.member_seq, 2);
  ASSERT_EQ(fact.balances.size(), 2u);
  EXPECT_EQ(fact.balances[0], (BalanceAfter{"points", 30, 0, 0, 0}));
  const auto& earned = std::get<PointsEarned>(fact.what);
  ASSERT_EQ(earned.awards.size(), 2u);
  EXPECT_EQ(earned.awards[1].rule_id, "growth_per_pound");
  EXPECT_TRUE(earned.awards[1].lot.is_nil());
}

}  // namespace
}  // namespace tessera::membership
