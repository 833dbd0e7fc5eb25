// What oneid tells becomes balances and facts, once, and whatever is wrong with a record harms nobody else.
#include "services/membership/tests/membership_fixture.h"
#include "tessera/events/v1/dead_letter.pb.h"

namespace tessera::membership {
namespace {

using ::testing::HasSubstr;
using ::testing::SizeIs;

constexpr char kOps[] = "tessera.ops.v1.OperationsService/";

class EventsTest : public MembershipTest {
 protected:
  std::vector<std::string> WaitKeys() {
    const auto response =
        Ask<ops::v1::ListWaitingResponse>(std::string(kOps) + "ListWaiting", ops::v1::ListWaitingRequest());
    EXPECT_TRUE(response.ok()) << response.status();
    std::vector<std::string> keys;
    for (const auto& event : response->events()) keys.push_back(event.wait_key());
    return keys;
  }
  // "REASON field" of each, newest first.
  std::vector<std::string> DeadLetters() {
    const auto response =
        Ask<ops::v1::ListDeadLettersResponse>(std::string(kOps) + "ListDeadLetters", ops::v1::ListDeadLettersRequest());
    EXPECT_TRUE(response.ok()) << response.status();
    std::vector<std::string> letters;
    for (const auto& letter : response->dead_letters()) letters.push_back(letter.reason() + " " + letter.field());
    return letters;
  }
};

TEST_F(EventsTest, AnOrderIsToldAsFacts) {
  auto event = PaidEvent(kAnn, "4711", 1'530);
  auto& freight_like = *event.mutable_event()->mutable_order_paid()->add_lines();
  freight_like.set_product_code("POST");  // earns nothing
  freight_like.set_quantity(1);
  freight_like.set_list_minor(900);
  freight_like.set_paid_minor(900);
  const kafka::Message record = RecordOf("order_paid", event);
  customers_->Write(record);
  AwaitSettled();

  ASSERT_THAT(told_->records(), SizeIs(2));
  for (const kafka::Record& told : told_->records()) {
    EXPECT_EQ(told.key, kAnn);
    EXPECT_EQ(HeaderOf(told.headers, "ce_source"), "shop/membership");
    EXPECT_EQ(HeaderOf(told.headers, "ce_subject"), kAnn);
    EXPECT_EQ(HeaderOf(told.headers, "ce_brandid"), kBrand);
    EXPECT_EQ(HeaderOf(told.headers, "ce_causationid"), HeaderOf(record.headers, "ce_id"));
    EXPECT_EQ(HeaderOf(told.headers, "ce_correlationid"), HeaderOf(record.headers, "ce_correlationid"));
  }
  const auto enrolled = told_->Of<v1::MemberEnrolled>();
  ASSERT_THAT(enrolled, SizeIs(1));
  EXPECT_EQ(enrolled[0].channel() + " " + enrolled[0].tier_id(), "jd V1");
  EXPECT_EQ(TimeOf(enrolled[0].enrolled_time()), TimeOf(event.event_time()));
  const auto earned = told_->Of<v1::PointsEarned>();
  ASSERT_THAT(earned, SizeIs(1));
  const v1::MemberChange& change = earned[0].change();
  EXPECT_EQ(change.brand_id() + " " + change.customer_id() + " " + change.origin_customer_id(),
            absl::StrCat(kBrand, " ", kAnn, " ", kAnn));
  EXPECT_EQ(earned[0].order().order_source() + " " + earned[0].order().order_id(), "jd 4711");
  ASSERT_EQ(earned[0].awards_size(), 2);
  EXPECT_EQ(earned[0].awards(0).rule_id(), "points_per_pound");
  EXPECT_EQ(earned[0].awards(0).amount(), 15);
  EXPECT_FALSE(earned[0].awards(0).pending());
  EXPECT_EQ(earned[0].awards(1).rule_id(), "growth_per_pound");
  ASSERT_EQ(change.balances_after_size(), 2);
  EXPECT_EQ(change.balances_after(0).ShortDebugString(), Points(kAnn).ShortDebugString());
  EXPECT_EQ(change.member_seq(), Member(kAnn).member_seq());
}

TEST_F(EventsTest, AnOrderIsABalanceWithItsLotsAndEntries) {
  TellPaid(kAnn, "4711", 2'050);
  AwaitSettled();
  const v1::Member member = Member(kAnn);
  EXPECT_EQ(member.customer_id(), kAnn);
  EXPECT_TRUE(member.enrolled());
  EXPECT_EQ(member.tier_id(), "V1");
  EXPECT_EQ(member.orders(), 1);
  for (const char* currency : {"points", "growth"}) {
    EXPECT_EQ(Points(kAnn, currency).ShortDebugString(),
              absl::StrCat("currency: \"", currency, "\" available: 20 balance: 20"));
  }

  const auto lots = Lots(kAnn);
  ASSERT_THAT(lots, SizeIs(1));
  EXPECT_EQ(lots[0].customer_id() + " " + lots[0].currency(), std::string(kAnn) + " points");
  EXPECT_EQ(lots[0].state(), v1::Lot::STATE_ACTIVE);
  EXPECT_EQ(lots[0].amount(), 20);
  EXPECT_EQ(lots[0].remaining(), 20);
  const auto entries = Entries(kAnn);
  ASSERT_THAT(entries, SizeIs(2));
  const std::string transaction = told_->Of<v1::PointsEarned>().at(0).change().transaction_id();
  for (const v1::Entry& entry : entries) {
    EXPECT_EQ(entry.kind(), v1::ENTRY_KIND_EARNED);
    EXPECT_EQ(entry.change(), 20);
    EXPECT_EQ(entry.counter_account(), v1::SYSTEM_ACCOUNT_ISSUANCE);
    EXPECT_EQ(entry.cause_source() + " " + entry.cause_id(), "jd paid-4711");
    EXPECT_EQ(entry.transaction_id(), transaction);
    EXPECT_EQ(entry.program_version(), 1);
  }
  EXPECT_EQ(lots[0].origin_transaction_id(), transaction);

  const auto explained =
      Get<v1::ExplainBalanceResponse>("PointsService/ExplainBalance", For<v1::ExplainBalanceRequest>(kAnn));
  EXPECT_EQ(explained.balance().ShortDebugString(), Points(kAnn).ShortDebugString());
  ASSERT_EQ(explained.lots_size(), 1);
  EXPECT_EQ(explained.lots(0).lot().ShortDebugString(), lots[0].ShortDebugString());
  ASSERT_EQ(explained.lots(0).movements_size(), 1);
  EXPECT_EQ(explained.lots(0).movements(0).rule_id(), "points_per_pound");
  EXPECT_EQ(explained.other_entries_size(), 0);
}

TEST_F(EventsTest, TheSameRecordAgainChangesNothing) {
  const kafka::Message first = RecordOf("order_paid", PaidEvent(kAnn, "1", 1'000));
  const kafka::Message second = RecordOf("order_paid", PaidEvent(kAnn, "2", 500));
  // A refund of money has nothing but its number to tell it from another one.
  const kafka::Message refund = RecordOf("order_refunded", RefundEvent(kAnn, "1", 400));
  for (const auto& record : {first, second, refund, first, second, refund}) customers_->Write(record);
  TellPaid(kAnn, "3", 300);
  AwaitSettled();
  EXPECT_THAT(told_->Of<v1::MemberEnrolled>(), SizeIs(1));
  EXPECT_THAT(told_->Of<v1::PointsEarned>(), SizeIs(3));
  EXPECT_THAT(told_->Of<v1::PointsClawedBack>(), SizeIs(1));
  EXPECT_THAT(Entries(kAnn), SizeIs(8));
  EXPECT_EQ(Points(kAnn).balance(), 14);
  EXPECT_THAT(DeadLetters(), SizeIs(0));
}

TEST_F(EventsTest, AnOrderToldTwiceIsAwardedOnceAndWithOtherLinesRefused) {
  TellPaid(kAnn, "1", 1'000);
  TellPaid(kAnn, "1", 1'000);
  TellPaid(kAnn, "1", 2'000);
  AwaitSettled();
  EXPECT_EQ(Points(kAnn).balance(), 10);
  EXPECT_EQ(Member(kAnn).orders(), 1);
  EXPECT_THAT(DeadLetters(), ::testing::ElementsAre("ORDER_CHANGED lines"));
}

TEST_F(EventsTest, AGapInTheNumbersIsCountedAndTheRecordTakesEffect) {
  const kafka::Message left_out = RecordOf("order_paid", PaidEvent(kAnn, "1", 1'000));
  TellPaid(kAnn, "2", 500);
  AwaitSettled();
  EXPECT_EQ(Points(kAnn).balance(), 5);
  EXPECT_EQ(database_.Text("SELECT sum(value) FROM counter WHERE name = 'sequence_gaps'"), "1");
  EXPECT_THAT(process_->log(), HasSubstr("gap in sequence"));
  // Its number has passed: it is taken for a repetition.
  customers_->Write(left_out);
  AwaitSettled();
  EXPECT_EQ(Points(kAnn).balance(), 5);
  EXPECT_EQ(database_.Text("SELECT sum(value) FROM counter WHERE name = 'sequence_gaps'"), "1");
}

TEST_F(EventsTest, AnEventOfAnUnknownBrandWaitsForItsBrand) {
  auto event = PaidEvent(kAnn, "1", 1'000);
  event.set_brand_id("later");
  customers_->Write(RecordOf("order_paid", event));
  TellPaid(kAnn, "1", 300);
  AwaitSettled();
  EXPECT_THAT(WaitKeys(), ::testing::ElementsAre("brand/later"));
  EXPECT_EQ(Points(kAnn).balance(), 3) << "the brand that is known does not wait";
  auto get = For<v1::GetMemberRequest>(kAnn);
  get.set_brand_id("later");
  EXPECT_EQ(ErrorOf(Call<v1::GetMemberResponse>("MemberService/GetMember", get).status()),
            "NOT_FOUND CUSTOMER_UNKNOWN customer_id");

  TellBrand("later");
  AwaitSettled();
  EXPECT_THAT(WaitKeys(), SizeIs(0));
  EXPECT_THAT(DeadLetters(), SizeIs(0));
  const auto member = Get<v1::GetMemberResponse>("MemberService/GetMember", get).member();
  EXPECT_EQ(member.orders(), 1);
  EXPECT_FALSE(member.enrolled()) << "no program was in force";
}

TEST_F(EventsTest, ARefundBeforeItsOrderWaitsForIt) {
  customers_->Write(RecordOf("order_refunded", RefundEvent(kAnn, "1", 400)));
  AwaitSettled();
  EXPECT_THAT(WaitKeys(), ::testing::ElementsAre("order/shop/jd/1"));
  TellPaid(kAnn, "1", 1'000);
  AwaitSettled();
  EXPECT_THAT(WaitKeys(), SizeIs(0));
  EXPECT_EQ(Points(kAnn).balance(), 6);
  const auto clawed = told_->Of<v1::PointsClawedBack>();
  ASSERT_THAT(clawed, SizeIs(1));
  EXPECT_EQ(clawed[0].clawbacks(0).amount(), 4);
}

TEST_F(EventsTest, WhatCannotBeUnderstoodIsToldAsADeadLetter) {
  auto event = PaidEvent(kAnn, "1", 1'000);
  event.set_origin_customer_id("somebody");
  const kafka::Message record = RecordOf("order_paid", event);
  customers_->Write(record);
  TellPaid(kAnn, "2", 200);
  AwaitSettled();
  EXPECT_EQ(Points(kAnn).balance(), 2);
  EXPECT_THAT(DeadLetters(), ::testing::ElementsAre("FIELD_INVALID origin_customer_id"));
  ToldTopic letters(prefix_, "tessera.membership.deadletters.v1");
  letters.Await(1);
  tessera::events::v1::DeadLetter letter;
  ASSERT_TRUE(letter.ParseFromString(*letters.records().at(0).value));
  EXPECT_EQ(letter.reason() + " " + letter.field(), "FIELD_INVALID origin_customer_id");
  EXPECT_EQ(letter.topic(), "tessera.oneid.customer.v1");
  EXPECT_EQ(letter.partition(), record.partition);
  EXPECT_THAT(letter.sealed_record(), ::testing::Not(HasSubstr("somebody")));
}

}  // namespace
}  // namespace tessera::membership
