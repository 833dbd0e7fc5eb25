// Two customers become one: told in the slots of both, applied once, answered with sums that agree.
#include "services/membership/tests/membership_fixture.h"
#include "tessera/events/v1/rekeyed.pb.h"

namespace tessera::membership {
namespace {

using tessera::events::v1::Rekeyed;
using ::testing::ElementsAre;
using ::testing::SizeIs;

class MergeTest : public MembershipTest {
 protected:
  void SetUp() override {
    ASSERT_NE(CustomerTopic::SlotOf(kAnn), CustomerTopic::SlotOf(kBob));
    MembershipTest::SetUp();
    answers_ = std::make_unique<ToldTopic>(prefix_, "tessera.membership.answers.v1");
  }

  // The two records of a merge: that of the survivor's slot, that of the absorbed customer's.
  std::pair<kafka::Message, kafka::Message> Merged(const std::string& merge, const std::string& survivor,
                                                   const std::string& absorbed, const std::string& after = "") {
    tessera::events::v1::CustomersMerged fact;
    fact.set_merge_id(merge);
    fact.set_group_id(kBrand);
    fact.set_survivor_customer_id(survivor);
    fact.set_absorbed_customer_id(absorbed);
    *fact.mutable_merge_time() = ToTimestamp(absl::Now());
    if (!after.empty()) fact.add_after_change_ids(after);
    fact.add_brand_ids(kBrand);
    const std::string data = fact.SerializeAsString();
    return {customers_->Next(survivor, "customers_merged", kBrand, absl::Now(), data),
            customers_->Next(absorbed, "customers_merged", kBrand, absl::Now(), data)};
  }

  // All answers to what was told; so many are expected.
  std::vector<Rekeyed> Answers(size_t count) {
    AwaitSettled();
    size_t published = 0;
    const auto progress = Progress();
    for (const auto& slot : progress.published()) {
      if (slot.topic() == "tessera.membership.answers.v1") published += static_cast<size_t>(slot.next_seq());
    }
    answers_->Await(published);
    auto answers = answers_->Of<Rekeyed>();
    EXPECT_THAT(answers, SizeIs(count));
    return answers;
  }
  static std::map<std::string, int64_t> TotalsOf(const tessera::events::v1::RekeyedTotals& totals) {
    return {totals.totals().begin(), totals.totals().end()};
  }
  static void ExpectAgreement(const Rekeyed& answer) {
    auto sums = TotalsOf(answer.survivor_before());
    for (const auto& [name, total] : TotalsOf(answer.absorbed_before())) sums[name] += total;
    EXPECT_EQ(sums, TotalsOf(answer.survivor_after()));
  }

