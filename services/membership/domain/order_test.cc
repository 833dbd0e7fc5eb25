// Orders, by the examples of membership.md sections 2 and 3.
#include <gtest/gtest.h>

#include "services/membership/domain/programs_for_test.h"
#include "services/membership/domain/world.h"

namespace tessera::membership {
namespace {

class OrderTest : public testing::Test {
 protected:
  OrderKey Order(const std::string& id) { return {id, "shop", World::kBrand}; }

  Outcome Pay(int customer, const std::string& id, Purchase purchase) {
    return world.Run(OrderPaid{World::Key(customer), world.NextCause(), Order(id),
                               std::make_shared<const Purchase>(std::move(purchase))});
  }
  Outcome Refund(int customer, const std::string& id, std::vector<RefundLine> lines, int64_t money = 0) {
    return world.Run(OrderRefunded{World::Key(customer), world.NextCause(), Order(id), std::move(lines), money});
  }
  int64_t Points(int customer) { return world.Of(customer)[Measure::kAvailable]; }

  World world;
};

TEST_F(OrderTest, ThreeLinesAreAllocatedByLargestRemainderAndClawedBackByPiece) {
  world.PutProgram(PetProgram());
  ASSERT_TRUE(std::holds_alternative<Done>(Pay(1, "o1", Lines({{1, 1000}, {2, 2000}, {1, 5}}))));
  EXPECT_EQ(Points(1), 30);
  EXPECT_EQ(world.tables.order.At(Order("o1")).awards[0].lines, (std::vector<int64_t>{10, 20, 0}));
  ASSERT_TRUE(std::holds_alternative<Done>(Refund(1, "o1", {{1, 1, 0}})));
  EXPECT_EQ(Points(1), 20);
  ASSERT_TRUE(std::holds_alternative<Done>(Refund(1, "o1", {{1, 1, 0}})));
  EXPECT_EQ(Points(1), 10);
  EXPECT_EQ(world.Of(1, "growth")[Measure::kAvailable], 10);
}

TEST_F(OrderTest, AwardSevenOnThreePiecesIsTakenBackAsTwoTwoThree) {
  world.PutProgram(PetProgram());
  Pay(1, "o1", Lines({{3, 700}}));
  EXPECT_EQ(Points(1), 7);
  Refund(1, "o1", {{0, 1, 0}});
  EXPECT_EQ(Points(1), 5);
  Refund(1, "o1", {{0, 1, 0}});
  EXPECT_EQ(Points(1), 3);
  Refund(1, "o1", {{0, 1, 0}});
  EXPECT_EQ(Points(1), 0);
}

}  // namespace
}  // namespace tessera::membership
