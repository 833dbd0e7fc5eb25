// The examples of resolution, in their own words.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "services/oneid/domain/world_for_test.h"

namespace tessera::oneid {
namespace {

using ::testing::IsEmpty;
using ::testing::SizeIs;

class ExampleTest : public ::testing::Test {
 protected:
  // The reasons of all refused identifiers so far, in order.
  std::vector<std::string> Refusals() const {
    std::vector<std::string> reasons;
    for (const auto& refused : world_.FactsOf<IdentifierRefused>()) reasons.emplace_back(TextOf(refused.left_out));
    return reasons;
  }

  ResolutionWorld world_;
};

TEST_F(ExampleTest, AnAccountCreatesACustomerAndFurtherIdentifiersAreAttached) {
  EXPECT_EQ(world_.Resolve({{"jd_pin=p1"}}), 'A');
  EXPECT_EQ(world_.Resolve({{"jd_pin=p1", "phone=1"}, Day(1)}), 'A');
  EXPECT_EQ(world_.Resolve({{"taobao_ouid(shop1)=t1", "phone=1"}, Day(2)}), 'A');
  EXPECT_EQ(world_.Owner("taobao_ouid(shop1)=t1", Day(2)), 'A');
  EXPECT_THAT(Refusals(), IsEmpty());
}

TEST_F(ExampleTest, OnePhoneAndTwoTaobaoAccountsAreTwoPersonsUntilStrongerEvidence) {
  world_.Send({{"taobao_ouid(shop1)=t1", "phone=1"}});
  const EventRecord& record = world_.Send({{"taobao_ouid(shop1)=t2", "phone=1"}, Day(1)});
  EXPECT_EQ(world_.Customer(record), 'B');
  EXPECT_EQ(record.steps[1].left_out, LeftOut::kHeldByOther);
  EXPECT_EQ(record.steps[1].rule, "taobao_ouid UNIQUE");
  EXPECT_EQ(world_.Owner("phone=1", Day(2)), 'A');
  EXPECT_THAT(Refusals(), SizeIs(1));
  EXPECT_EQ(world_.Resolve({{"union_id=u", "taobao_ouid(shop2)=x", "phone=1"}, Day(3)}), 'A');
}

TEST_F(ExampleTest, AnEventWithIdentifiersOfTwoMergesTheYoungerIntoTheOlder) {
  EXPECT_EQ(world_.Resolve({{"phone=1"}}), 'A');
  EXPECT_EQ(world_.Resolve({{"email=e"}, Day(1)}), 'B');
  EXPECT_EQ(world_.Resolve({{"email=e", "phone=1"}, Day(2)}), 'A');
  EXPECT_EQ(world_.Owner("email=e", Day(2)), 'A');
  const auto merges = world_.FactsOf<CustomersMerged>();
  ASSERT_THAT(merges, SizeIs(1));
  EXPECT_LT(merges[0].survivor, merges[0].absorbed);
  EXPECT_THAT(merges[0].after, IsEmpty());
}

TEST_F(ExampleTest, AVetoDropsTheWeakerAndTheEventGoesToTheOther) {
  world_.Send({{"phone=1", "youzan_id=y1"}});
  world_.Send({{"email=e", "youzan_id=y2"}, Day(1)});
  const EventRecord& record = world_.Send({{"email=e", "phone=1"}, Day(2)});
  EXPECT_EQ(world_.Customer(record), 'A');
  EXPECT_EQ(record.steps[0].left_out, LeftOut::kVetoed);
  EXPECT_EQ(record.steps[0].rule, "youzan_id UNIQUE");
  EXPECT_EQ(world_.Owner("email=e", Day(2)), 'B');
  EXPECT_THAT(world_.FactsOf<CustomersMerged>(), IsEmpty());
}

TEST_F(ExampleTest, SixCardsBesideTheClerksPhoneStaySixPeople) {
  for (int i = 0; i < 6; ++i) {
    const EventRecord& record = world_.Send({{"member_card=" + std::to_string(100 + i), "phone=1"}, Day(0, 9 + i)});
    EXPECT_EQ(world_.Customer(record), 'A' + i);
    const LeftOut expected = i == 0 ? LeftOut::kNot : i < 5 ? LeftOut::kHeldByOther : LeftOut::kQuarantined;
    EXPECT_EQ(record.steps[1].left_out, expected) << i;
  }
  const auto quarantined = world_.FactsOf<IdentifierQuarantined>();
  ASSERT_THAT(quarantined, SizeIs(1));
  EXPECT_EQ(quarantined[0].name, "phone");
  EXPECT_EQ(quarantined[0].customer_count, 6);
}

TEST_F(ExampleTest, OfSixAccountsThatNoRuleForbidsAtMostFiveBecomeOneBeforeTheQuarantine) {
  const std::vector<std::string> accounts = {"jd_pin=1",    "app_user_id(app1)=1", "taobao_ouid(shop1)=1",
                                             "youzan_id=1", "open_id(app2)=1",     "pos_id(store1)=1"};
  for (size_t i = 0; i < accounts.size(); ++i) {
    const char customer = world_.Resolve({{accounts[i], "phone=1"}, Day(0, 9 + static_cast<int>(i))});
    EXPECT_EQ(customer, i < 5 ? 'A' : 'B') << accounts[i];
  }
  EXPECT_THAT(world_.FactsOf<IdentifierQuarantined>(), SizeIs(1));
  // Its edges stay, but it finds nobody.
  EXPECT_EQ(world_.Owner("phone=1", Day(1)), 'A');
  EXPECT_EQ(world_.Resolve({{"phone=1"}, Day(1)}), '-');
}

TEST_F(ExampleTest, ATabletWhereTwoLogInIsShared) {
  EXPECT_EQ(world_.Resolve({{"app_user_id(app)=a", "device_id=d"}, Day(0), true}), 'A');
  EXPECT_EQ(world_.Resolve({{"app_user_id(app)=b", "device_id=d"}, Day(1), true}), 'B');
  const EventRecord& view = world_.Send({{"device_id=d"}, Day(2)});
  EXPECT_EQ(world_.Customer(view), 'C');  // neither
  EXPECT_TRUE(world_.tables.customers.At(*view.root).anonymous);
  EXPECT_EQ(world_.Resolve({{"device_id=d"}, Day(2, 23, 59)}), 'C');
  EXPECT_EQ(world_.Resolve({{"device_id=d"}, Day(3)}), 'D');
  EXPECT_THAT(world_.FactsOf<CustomersMerged>(), IsEmpty());
}

TEST_F(ExampleTest, BrowsingBeforeTheLoginIsAbsorbed) {
  EXPECT_EQ(world_.Resolve({{"cookie_id(web)=c"}}), 'A');
  EXPECT_TRUE(world_.FactsOf<CustomerCreated>()[0].anonymous);
  const EventRecord& login = world_.Send({{"app_user_id(app)=a", "cookie_id(web)=c"}, Day(1), true});
  EXPECT_EQ(world_.Customer(login), 'B');
  EXPECT_EQ(world_.Owner("cookie_id(web)=c", Day(1)), 'B');
  const auto merges = world_.FactsOf<CustomersMerged>();
  ASSERT_THAT(merges, SizeIs(1));
  EXPECT_EQ(merges[0].survivor, *login.root);  // the known one goes on, though it is younger
  EXPECT_EQ(*login.origin, *login.root);
}

TEST_F(ExampleTest, APhonePassesOnWithProofAndLateEventsGoToTheFormerOwner) {
  world_.Send({{"jd_pin=a", "phone=1"}, Day(0)});                                    // Jan 1
  EXPECT_EQ(world_.Resolve({{"jd_pin=b", "phone=1"}, Day(244), false, true}), 'B');  // Sep 1
  EXPECT_THAT(world_.FactsOf<IdentifierMoved>(), SizeIs(1));
  EXPECT_EQ(world_.Resolve({{"phone=1"}, Day(242)}), 'A');  // Aug 30, arriving later
  EXPECT_EQ(world_.Resolve({{"phone=1"}, Day(245)}), 'B');  // Sep 2
}

TEST_F(ExampleTest, APhoneDoesNotPassOnWithoutProof) {
  world_.Send({{"jd_pin=a", "phone=1"}, Day(0)});
  EXPECT_EQ(world_.Resolve({{"jd_pin=b", "phone=1"}, Day(244)}), 'A') << "not verified: evidence for one person";
  ResolutionWorld active;
  active.Send({{"jd_pin=a", "phone=1"}, Day(0)});
  active.Send({{"phone=1"}, Day(100)});
  EXPECT_EQ(active.Resolve({{"jd_pin=b", "phone=1"}, Day(244), false, true}), 'A') << "active 144 days before";
  ResolutionWorld own;
  own.Send({{"jd_pin=a", "phone=1"}, Day(0)});
  EXPECT_EQ(own.Resolve({{"jd_pin=a", "phone=1"}, Day(244), false, true}), 'A') << "its own account";
  EXPECT_THAT(own.FactsOf<IdentifierMoved>(), IsEmpty());
  ResolutionWorld alone;
  alone.Send({{"jd_pin=a", "phone=1"}, Day(0)});
  EXPECT_EQ(alone.Resolve({{"phone=1"}, Day(244), false, true}), 'A') << "no account is named";
}

TEST_F(ExampleTest, TwoAccountsThatShowOnePhoneMergeWhicheverArrivesFirst) {
  world_.Send({{"jd_pin=a", "phone=1"}, Day(10)});
  EXPECT_EQ(world_.Resolve({{"youzan_id=b", "phone=1"}, Day(5)}), 'A');
  EXPECT_EQ(world_.Owner("phone=1", Day(1)), 'A') << "the time before the first edge belongs to its owner";
}

}  // namespace
}  // namespace tessera::oneid
