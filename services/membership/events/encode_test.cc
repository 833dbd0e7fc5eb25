#include "services/membership/events/encode.h"

#include <gtest/gtest.h>

#include "tessera/events/v1/rekeyed.pb.h"
#include "tessera/membership/v1/events.pb.h"

namespace tessera::membership::events {
namespace {

const CustomerId kRoot = {UuidV7Of(absl::UnixEpoch(), {"root"})}, kSide = {UuidV7Of(absl::UnixEpoch(), {"side"})};

engine::Published Encode(const Fact& fact) {
  std::vector<engine::Published> out;
  EncodeFact(fact, {}, out);
  EXPECT_EQ(out.size(), 1u);
  return out[0];
}

template <class What>
MemberFact FactOf(What what) {
  MemberFact fact;
  fact.brand = {"pets"};
  fact.root = kRoot;
  fact.side = kSide;
  fact.member_seq = 7;
  fact.time = absl::FromUnixSeconds(1'700'000'000);
  fact.balances = {{"points", 30, 5, 10, 2}};
  fact.what = std::move(what);
  return fact;
}

TEST(EncodeTest, EveryEventIsKeyedByTheLivingCustomerAndCarriesTheBalanceAfter) {
  PointsEarned earned;
  earned.awards.push_back({"rule", "points", 30, true, {}, absl::FromUnixSeconds(5)});
  earned.order = OrderKey{"4711", "shop", {"pets"}};
  const engine::Published published = Encode(FactOf(earned));
  EXPECT_EQ(published.type, "com.tessera.membership.points_earned.v1");
  EXPECT_EQ(published.log, engine::Log::kMain);
  EXPECT_EQ(published.key, kRoot.ToString());
  EXPECT_EQ(published.subject, kRoot.ToString());
  EXPECT_EQ(published.brand, "pets");
  v1::PointsEarned event;
  ASSERT_TRUE(event.ParseFromString(published.data));
  EXPECT_EQ(event.change().origin_customer_id(), kSide.ToString());
  EXPECT_EQ(event.change().member_seq(), 7);
  EXPECT_EQ(event.change().balances_after(0).balance(), 43);
  EXPECT_EQ(event.order().order_id(), "4711");
  EXPECT_EQ(event.awards(0).activation_time().seconds(), 5);
  EXPECT_FALSE(event.awards(0).has_expiry_time());
}

TEST(EncodeTest, EachFactHasItsType) {
  const auto type = [](const Fact& fact) { return Encode(fact).type; };
  EXPECT_EQ(type(FactOf(MemberEnrolled{})), "com.tessera.membership.member_enrolled.v1");
  EXPECT_EQ(type(FactOf(PointsActivated{})), "com.tessera.membership.points_activated.v1");
  EXPECT_EQ(type(FactOf(PointsHeld{})), "com.tessera.membership.points_held.v1");
  EXPECT_EQ(type(FactOf(PointsCaptured{})), "com.tessera.membership.points_captured.v1");
  EXPECT_EQ(type(FactOf(PointsReleased{})), "com.tessera.membership.points_released.v1");
  EXPECT_EQ(type(FactOf(PointsSpent{})), "com.tessera.membership.points_spent.v1");
  EXPECT_EQ(type(FactOf(PointsReturned{})), "com.tessera.membership.points_returned.v1");
  EXPECT_EQ(type(FactOf(PointsClawedBack{})), "com.tessera.membership.points_clawed_back.v1");
  EXPECT_EQ(type(FactOf(PointsExpired{})), "com.tessera.membership.points_expired.v1");
  EXPECT_EQ(type(FactOf(PointsExpiring{})), "com.tessera.membership.points_expiring.v1");
  EXPECT_EQ(type(FactOf(TierChanged{})), "com.tessera.membership.tier_changed.v1");
}

TEST(EncodeTest, AnswersToMergesGoToTheirOwnLogAlwaysInTheSameBytes) {
  Rekeyed rekeyed;
  rekeyed.merge = {UuidV7Of(absl::UnixEpoch(), {"merge"})};
  rekeyed.survivor = kRoot;
  for (const char* name : {"lots", "orders", "entries", "points_balance", "growth_balance"}) {
    rekeyed.survivor_after[name] = 3;
  }
  const engine::Published published = Encode(rekeyed);
  EXPECT_EQ(published.log, engine::Log::kAnswers);
  EXPECT_EQ(published.key, rekeyed.merge.ToString());
  for (int i = 0; i < 20; ++i) EXPECT_EQ(Encode(rekeyed).data, published.data);
  tessera::events::v1::Rekeyed event;
  ASSERT_TRUE(event.ParseFromString(published.data));
  EXPECT_EQ(event.service(), "membership");
  EXPECT_EQ(event.survivor_after().totals().at("lots"), 3);
}

}  // namespace
}  // namespace tessera::membership::events
