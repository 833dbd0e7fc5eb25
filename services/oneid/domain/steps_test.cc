// The steps of resolution one by one, beyond the examples.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "services/oneid/domain/world_for_test.h"

namespace tessera::oneid {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class StepsTest : public ::testing::Test {
 protected:
  // What became of each identifier: its reason if it was left out, else its use.
  static std::vector<std::string> Uses(const EventRecord& record) {
    std::vector<std::string> uses;
    for (const Step& step : record.steps) {
      constexpr const char* kNames[] = {"unused", "found", "attached", "moved", "", "joined", "detached"};
      uses.emplace_back(step.use == Use::kLeftOut ? TextOf(step.left_out) : kNames[static_cast<int>(step.use)]);
    }
    return uses;
  }

  // Makes up other sides of a living customer; they hold nothing.
  void AddSides(const CustomerId& root, int count) {
    for (int i = 0; i < count; ++i) {
      const CustomerId side{UuidV8Of(Sha256OfParts({root.ToString(), std::to_string(i)}))};
      world_.tables.customers.Put(side, Customer{.group = {"group"}, .root = root});
      world_.tables.holdings.Put(side, Holdings{});
      world_.tables.sides.Edit(root).others.push_back(side);
    }
    world_.tables.sides.Keep();
  }

  ResolutionWorld world_;
};

// ---- 1: normalise ----

TEST_F(StepsTest, WhatIsNotUsableIsLeftOutAndTheEventGoesOn) {
  const EventRecord& record = world_.Send({{"phone=!x", "jd_pin=#none", "no_such=1", "email=e"}});
  EXPECT_THAT(Uses(record), ElementsAre("INVALID_VALUE", "BLOCKED", "NAMESPACE_UNKNOWN", "attached"));
  EXPECT_EQ(world_.Customer(record), 'A');
  EXPECT_THAT(world_.FactsOf<IdentifierRefused>(), SizeIs(3));
}

TEST_F(StepsTest, TheSurplusOfANamespaceIsLeftOutInEventOrder) {
  const EventRecord& record = world_.Send({{"youzan_id=1", "youzan_id=2", "jd_pin=1", "jd_pin=2", "jd_pin=3",
                                            "jd_pin=4", "taobao_ouid(s1)=1", "taobao_ouid(s2)=2", "youzan_id=1"}});
  EXPECT_THAT(Uses(record), ElementsAre("attached", "OVER_LIMIT", "attached", "attached", "attached", "OVER_LIMIT",
                                        "attached", "attached"));
  EXPECT_EQ(record.steps[5].rule, "jd_pin AT_MOST 3");
}

TEST_F(StepsTest, AnEventWithoutUsableIdentifiersIsUnresolvedAndStillTold) {
  for (const E& event : {E{{}}, E{{"phone=!x"}}, E{{"taobao_oaid(s/a)=1"}}}) {
    EXPECT_EQ(world_.Resolve(event), '-');
    const auto told = world_.FactsOf<EventResolved>().back();
    EXPECT_FALSE(told.root.has_value());
    EXPECT_THAT(told.identifiers, IsEmpty());
  }
}

// ---- 4: velocity ----

TEST_F(StepsTest, CustomersOutsideTheWindowDoNotCount) {
  for (int i = 0; i < 6; ++i) {
    const EventRecord& record = world_.Send({{"member_card=" + std::to_string(i + 1), "phone=1"}, Day(0, 6 * i)});
    EXPECT_NE(record.steps[1].left_out, LeftOut::kQuarantined) << i;
  }
}

TEST_F(StepsTest, TheSameCustomerAgainDoesNotCount) {
  for (int i = 0; i < 20; ++i) EXPECT_EQ(world_.Resolve({{"jd_pin=1", "phone=1"}, Day(0, i)}), 'A');
  EXPECT_THAT(world_.FactsOf<IdentifierQuarantined>(), IsEmpty());
}

TEST_F(StepsTest, ABoundAccountCountsWithTheCustomerThatItHadBefore) {
  for (const char* account : {"jd_pin=1", "youzan_id=1", "pos_id(s)=1"}) world_.Send({{account}});
  for (const char* account : {"jd_pin=1", "youzan_id=1", "pos_id(s)=1"}) world_.Send({{account, "phone=1"}, Day(1)});
  std::set<CustomerId> presented;
  world_.tables.presentations.Each(
      [&](const PresentationKey& key, const Presentation&) { presented.insert(key.customer); });
  EXPECT_THAT(presented, SizeIs(3)) << "absorbed ones still count";
}

// ---- 5 and 6: candidates and vetoes ----

TEST_F(StepsTest, WeakIdentifiersFindOnlyWhereNothingStrongIs) {
  world_.Send({{"jd_pin=1", "cookie_id(w)=c"}});
  EXPECT_EQ(world_.Resolve({{"cookie_id(w)=c"}, Day(1)}), 'A');
  EXPECT_EQ(world_.Resolve({{"youzan_id=2", "cookie_id(w)=c"}, Day(2)}), 'B');
  EXPECT_EQ(world_.Owner("cookie_id(w)=c", Day(3)), 'A');
}

TEST_F(StepsTest, WeakIdentifiersThatDisagreeFindNobody) {
  world_.Send({{"cookie_id(w)=c"}});
  world_.Send({{"device_id=d"}});
  const EventRecord& record = world_.Send({{"cookie_id(w)=c", "device_id=d"}, Day(1)});
  EXPECT_EQ(world_.Customer(record), 'C');
  EXPECT_THAT(world_.FactsOf<CustomersMerged>(), IsEmpty());
}

TEST_F(StepsTest, AVetoedIdentifierGoesWeakestFirstAndTheOthersMergeOn) {
  world_.Send({{"union_id=u1", "phone=1"}});
  world_.Send({{"union_id=u2", "email=e"}, Day(1)});
  world_.Send({{"jd_pin=j"}, Day(2)});
  const EventRecord& record = world_.Send({{"jd_pin=j", "phone=1", "email=e"}, Day(3)});
  EXPECT_THAT(Uses(record), ElementsAre("found", "found", "VETOED"));
  EXPECT_EQ(world_.Customer(record), 'A');
  ASSERT_THAT(world_.FactsOf<CustomersMerged>(), SizeIs(1));
}

TEST_F(StepsTest, AMergeThatWouldBreakAnAtMostRuleIsVetoed) {
  world_.Send({{"jd_pin=1", "jd_pin=2", "phone=1"}});
  world_.Send({{"jd_pin=3", "jd_pin=4", "email=e"}, Day(1)});
  const EventRecord& record = world_.Send({{"phone=1", "email=e"}, Day(2)});
  EXPECT_THAT(Uses(record), ElementsAre("found", "VETOED"));
  EXPECT_EQ(record.steps[1].rule, "jd_pin AT_MOST 3");
}

TEST_F(StepsTest, ValuesThatWereHeldOneAfterTheOtherDoNotConflict) {
  world_.Send({{"taobao_ouid(s)=t1", "phone=1"}, Day(0)});
  world_.Send({{"phone=1"}, Day(10), false, false, "", "taobao_ouid(s)=t1"});
  EXPECT_EQ(world_.Resolve({{"taobao_ouid(s)=t2", "phone=1"}, Day(20)}), 'A');
  EXPECT_EQ(world_.Resolve({{"taobao_ouid(s)=t3", "phone=1"}, Day(5)}), 'B') << "t3 from then on would overlap t1";
}

TEST_F(StepsTest, ACustomerTakesAtMostAThousandIdentifiersAndGoesOnWorking) {
  for (int i = 0; i < 999; ++i) {
    world_.Send({{"jd_pin=1", "taobao_ouid(s" + std::to_string(i) + ")=t"}, Day(i)});
  }
  const EventRecord& late = world_.Send({{"jd_pin=1", "taobao_ouid(late)=t"}, Day(1'100)});
  EXPECT_EQ(world_.Customer(late), 'A');
  EXPECT_THAT(Uses(late), ElementsAre("found", "LIMIT"));
  EXPECT_EQ(world_.Resolve({{"taobao_ouid(late)=t"}, Day(1'101)}), 'B');
  EXPECT_THAT(Uses(world_.Send({{"jd_pin=1", "taobao_ouid(late)=t"}, Day(1'102)})), ElementsAre("LIMIT", "found"))
      << "nor does it merge";
}

TEST_F(StepsTest, AMergeToTwoHundredSidesIsMadeAndNoneToMore) {
  const CustomerId a = *world_.Send({{"jd_pin=1", "phone=1"}, Day(0)}).root;
  const CustomerId b = *world_.Send({{"youzan_id=2"}, Day(1)}).root;
  world_.Send({{"email=e"}, Day(2)});
  AddSides(a, 150);
  AddSides(b, 48);
  EXPECT_THAT(Uses(world_.Send({{"phone=1", "youzan_id=2"}, Day(3)})), ElementsAre("found", "found"));
  EXPECT_THAT(world_.tables.sides.At(a).others, SizeIs(199));
  const EventRecord& record = world_.Send({{"phone=1", "email=e"}, Day(4)});
  EXPECT_THAT(Uses(record), ElementsAre("found", "LIMIT"));
  EXPECT_EQ(record.steps[1].rule, "200 sides");
  EXPECT_EQ(world_.Customer(record), 'A');
  EXPECT_EQ(world_.Owner("email=e", Day(5)), 'C');
  EXPECT_THAT(world_.FactsOf<CustomersMerged>(), SizeIs(1));
}

// ---- 7: the customer ----

TEST_F(StepsTest, AReplayedEventMakesTheSameCustomer) {
  ResolutionWorld again;
  const E event{{"jd_pin=1"}, Day(3), false, false, "", "", "the-event"};
  EXPECT_EQ(world_.Send(event).root, again.Send(event).root);
  const E other{{"jd_pin=1"}, Day(3), false, false, "", "", "another-event"};
  ResolutionWorld third;
  EXPECT_NE(third.Send(other).root, again.tables.events.At({{"brand"}, "shop", "the-event", 0}).root);
}

TEST_F(StepsTest, SeveralCandidatesMergeIntoTheOldestSmallestFirst) {
  world_.Send({{"phone=1"}, Day(3)});
  world_.Send({{"email=e"}, Day(2)});
  world_.Send({{"jd_pin=1"}, Day(1)});
  const EventRecord& record = world_.Send({{"phone=1", "email=e", "jd_pin=1"}, Day(4)});
  EXPECT_EQ(world_.Customer(record), 'C') << "oldest by the time of its first event";
  const auto merges = world_.FactsOf<CustomersMerged>();
  ASSERT_THAT(merges, SizeIs(2));
  EXPECT_LT(merges[0].absorbed, merges[1].absorbed);
  EXPECT_THAT(merges[0].after, IsEmpty());
  EXPECT_THAT(merges[1].after, ElementsAre(merges[0].merge));
  EXPECT_EQ(merges[0].survivor, merges[1].survivor);
}

TEST_F(StepsTest, AMergeNamesTheLastChangesOfBoth) {
  world_.Send({{"jd_pin=1"}, Day(0)});
  world_.Send({{"jd_pin=2"}, Day(1)});
  world_.Send({{"email=3"}, Day(2)});
  world_.Send({{"email=4"}, Day(3)});
  world_.Send({{"jd_pin=1", "jd_pin=2"}, Day(4)});
  world_.Send({{"email=3", "email=4"}, Day(5)});
  world_.Send({{"jd_pin=2", "email=4"}, Day(6)});
  const auto merges = world_.FactsOf<CustomersMerged>();
  ASSERT_THAT(merges, SizeIs(3));
  EXPECT_THAT(merges[2].after, ElementsAre(merges[0].merge, merges[1].merge));
  EXPECT_EQ(world_.tables.customers.At(merges[1].absorbed).root, merges[2].survivor) << "one step to the living one";
}

TEST_F(StepsTest, TheMergeIsToldBeforeTheEventThatCausedIt) {
  world_.Send({{"phone=1"}});
  world_.Send({{"email=e"}, Day(1)});
  world_.Send({{"email=e", "phone=1"}, Day(2)});
  ASSERT_GE(world_.facts.size(), 2u);
  EXPECT_TRUE(std::holds_alternative<CustomersMerged>(world_.facts[world_.facts.size() - 2]));
  EXPECT_TRUE(std::holds_alternative<EventResolved>(world_.facts.back()));
}

// ---- 8: sides ----

TEST_F(StepsTest, TheSideIsTheAccountsOwnerBeforeAnyMerge) {
  const CustomerId a = *world_.Send({{"jd_pin=1", "phone=1"}, Day(0)}).root;
  const CustomerId b = *world_.Send({{"youzan_id=2"}, Day(1)}).root;
  const EventRecord& bound = world_.Send({{"phone=1", "youzan_id=2", "email=new"}, Day(2)});
  EXPECT_EQ(*bound.root, a);
  EXPECT_EQ(*bound.origin, b) << "youzan is stronger than a phone, which may pass on";
  EXPECT_EQ(HoldingAt(world_.tables.edges, ResolutionWorld::Id("email=new"), Day(3))->customer, b);
  EXPECT_EQ(*world_.Send({{"jd_pin=1"}, Day(3)}).origin, a);
  EXPECT_EQ(*world_.Send({{"phone=1"}, Day(3)}).origin, a);
}

TEST_F(StepsTest, AWeakIdentifierIsNoAccountWhereAStrongOneIs) {
  const CustomerId browsing = *world_.Send({{"cookie_id(w)=c"}}).root;
  const EventRecord& record = world_.Send({{"cookie_id(w)=c", "jd_pin=1"}, Day(1)});
  EXPECT_NE(*record.origin, browsing);
  EXPECT_TRUE(record.created);
  EXPECT_EQ(world_.tables.customers.At(browsing).root, *record.root);
}

// ---- 9: shared devices ----

TEST_F(StepsTest, ADeviceOfAMergedCustomerIsNotShared) {
  world_.Send({{"jd_pin=1", "device_id=d"}, Day(0), true});
  world_.Send({{"youzan_id=2"}, Day(1), true});
  world_.Send({{"youzan_id=2", "jd_pin=1"}, Day(2)});
  world_.Send({{"youzan_id=2", "device_id=d"}, Day(3), true});
  EXPECT_FALSE(world_.tables.identifiers.At(ResolutionWorld::Id("device_id=d")).shared);
  EXPECT_EQ(world_.Resolve({{"device_id=d"}, Day(4)}), 'A');
}

TEST_F(StepsTest, ASharedDeviceIsNeitherEvidenceNorARefusal) {
  world_.Send({{"jd_pin=1", "cookie_id(w)=c"}, Day(0), true});
  world_.Send({{"youzan_id=2", "cookie_id(w)=c"}, Day(1), true});
  const size_t refusals = world_.FactsOf<IdentifierRefused>().size();
  const EventRecord& record = world_.Send({{"youzan_id=2", "cookie_id(w)=c"}, Day(2), true});
  EXPECT_THAT(Uses(record), ElementsAre("found", "SHARED"));
  EXPECT_THAT(world_.FactsOf<IdentifierRefused>(), SizeIs(refusals));
}

// ---- transactions ----

TEST_F(StepsTest, ATransactionTakesTheCustomerOfItsFirstResolvedEvent) {
  EXPECT_EQ(world_.Resolve({{"taobao_oaid(s/a)=x"}}), '-');
  EXPECT_EQ(world_.Resolve({{"taobao_ouid(s)=t", "taobao_oaid(s/a)=x"}, Day(1)}), 'A');
  EXPECT_EQ(world_.Resolve({{"taobao_oaid(s/a)=x"}, Day(1)}), 'A');
  EXPECT_EQ(world_.Resolve({{"jd_pin=j", "taobao_oaid(s/a)=x"}, Day(1)}), 'B') << "it never joins persons";
  EXPECT_EQ(world_.Resolve({{"taobao_oaid(s/a)=x"}, Day(1)}), 'A');
  world_.tables.edges.Each([](const EdgeKey&, const Edge& edge) { EXPECT_NE(edge.name, "taobao_oaid"); });
}

// ---- section 3: closings ----

TEST_F(StepsTest, AChangedPhoneEndsTheOldAndOpensTheNew) {
  world_.Send({{"jd_pin=1", "phone=1"}, Day(0)});
  world_.Send({{"jd_pin=1"}, Day(10), false, false, "phone=2", "phone=1"});
  EXPECT_EQ(world_.Owner("phone=1", Day(9)), 'A');
  EXPECT_EQ(world_.Owner("phone=1", Day(10)), '-');
  EXPECT_EQ(world_.Owner("phone=2", Day(10)), 'A');
  EXPECT_EQ(world_.Resolve({{"phone=1"}, Day(11)}), 'B') << "somebody else's from now on";
  EXPECT_EQ(world_.Resolve({{"phone=1"}, Day(9)}), 'A');
  EXPECT_THAT(world_.FactsOf<IdentifierDetached>(), SizeIs(1));
}

TEST_F(StepsTest, AClosingBeforeItsEdgeEndsTheEdgeThatComesLater) {
  world_.Send({{"jd_pin=1"}, Day(0)});
  world_.Send({{"jd_pin=1"}, Day(10), false, false, "", "phone=1"});
  world_.Send({{"jd_pin=1", "phone=1"}, Day(5)});
  EXPECT_EQ(world_.Owner("phone=1", Day(6)), 'A');
  EXPECT_EQ(world_.Owner("phone=1", Day(10)), '-');
  EXPECT_EQ(world_.Owner("phone=1", Day(4)), 'A');
}

TEST_F(StepsTest, OnesOwnIdentifiersOnlyCanBeClosed) {
  world_.Send({{"jd_pin=1", "phone=1"}, Day(0)});
  const EventRecord& record = world_.Send({{"youzan_id=2"}, Day(10), false, false, "", "phone=1"});
  EXPECT_THAT(Uses(record), ElementsAre("attached", "HELD_BY_OTHER"));
  EXPECT_EQ(world_.Owner("phone=1", Day(11)), 'A');
}

TEST_F(StepsTest, WhatIsClosedIsEvidenceOnlyWhereNothingElseIs) {
  world_.Send({{"jd_pin=1", "phone=1"}, Day(0)});
  world_.Send({{"youzan_id=2"}, Day(1)});
  EXPECT_EQ(world_.Resolve({{"youzan_id=2", "phone=1"}, Day(2), false, false, "", "phone=1"}), 'B');
  EXPECT_EQ(world_.Owner("phone=1", Day(3)), 'A') << "it was not his";
  EXPECT_EQ(world_.Resolve({{"phone=1"}, Day(4), false, false, "", "phone=1"}), 'A');
  EXPECT_EQ(world_.Owner("phone=1", Day(5)), '-');
  EXPECT_EQ(world_.Resolve({{"email=e"}, Day(6), false, false, "", "email=e"}), '-');
}

TEST_F(StepsTest, AChangeToThePhoneThatWasThereChangesNothing) {
  world_.Send({{"jd_pin=1", "phone=1"}, Day(0)});
  world_.Send({{"jd_pin=1"}, Day(10), false, false, "phone=1", "phone=1"});
  EXPECT_EQ(world_.Owner("phone=1", Day(11)), 'A');
  EXPECT_THAT(world_.FactsOf<IdentifierDetached>(), IsEmpty());
}

}  // namespace
}  // namespace tessera::oneid
