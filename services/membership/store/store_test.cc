// Batches against a real Postgres.
#include <gtest/gtest.h>

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

}  // namespace
}  // namespace tessera::membership
