// Records of oneid's customer topic, understood.
#include "services/membership/consumers/customer_topic.h"

#include <gtest/gtest.h>

#include "base/status.h"
#include "events/cloud_event.h"
#include "tessera/events/v1/customer_event.pb.h"
#include "tessera/events/v1/identity_facts.pb.h"

namespace tessera::membership::consumers {
namespace {

constexpr char kCustomer[] = "01890a5d-ac96-774b-bcce-b302099a8057";
constexpr char kOther[] = "01890a5d-ac96-774b-bcce-b302099a8058";

kafka::Record RecordOf(const std::string& type, const google::protobuf::Message& payload) {
  tessera::events::CloudEvent event;
  event.id = "e1";
  event.source = "pets/oneid";
  event.type = "com.tessera.oneid." + type + ".v1";
  event.datacontenttype = "application/protobuf";
  event.time = absl::FromUnixSeconds(1'700'000'000);
  event.extensions = {{"brandid", "pets"}, {"correlationid", "c1"}, {"traceparent", "00-1-2-01"}};
  event.data = payload.SerializeAsString();
  kafka::Record record;
  record.topic = "tessera.oneid.customer.v1";
  record.headers = EncodeHeaders(event);
  record.value = event.data;
  return record;
}

tessera::events::v1::CustomerEvent EventOf() {
  tessera::events::v1::CustomerEvent event;
  event.set_brand_id("pets");
  event.set_customer_id(kOther);
  event.set_origin_customer_id(kCustomer);
  event.set_source("tmall");
  event.set_source_event_id("or-1");
  event.mutable_event_time()->set_seconds(1'600'000'000);
  event.set_order_source("shop");
  return event;
}

std::string ErrorOf(const absl::StatusOr<Read>& read) {
  if (read.ok()) return "";
  return ErrorInfoOf(read.status())->reason + " " + FieldOf(read.status());
}

TEST(CustomerTopicTest, AnOrderIsKeyedByItsSideAndItsOrderSource) {
  auto event = EventOf();
  auto* paid = event.mutable_event()->mutable_order_paid();
  paid->set_order_id("4711");
  paid->set_freight_minor(500);
  auto* line = paid->add_lines();
  line->set_product_code("85123A");
  line->set_quantity(6);
  line->set_list_minor(1600);
  line->set_paid_minor(1530);
  line->add_tags("sale");
  const auto read = ReadRecord(RecordOf("order_paid", event));
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(read->cause.id, "e1");
  EXPECT_EQ(read->cause.brand, "pets");
  EXPECT_EQ(read->cause.correlation_id, "c1");
  const auto& command = std::get<OrderPaid>(*read->command);
  EXPECT_EQ(command.side.customer.ToString(), kCustomer);
  EXPECT_EQ(command.cause.source, "tmall");
  EXPECT_EQ(command.cause.id, "or-1");
  EXPECT_EQ(command.cause.time, absl::FromUnixSeconds(1'600'000'000));
  EXPECT_EQ(command.order, (OrderKey{"4711", "shop", {"pets"}}));
  EXPECT_EQ(command.purchase->lines[0].paid_minor, 1530);
  EXPECT_EQ(command.purchase->lines[0].tags, std::vector<std::string>{"sale"});
  EXPECT_EQ(command.purchase->freight_minor, 500);
}

TEST(CustomerTopicTest, RefundsCompletionsAndOtherEventsHaveTheirCommands) {
  auto event = EventOf();
  auto* refunded = event.mutable_event()->mutable_order_refunded();
  refunded->set_order_id("4711");
  refunded->set_money_minor(100);
  auto* line = refunded->add_lines();
  line->set_line(2);
  line->set_pieces(3);
  auto read = ReadRecord(RecordOf("order_refunded", event));
  ASSERT_TRUE(read.ok()) << read.status();
  const auto& refund = std::get<OrderRefunded>(*read->command);
  EXPECT_EQ(refund.lines[0].line, 2);
  EXPECT_EQ(refund.lines[0].pieces, 3);
  EXPECT_EQ(refund.money_minor, 100);

  event.mutable_event()->mutable_order_completed()->set_order_id("4711");
  read = ReadRecord(RecordOf("order_completed", event));
  EXPECT_TRUE(std::holds_alternative<OrderCompleted>(*read->command));
  event.mutable_event()->mutable_check_in_done();
  read = ReadRecord(RecordOf("check_in_done", event));
  EXPECT_EQ(std::get<CustomerActed>(*read->command).type, EventType::kCheckInDone);
}

TEST(CustomerTopicTest, AnonymousAndUnresolvedEventsConcernNobody) {
  auto event = EventOf();
  event.mutable_event()->mutable_page_viewed();
  event.set_anonymous(true);
  auto read = ReadRecord(RecordOf("page_viewed", event));
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_FALSE(read->command.has_value());
  event = EventOf();
  event.clear_customer_id();
  event.clear_origin_customer_id();
  read = ReadRecord(RecordOf("page_viewed", event));
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_FALSE(read->command.has_value());
}

TEST(CustomerTopicTest, WhatIsNoEventOfTheTopicIsNamed) {
  auto event = EventOf();
  EXPECT_EQ(ErrorOf(ReadRecord(RecordOf("order_paid", event))), "EVENT_TYPE_UNKNOWN event.payload");
  event.mutable_event()->mutable_order_paid();
  EXPECT_EQ(ErrorOf(ReadRecord(RecordOf("order_paid", event))), "FIELD_INVALID order_id");
  event.mutable_event()->mutable_order_paid()->set_order_id("1");
  event.set_origin_customer_id("somebody");
  EXPECT_EQ(ErrorOf(ReadRecord(RecordOf("order_paid", event))), "FIELD_INVALID origin_customer_id");
  event = EventOf();
  event.set_brand_id("Pets");
  event.mutable_event()->mutable_page_viewed();
  EXPECT_EQ(ErrorOf(ReadRecord(RecordOf("page_viewed", event))), "FIELD_INVALID brand_id");
  kafka::Record garbage;
  garbage.value = "not an event";
  EXPECT_EQ(ErrorOf(ReadRecord(garbage)), "NOT_A_CLOUD_EVENT headers");
}

TEST(CustomerTopicTest, FactsOfIdentityAndBrands) {
  tessera::events::v1::CustomersMerged merged;
  merged.set_merge_id("01890a5d-ac96-774b-bcce-b302099a8059");
  merged.set_survivor_customer_id(kCustomer);
  merged.set_absorbed_customer_id(kOther);
  merged.add_after_change_ids("01890a5d-ac96-774b-bcce-b302099a8060");
  merged.add_brand_ids("pets");
  merged.add_brand_ids("cats");
  auto read = ReadRecord(RecordOf("customers_merged", merged));
  ASSERT_TRUE(read.ok()) << read.status();
  const auto& merge = std::get<CustomersMerged>(*read->command);
  EXPECT_EQ(merge.survivor.ToString(), kCustomer);
  EXPECT_EQ(merge.after.size(), 1u);
  EXPECT_EQ(merge.brands, (std::vector<BrandId>{{"pets"}, {"cats"}}));
  merged.set_absorbed_customer_id("x");
  EXPECT_EQ(ErrorOf(ReadRecord(RecordOf("customers_merged", merged))), "FIELD_INVALID absorbed_customer_id");

  tessera::events::v1::BrandChanged brand;
  brand.set_brand_id("pets");
  brand.set_time_zone("Europe/London");
  brand.set_version(3);
  read = ReadRecord(RecordOf("brand_changed", brand));
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(std::get<BrandChanged>(*read->command).zone.name(), "Europe/London");
  brand.set_time_zone("Europe/Atlantis");
  EXPECT_EQ(ErrorOf(ReadRecord(RecordOf("brand_changed", brand))), "FIELD_INVALID time_zone");
}

}  // namespace
}  // namespace tessera::membership::consumers
