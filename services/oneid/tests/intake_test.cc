// The real binary with a real broker: events in over gRPC, resolved events out on Kafka.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/status.h"
#include "services/oneid/tests/oneid_fixture.h"
#include "tessera/oneid/v1/identity_service.pb.h"
#include "tessera/oneid/v1/intake_service.pb.h"

namespace tessera::oneid {
namespace {

using ::testing::SizeIs;

class IntakeTest : public OneidTest {
 protected:
  static v1::NewEvent Event(const std::string& id, const std::string& account, int64_t quantity = 1) {
    v1::NewEvent event;
    event.set_event_id(id);
    event.set_source("app");
    auto& identifier = *event.mutable_event()->add_identifiers();
    identifier.set_namespace_("jd_pin");
    identifier.set_value(account);
    auto& order = *event.mutable_event()->mutable_order_paid();
    order.set_order_id(id);
    auto& line = *order.add_lines();
    line.set_product_code("p");
    line.set_quantity(quantity);
    return event;
  }
};

TEST_F(IntakeTest, AnEventOverGrpcIsResolvedAndRepublished) {
  v1::PublishEventRequest request;
  request.set_brand_id("acme");
  *request.mutable_event() = Event("e1", "ann");
  for (int repeat = 0; repeat < 2; ++repeat) {
    const auto published = Call<v1::PublishEventResponse>("IntakeService/PublishEvent", request);
    ASSERT_TRUE(published.ok()) << published.status();
  }
  *request.mutable_event() = Event("e2", "ann");
  ASSERT_TRUE(Call<v1::PublishEventResponse>("IntakeService/PublishEvent", request).ok());
  const auto events = Resolved();
  ASSERT_THAT(events, SizeIs(2));
  const events::v1::CustomerEvent& first = events.at("e1").event;
  EXPECT_EQ(first.customer_id(), events.at("e2").event.customer_id());
  EXPECT_EQ(first.event().identifiers(0).value(), "");
  v1::GetCustomerRequest get;
  get.set_brand_id("acme");
  get.set_customer_id(first.customer_id());
  const auto customer = Call<v1::GetCustomerResponse>("IdentityService/GetCustomer", get);
  ASSERT_TRUE(customer.ok()) << customer.status();
  EXPECT_THAT(customer->customer().identifiers(), SizeIs(1));
}

TEST_F(IntakeTest, AStreamAnswersEachEventAndARefusedOneDoesNotEndIt) {
  std::vector<v1::PublishEventsRequest> requests;
  for (int i = 0; i < 20; ++i) {
    auto& request = requests.emplace_back();
    request.set_brand_id("acme");
    *request.mutable_event() = Event("s" + std::to_string(i), "bob", i == 7 ? -1 : 1);
  }
  size_t next = 0;
  std::vector<v1::PublishEventsResponse> answers;
  const absl::Status status = client_->Stream(
      "tessera.oneid.v1.IntakeService/PublishEvents", {.token = token_},
      [&]() -> std::optional<std::string> {
        if (next == requests.size()) return std::nullopt;
        return requests[next++].SerializeAsString();
      },
      [&](const std::string& bytes) { ASSERT_TRUE(answers.emplace_back().ParseFromString(bytes)); });
  ASSERT_TRUE(status.ok()) << status;
  ASSERT_THAT(answers, SizeIs(20));
  for (int i = 0; i < 20; ++i) {
    EXPECT_EQ(answers[i].event_id(), "s" + std::to_string(i));
    EXPECT_EQ(answers[i].accepted(), i != 7);
  }
  EXPECT_EQ(answers[7].reason() + " " + answers[7].field(),
            "NEGATIVE_QUANTITY event.event.order_paid.lines[0].quantity");
  EXPECT_THAT(Resolved(), SizeIs(19));
}

TEST_F(IntakeTest, WhatCannotBeTakenIsRefusedAtOnce) {
  v1::PublishEventRequest request;
  request.set_brand_id("acme");
  auto refusal_of = [&](const std::string& token) {
    const auto published = CallWith<v1::PublishEventResponse>(token, "IntakeService/PublishEvent", request);
    return ErrorInfoOf(published.status())->reason + " " + FieldOf(published.status());
  };
  EXPECT_EQ(refusal_of(token_), "FIELD_MISSING event.event.payload");
  *request.mutable_event() = Event("", "ann");
  EXPECT_EQ(refusal_of(token_), "ATTRIBUTE_MISSING event.event_id");
  *request.mutable_event() = Event("e1", "ann");
  request.mutable_event()->mutable_event()->mutable_identifiers(0)->clear_namespace_();
  EXPECT_EQ(refusal_of(token_), "FIELD_MISSING event.event.identifiers[0].namespace");
  *request.mutable_event() = Event("e1", "ann");
  request.mutable_event()->mutable_event_time()->set_seconds(absl::ToUnixSeconds(absl::Now() + absl::Hours(25)));
  EXPECT_EQ(refusal_of(token_), "EVENT_TIME_OUT_OF_RANGE event.event_time");
  EXPECT_EQ(refusal_of(testing::Token({"acme"}, {"oneid.reader"})), "ROLE_MISSING ");
  EXPECT_EQ(refusal_of(testing::Token({"other"}, {"oneid.writer"})), "BRAND_NOT_ALLOWED ");
}

}  // namespace
}  // namespace tessera::oneid
