// Calls: whom and what they may name, and what they count.
#include "services/membership/domain/member_fixture.h"

namespace tessera::membership {
namespace {

constexpr int64_t kMost = 40'000'000'000'000'000;  // of each sum of a side

class CallTest : public MemberTest {
 protected:
  CallTest() { world.PutProgram(PetProgram()); }
  void Join(int customer) { Act(customer, EventType::kPageViewed); }
};

TEST_F(CallTest, CallsAboutStrangersAndOtherCurrenciesAreRefused) {
  EXPECT_EQ(ReasonOf(Earn(1, 10)), Refused(Reason::kCustomerUnknown, "customer_id"));
  Join(1);
  EXPECT_EQ(ReasonOf(Earn(1, 10, "gold")), Refused(Reason::kCurrencyUnknown, "currency"));
  EXPECT_EQ(ReasonOf(world.Run(SpendPoints{World::Key(1), Call(), world.NextId(), "growth", 1})),
            Refused(Reason::kCurrencyNotSpendable, "currency"));
  EXPECT_TRUE(IsDone(Earn(1, 250, "growth")));
  EXPECT_EQ(Level(1), 2);
  Program program = PetProgram();
  program.enrol_on.reset();
  world = World();
  world.PutProgram(program);
  Join(1);
  EXPECT_EQ(ReasonOf(Earn(1, 10)), Refused(Reason::kNotEnrolled, "customer_id"));
}

TEST_F(CallTest, AnAmountThatMakesASumTooLargeIsNamed) {
  const std::string refused = Refused(Reason::kAmountOverflow, "amount");
  Join(1);
  EXPECT_EQ(ReasonOf(Earn(1, INT64_MAX)), refused);
  EXPECT_EQ(ReasonOf(Earn(1, kMost + 1)), refused);
  EXPECT_EQ(ReasonOf(Earn(1, kMost + 1, "growth")), refused);
  EXPECT_TRUE(IsDone(Earn(1, kMost)));
  EXPECT_EQ(ReasonOf(Earn(1, 1)), refused);
  Return(1, Spend(1, kMost));  // what was ever spent stays a sum
  EXPECT_EQ(Available(1), kMost);
  Spend(1, 1);
  EXPECT_EQ(ReasonOf(last), refused);
  EXPECT_EQ(ReasonOf(Capture(1, Hold(1, 1))), refused);
}

TEST_F(CallTest, EveryDecisionThatChangesAMemberTakesTheNextNumber) {
  Join(1);  // 1: enrolled
  Earn(1, 100);
  const HoldId hold = Hold(1, 40);
  Release(1, hold);
  EXPECT_EQ(world.Root(1).member_seq, 4);
  Spend(1, 1'000);  // refused: nothing changes
  EXPECT_EQ(world.Root(1).member_seq, 4);
}

}  // namespace
}  // namespace tessera::membership
