#include "services/oneid/consumers/channel_events.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

#include "base/status.h"
#include "services/oneid/consumers/merge_answers.h"
#include "tessera/events/v1/channel_event.pb.h"
#include "tessera/events/v1/rekeyed.pb.h"

namespace tessera::oneid {
namespace {

using events::v1::ChannelEvent;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class ChannelEventsTest : public ::testing::Test {
 protected:
  ChannelEventsTest() {
    auto& order = *event_.mutable_order_paid();
    order.set_order_id("o1");
    auto& line = *order.add_lines();
    line.set_product_code("p");
    line.set_quantity(2);
    line.set_list_minor(1'000);
    line.set_paid_minor(900);
    auto& phone = *event_.add_identifiers();
    phone.set_namespace_("phone");
    phone.set_value("13912345678");
  }

  kafka::Record Record() const {
    kafka::Record record;
    record.timestamp = absl::FromUnixSeconds(1'700'000'100);
    record.headers = {{"ce_specversion", "1.0"}, {"ce_id", "e1"},        {"ce_source", "shop"},
                      {"ce_type", type_},        {"ce_brandid", brand_}, {"content-type", "application/protobuf"}};
    if (!time_.empty()) record.headers.push_back({"ce_time", time_});
    record.value = event_.SerializeAsString();
    return record;
  }
  absl::StatusOr<ChannelEventCommand> Understand() const { return UnderstandChannelEvent(Record()); }

  // "REASON field" of the refusal.
  std::string Refusal() const {
    const auto understood = Understand();
    if (understood.ok()) return "accepted";
    EXPECT_TRUE(absl::IsInvalidArgument(understood.status()));
    return ErrorInfoOf(understood.status())->reason + " " + FieldOf(understood.status());
  }

  ChannelEvent event_;
  std::string type_ = "com.tessera.channel.order_paid.v1";
  std::string brand_ = "acme";
  std::string time_ = "2023-11-14T22:13:20Z";
};

TEST_F(ChannelEventsTest, BecomesACommandWithItsIdentityAndCause) {
  event_.set_logged_in(true);
  const auto understood = Understand();
  ASSERT_TRUE(understood.ok()) << understood.status();
  const ResolveEvent& event = *understood->event;
  EXPECT_EQ(event.key.brand.value, "acme");
  EXPECT_EQ(event.key.source, "shop");
  EXPECT_EQ(event.key.event_id, "e1");
  EXPECT_EQ(event.payload, "order_paid");
  EXPECT_EQ(event.time, absl::FromUnixSeconds(1'700'000'000));
  EXPECT_TRUE(event.logged_in);
  EXPECT_FALSE(event.verified);
  EXPECT_THAT(event.identifiers, testing::ElementsAre(RawIdentifier{"phone", "", "13912345678"}));
  EXPECT_EQ(understood->identity.brand, "acme");
  EXPECT_EQ(understood->identity.content_hash, event.key.content_hash);
  EXPECT_EQ(understood->cause.id, "e1");
  EXPECT_EQ(understood->cause.correlation_id, "e1");
  EXPECT_EQ(understood->cause.brand, "acme");
}

TEST_F(ChannelEventsTest, TheRepublishedFormHasNoPersonalData) {
  type_ = "com.tessera.channel.account_phone_changed.v1";
  event_.mutable_account_phone_changed()->set_old_phone("13911111111");
  event_.mutable_account_phone_changed()->set_new_phone("13922222222");
  const auto understood = Understand();
  ASSERT_TRUE(understood.ok()) << understood.status();
  EXPECT_EQ(understood->event->opened, (RawIdentifier{"phone", "", "13922222222"}));
  EXPECT_EQ(understood->event->closed, (RawIdentifier{"phone", "", "13911111111"}));
  EXPECT_EQ(understood->event->stripped.find("139"), std::string::npos);
  ChannelEvent stripped;
  ASSERT_TRUE(stripped.ParseFromString(understood->event->stripped));
  ASSERT_THAT(stripped.identifiers(), SizeIs(1));
  EXPECT_EQ(stripped.identifiers(0).namespace_(), "phone");
  EXPECT_THAT(stripped.identifiers(0).value(), IsEmpty());
}

TEST_F(ChannelEventsTest, WithoutATimeTheRecordsTimeCounts) {
  time_.clear();
  EXPECT_EQ(Understand()->event->time, absl::FromUnixSeconds(1'700'000'100));
}

TEST_F(ChannelEventsTest, TheContentHashTellsContentsApartButNotEncodings) {
  const uint64_t hash = Understand()->identity.content_hash;
  EXPECT_EQ(Understand()->identity.content_hash, hash);
  event_.mutable_order_paid()->set_freight_minor(1);
  EXPECT_NE(Understand()->identity.content_hash, hash);
}

TEST_F(ChannelEventsTest, AStructuredJsonEventIsTheSameEvent) {
  kafka::Record record;
  record.headers = {{"content-type", "application/cloudevents+json"}};
  record.value = R"({"specversion":"1.0","id":"e1","source":"shop","type":"com.tessera.channel.order_paid.v1",)"
                 R"("time":"2023-11-14T22:13:20Z","brandid":"acme","datacontenttype":"application/json","data":{)"
                 R"("identifiers":[{"namespace":"phone","value":"13912345678"}],"orderPaid":{"orderId":"o1","lines":[)"
                 R"({"productCode":"p","quantity":"2","listMinor":"1000","paidMinor":"900"}]}}})";
  const auto understood = UnderstandChannelEvent(record);
  ASSERT_TRUE(understood.ok()) << understood.status();
  EXPECT_EQ(understood->identity, Understand()->identity);
}

TEST_F(ChannelEventsTest, EveryPayloadThatIsDeclaredIsAccepted) {
  const auto* payloads = ChannelEvent::descriptor()->FindOneofByName("payload");
  for (int i = 0; i < payloads->field_count(); ++i) {
    const auto* field = payloads->field(i);
    event_.Clear();
    auto* payload = event_.GetReflection()->MutableMessage(&event_, field);
    for (const char* needed : {"order_id", "refund_id", "removed_namespace"}) {
      if (const auto* id = payload->GetDescriptor()->FindFieldByName(needed)) {
        payload->GetReflection()->SetString(payload, id, "x");
      }
    }
    type_ = "com.tessera.channel." + field->name() + ".v1";
    EXPECT_EQ(Refusal(), "accepted") << field->name();
  }
}

TEST_F(ChannelEventsTest, RefusesWhatItDoesNotKnow) {
  brand_ = "Acme!";
  EXPECT_EQ(Refusal(), "BRAND_INVALID brandid");
  brand_ = "acme";
  type_ = "com.tessera.channel.order_dreamed.v1";
  EXPECT_EQ(Refusal(), "UNKNOWN_TYPE type");
  type_ = "com.tessera.channel.identifiers.v1";
  EXPECT_EQ(Refusal(), "UNKNOWN_TYPE type");
  type_ = "com.tessera.channel.v1";
  EXPECT_EQ(Refusal(), "UNKNOWN_TYPE type");
  type_ = "com.tessera.channel.order_placed.v1";
  EXPECT_EQ(Refusal(), "TYPE_MISMATCH type");
  event_.clear_order_paid();
  EXPECT_EQ(Refusal(), "TYPE_MISMATCH type");
}

TEST_F(ChannelEventsTest, ARefusalTellsItsBrandAndEventOnceTheyAreKnown) {
  type_ = "com.tessera.channel.order_dreamed.v1";
  const auto info = ErrorInfoOf(Understand().status());
  EXPECT_EQ(info->metadata.at("brand_id"), "acme");
  EXPECT_EQ(info->metadata.at("event_id"), "e1");
}

TEST_F(ChannelEventsTest, RefusesAmountsThatCannotBe) {
  auto refusal_of = [&](const std::function<void(events::v1::OrderLine&)>& change) {
    const ChannelEvent before = event_;
    change(*event_.mutable_order_paid()->mutable_lines(0));
    const std::string refusal = Refusal();
    event_ = before;
    return refusal;
  };
  EXPECT_EQ(refusal_of([](auto& line) { line.set_quantity(-1); }), "NEGATIVE_QUANTITY lines[0].quantity");
  EXPECT_EQ(refusal_of([](auto& line) { line.set_quantity(0); }), "NEGATIVE_QUANTITY lines[0].quantity");
  EXPECT_EQ(refusal_of([](auto& line) { line.set_paid_minor(-1); }), "NEGATIVE_AMOUNT lines[0].paid_minor");
  EXPECT_EQ(refusal_of([](auto& line) { line.set_list_minor(-1); }), "NEGATIVE_AMOUNT lines[0].list_minor");
  EXPECT_EQ(refusal_of([](auto& line) { line.set_points_minor(901); }), "AMOUNT_INVALID lines[0].points_minor");
  const events::v1::OrderLine second = event_.order_paid().lines(0);
  *event_.mutable_order_paid()->add_lines() = second;
  EXPECT_EQ(refusal_of([](auto& line) { line.set_paid_minor(INT64_MAX); }), "AMOUNT_OVERFLOW lines[1].paid_minor");
  EXPECT_EQ(refusal_of([](auto& line) { line.set_quantity(INT64_MAX); }), "AMOUNT_OVERFLOW lines[1].quantity");
  event_.mutable_order_paid()->set_freight_minor(-1);
  EXPECT_EQ(Refusal(), "NEGATIVE_AMOUNT freight_minor");
}

TEST_F(ChannelEventsTest, RefusesRefundsThatCannotBe) {
  type_ = "com.tessera.channel.order_refunded.v1";
  auto& refund = *event_.mutable_order_refunded();
  EXPECT_EQ(Refusal(), "FIELD_MISSING order_id");
  refund.set_order_id("o1");
  EXPECT_EQ(Refusal(), "FIELD_MISSING refund_id");
  refund.set_refund_id("r1");
  auto& line = *refund.add_lines();
  line.set_pieces(-1);
  EXPECT_EQ(Refusal(), "NEGATIVE_QUANTITY lines[0].pieces");
  line.set_pieces(1);
  line.set_line(-1);
  EXPECT_EQ(Refusal(), "NEGATIVE_QUANTITY lines[0].line");
  line.set_line(0);
  refund.set_money_minor(-1);
  EXPECT_EQ(Refusal(), "NEGATIVE_AMOUNT money_minor");
}

TEST_F(ChannelEventsTest, KeepsToTheLimits) {
  const events::v1::Identifier phone = event_.identifiers(0);
  const events::v1::OrderLine line = event_.order_paid().lines(0);
  for (int i = 0; i < 49; ++i) *event_.add_identifiers() = phone;
  EXPECT_EQ(Refusal(), "accepted");
  *event_.add_identifiers() = phone;
  EXPECT_EQ(Refusal(), "TOO_MANY_IDENTIFIERS identifiers");
  event_.clear_identifiers();
  for (int i = 0; i < 1'999; ++i) *event_.mutable_order_paid()->add_lines() = line;
  EXPECT_EQ(Refusal(), "accepted");
  *event_.mutable_order_paid()->add_lines() = line;
  EXPECT_EQ(Refusal(), "TOO_MANY_LINES lines");
}

TEST_F(ChannelEventsTest, RefusesTimesBefore1970) {
  time_ = "1969-12-31T23:59:59Z";
  EXPECT_EQ(Refusal(), "EVENT_TIME_OUT_OF_RANGE time");
}

TEST_F(ChannelEventsTest, AnIdentifierNeedsItsNamespace) {
  event_.mutable_identifiers(0)->clear_namespace_();
  EXPECT_EQ(Refusal(), "FIELD_MISSING identifiers[0].namespace");
  event_.mutable_identifiers(0)->set_namespace_(std::string(101, 'x'));
  EXPECT_EQ(Refusal(), "FIELD_TOO_LONG identifiers[0].namespace");
}

// ---- answers to merges ----

kafka::Record AnswerRecord(const events::v1::Rekeyed& message, const std::string& type) {
  kafka::Record record;
  record.headers = {{"ce_specversion", "1.0"}, {"ce_id", "a1"},        {"ce_source", "acme/membership"},
                    {"ce_type", type},         {"ce_brandid", "acme"}, {"content-type", "application/protobuf"}};
  record.value = message.SerializeAsString();
  return record;
}

TEST(MergeAnswersTest, BecomesACommandWithTheServicesThatMustAnswer) {
  events::v1::Rekeyed message;
  message.set_merge_id("01890a5d-ac96-774b-bcce-b302099a8057");
  message.set_service("membership");
  (*message.mutable_survivor_before()->mutable_totals())["lots"] = 2;
  const auto understood =
      UnderstandMergeAnswer(AnswerRecord(message, "com.tessera.membership.rekeyed.v1"), {"membership"});
  ASSERT_TRUE(understood.ok());
  ASSERT_TRUE(understood->has_value());
  EXPECT_EQ((*understood)->answer.service, "membership");
  EXPECT_EQ((*understood)->answer.survivor_before.at("lots"), 2);
  EXPECT_EQ((*understood)->answer.required_services.size(), 1u);
}

TEST(MergeAnswersTest, OtherAnswersAreNotOurs) {
  const auto understood = UnderstandMergeAnswer(AnswerRecord({}, "com.tessera.membership.erased.v1"), {});
  ASSERT_TRUE(understood.ok());
  EXPECT_FALSE(understood->has_value());
}

TEST(MergeAnswersTest, RefusesWhatNamesNoMerge) {
  events::v1::Rekeyed message;
  message.set_service("membership");
  const auto understood = UnderstandMergeAnswer(AnswerRecord(message, "com.tessera.membership.rekeyed.v1"), {});
  EXPECT_EQ(FieldOf(understood.status()), "merge_id");
}

}  // namespace
}  // namespace tessera::oneid
