#include "engine/lease.h"

#include <gtest/gtest.h>

#include "engine/tests/expire_leases.h"
#include "engine/tests/toy.h"
#include "testing/postgres.h"

namespace tessera::engine {
namespace {

class LeaseTest : public ::testing::Test {
 protected:
  std::unique_ptr<LeaseKeeper> Keeper() {
    return std::make_unique<LeaseKeeper>(database_.options(), RandomUuidV7(absl::Now()), "test",
                                         std::vector<LeaseGroup>{{"relay", 4}}, [this] { return now_; });
  }

  testing::TestDatabase database_{"toy", toy::ToyFiles()};
  std::chrono::steady_clock::time_point now_ = std::chrono::steady_clock::now();
};

TEST_F(LeaseTest, OneInstanceHoldsAllAndTwoShare) {
  auto a = Keeper();
  ASSERT_TRUE(a->Step().ok());
  EXPECT_EQ(a->Held("relay"), (std::set<int32_t>{0, 1, 2, 3}));
  auto b = Keeper();
  ASSERT_TRUE(b->Step().ok());  // announces itself; everything is taken
  EXPECT_TRUE(b->Held("relay").empty());
  ASSERT_TRUE(a->Step().ok());  // gives its share up
  ASSERT_TRUE(b->Step().ok());
  EXPECT_EQ(a->Held("relay").size(), 2u);
  EXPECT_EQ(b->Held("relay").size(), 2u);
  for (int32_t slot : a->Held("relay")) EXPECT_FALSE(b->Held("relay").contains(slot));
  EXPECT_FALSE(b->TookOverFromDead("relay", *b->Held("relay").begin()));
}

TEST_F(LeaseTest, ADeadInstancesLeasesAreTakenOverAndSaidToBe) {
  auto a = Keeper();
  ASSERT_TRUE(a->Step().ok());
  ExpireLeases(database_);
  auto b = Keeper();
  ASSERT_TRUE(b->Step().ok());
  EXPECT_EQ(b->Held("relay").size(), 4u);
  EXPECT_TRUE(b->TookOverFromDead("relay", 2));
}

TEST_F(LeaseTest, AnInstanceThatWasPausedHoldsNothingUntilItHasRenewedItsLeases) {
  auto a = Keeper();
  ASSERT_TRUE(a->Step().ok());
  now_ += absl::ToChronoMilliseconds(kLeaseTime - absl::Seconds(1));
  EXPECT_EQ(a->Held("relay").size(), 4u);
  now_ += std::chrono::milliseconds(1);
  EXPECT_TRUE(a->Held("relay").empty()) << "before the database lets another have them";
  ASSERT_TRUE(a->Step().ok());
  EXPECT_EQ(a->Held("relay").size(), 4u);
}

TEST_F(LeaseTest, LeasesGivenBackAreTakenAtOnce) {
  auto a = Keeper();
  ASSERT_TRUE(a->Step().ok());
  a->ReleaseAll();
  EXPECT_TRUE(a->Held("relay").empty());
  auto b = Keeper();
  ASSERT_TRUE(b->Step().ok());
  EXPECT_EQ(b->Held("relay").size(), 4u);
  EXPECT_FALSE(b->TookOverFromDead("relay", 0));
}

}  // namespace
}  // namespace tessera::engine