  std::unique_ptr<ToldTopic> answers_;
};

TEST_F(MergeTest, PointsOfBothSidesAreOneBalance) {
  TellPaid(kAnn, "a", 2'000);
  TellPaid(kBob, "b1", 30'000);
  TellPaid(kBob, "b2", 500);
  AwaitSettled();
  EXPECT_EQ(Member(kAnn).tier_id() + Member(kBob).tier_id(), "V1V2");
  const std::string merge = NewId();
  const auto [first, second] = Merged(merge, kAnn, kBob);
  customers_->Write(first);
  const Rekeyed answer = Answers(1).at(0);
  EXPECT_EQ(answer.merge_id() + " " + answer.service() + " " + answer.group_id(), merge + " membership shop");
  const std::map<std::string, int64_t> survivor = {{"entries", 2},       {"growth_balance", 20}, {"growth_earned", 20},
                                                   {"lots", 1},          {"orders", 1},          {"points_balance", 20},
                                                   {"points_earned", 20}};
  const std::map<std::string, int64_t> absorbed = {
      {"entries", 4}, {"growth_balance", 305}, {"growth_earned", 305}, {"lots", 2},
      {"orders", 2},  {"points_balance", 305}, {"points_earned", 305}};
  EXPECT_EQ(TotalsOf(answer.survivor_before()), survivor);
  EXPECT_EQ(TotalsOf(answer.absorbed_before()), absorbed);
  ExpectAgreement(answer);

  AwaitSettled();
  const v1::Member member = Member(kBob);
  EXPECT_EQ(member.ShortDebugString(), Member(kAnn).ShortDebugString());
  EXPECT_EQ(member.customer_id(), kAnn);
  EXPECT_THAT(member.side_customer_ids(), ElementsAre(kAnn, kBob));
  EXPECT_EQ(member.orders(), 3);
  EXPECT_EQ(member.tier_id(), "V2");
  for (const char* id : {kAnn, kBob}) {
    EXPECT_EQ(Points(id).ShortDebugString(), "currency: \"points\" available: 325 balance: 325");
    EXPECT_THAT(Lots(id), SizeIs(3));
    EXPECT_THAT(Entries(id), SizeIs(6));
  }
  const auto statistics = [this] {
    v1::GetStatisticsRequest request;
    request.set_brand_id(kBrand);
    return Get<v1::GetStatisticsResponse>("MemberService/GetStatistics", request);
  };
  EXPECT_EQ(statistics().members(), 1);
  EXPECT_EQ(statistics().absorbed_customers(), 1);

  const std::string before = statistics().ShortDebugString();
  const size_t told = told_->records().size();
  customers_->Write(second);
  customers_->Write(first);
  AwaitSettled();
  EXPECT_THAT(told_->records(), SizeIs(told)) << "the second copy tells nothing";
  EXPECT_EQ(statistics().ShortDebugString(), before);
  EXPECT_EQ(Member(kAnn).ShortDebugString(), member.ShortDebugString());
  EXPECT_THAT(Answers(1), SizeIs(1));
}

TEST_F(MergeTest, EitherCopyMayComeFirst) {
  TellPaid(kAnn, "a", 2'000);
  TellPaid(kBob, "b", 3'000);
  AwaitSettled();
  const auto [first, second] = Merged(NewId(), kAnn, kBob);
  customers_->Write(second);
  ExpectAgreement(Answers(1).at(0));
  EXPECT_EQ(Points(kBob).available(), 50);
  customers_->Write(first);
  TellPaid(kAnn, "after", 100);
  AwaitSettled();
  EXPECT_EQ(Points(kBob).available(), 51);
  EXPECT_THAT(Answers(1), SizeIs(1));
}

TEST_F(MergeTest, AfterwardsEitherSideSpendsAndReturnsWhatTheOtherEarned) {
  TellPaid(kAnn, "a", 2'000);
  TellPaid(kBob, "b", 3'000);
  AwaitSettled();
  const auto [first, second] = Merged(NewId(), kAnn, kBob);
  customers_->Write(first);
  customers_->Write(second);
  AwaitSettled();
  const auto spent =
      Get<v1::SpendPointsResponse>("PointsService/SpendPoints", Mutate<v1::SpendPointsRequest>(kBob, 45));
  EXPECT_EQ(spent.balance().available(), 5);
  // The survivor sends back what the absorbed customer had bought.
  customers_->Write(RecordOf("order_refunded", RefundEvent(kAnn, "b", 1'000)));
  AwaitSettled();
  EXPECT_EQ(Points(kAnn).ShortDebugString(), "currency: \"points\" debt: 5 balance: -5");
  EXPECT_EQ(told_->Of<v1::PointsClawedBack>().at(0).change().customer_id(), kAnn);
  Earn(kBob, 8);
  EXPECT_EQ(Points(kAnn).ShortDebugString(), "currency: \"points\" available: 3 balance: 3");
}

TEST_F(MergeTest, AMergeWaitsForTheOneBeforeIt) {
  const std::string carol = NewId(), one = NewId(), two = NewId();
  TellPaid(kAnn, "a", 1'000);
  TellPaid(kBob, "b", 2'000);
  TellPaid(carol, "c", 4'000);
  AwaitSettled();
  const auto later = Merged(two, kAnn, kBob, one);
  customers_->Write(later.first);
  AwaitSettled();
  EXPECT_EQ(Progress().waiting_count(), 1);
  EXPECT_EQ(Points(kAnn).balance(), 10);
  const auto earlier = Merged(one, kBob, carol);
  for (const auto& record : {earlier.first, earlier.second, later.second}) customers_->Write(record);
  const auto answers = Answers(2);
  EXPECT_EQ(answers.size(), 2u);
  for (const Rekeyed& answer : answers) ExpectAgreement(answer);
  AwaitSettled();
  EXPECT_EQ(Progress().waiting_count(), 0);
  EXPECT_EQ(Points(carol).balance(), 70);
  EXPECT_EQ(Member(carol).customer_id(), kAnn);
  EXPECT_THAT(Member(carol).side_customer_ids(), SizeIs(3));
}

}  // namespace
}  // namespace tessera::membership
