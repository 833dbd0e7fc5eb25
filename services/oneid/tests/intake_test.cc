// The real binary with a real broker: events in over gRPC, resolved events out on Kafka.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "base/hex.h"
#include "base/ids.h"
#include "base/murmur2.h"
#include "base/status.h"
#include "engine/engine_store.h"
#include "kafka/consumer.h"
#include "rpc/client.h"
#include "services/oneid/service.h"
#include "tessera/events/v1/customer_event.pb.h"
#include "tessera/oneid/v1/admin_service.pb.h"
#include "tessera/oneid/v1/identity_service.pb.h"
#include "tessera/oneid/v1/intake_service.pb.h"
#include "testing/environment.h"
#include "testing/postgres.h"
#include "testing/process.h"
#include "testing/wait.h"

namespace tessera::oneid {
namespace {

using ::testing::SizeIs;

class IntakeTest : public ::testing::Test {
 protected:
  IntakeTest()
      : prefix_(testing::Unique("oneid")),
        database_("oneid", EmbeddedFiles()),
        process_("oneid", database_.dsn(), prefix_),
        token_(testing::Token({"*"}, {"oneid.admin", "oneid.reader", "oneid.writer"})) {}

  void SetUp() override {
    const absl::Status serving = process_.AwaitServing();
    ASSERT_TRUE(serving.ok()) << serving;
    client_ = std::make_unique<rpc::Client>(process_.address());
    v1::PutBrandGroupRequest request;
    request.set_brand_id("acme");
    request.set_request_id(RandomUuidV7(absl::Now()).ToString());
    request.set_group_id("acme");
    auto& brand = *request.add_brands();
    brand.set_brand_id("acme");
    brand.set_time_zone("Asia/Shanghai");
    brand.set_region("CN");
    brand.set_currency("CNY");
    const auto put = Call<v1::PutBrandGroupResponse>("AdminService/PutBrandGroup", request);
    ASSERT_TRUE(put.ok()) << put.status();
  }

  template <class Response, class Request>
  absl::StatusOr<Response> Call(const std::string& method, const Request& request, const std::string& token = "") {
    return client_->Call<Request, Response>("tessera.oneid.v1." + method, request,
                                            {.token = token.empty() ? token_ : token});
  }

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

  // The republished events, by id of the channel event, once there are so many.
  std::map<std::string, events::v1::CustomerEvent> Resolved(size_t count) {
    const std::string topic = prefix_ + ".tessera.oneid.customer.v1";
    auto consumer = *kafka::Consumer::Create(
        {.brokers = testing::RequiredEnvironment("TESSERA_TEST_BROKERS"), .group_id = prefix_});
    for (int32_t slot = 0; slot < engine::kSlots; ++slot) EXPECT_TRUE(consumer->Assign(topic, slot, 0).ok());
    std::map<std::string, events::v1::CustomerEvent> events;
    testing::WaitFor([&] {
      for (const kafka::Record& record : consumer->Poll(100, absl::Milliseconds(100)).records) {
        events::v1::CustomerEvent event;
        EXPECT_TRUE(event.ParseFromString(*record.value));
        if (event.source_event_id().empty()) continue;  // a fact about brands or identities
        EXPECT_EQ(record.partition, KafkaPartition(*record.key, engine::kSlots));
        EXPECT_TRUE(events.emplace(event.source_event_id(), event).second) << "told twice";
      }
      return events.size() >= count;
    });
    return events;
  }

  const std::string prefix_;
  testing::TestDatabase database_;
  testing::ServiceProcess process_;
  const std::string token_;
  std::unique_ptr<rpc::Client> client_;
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
  const auto events = Resolved(2);
  ASSERT_THAT(events, SizeIs(2));
  EXPECT_EQ(events.at("e1").customer_id(), events.at("e2").customer_id());
  EXPECT_EQ(events.at("e1").event().identifiers(0).value(), "");
  v1::GetCustomerRequest get;
  get.set_brand_id("acme");
  get.set_customer_id(events.at("e1").customer_id());
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
      [&](std::string bytes) { ASSERT_TRUE(answers.emplace_back().ParseFromString(bytes)); });
  ASSERT_TRUE(status.ok()) << status;
  ASSERT_THAT(answers, SizeIs(20));
  for (int i = 0; i < 20; ++i) {
    EXPECT_EQ(answers[i].event_id(), "s" + std::to_string(i));
    EXPECT_EQ(answers[i].accepted(), i != 7);
  }
  EXPECT_EQ(answers[7].reason() + " " + answers[7].field(), "NEGATIVE_QUANTITY lines[0].quantity");
  EXPECT_THAT(Resolved(19), SizeIs(19));
}

TEST_F(IntakeTest, WhatCannotBeTakenIsRefusedAtOnce) {
  v1::PublishEventRequest request;
  request.set_brand_id("acme");
  auto refusal = [&](const std::string& token = "") {
    const auto published = Call<v1::PublishEventResponse>("IntakeService/PublishEvent", request, token);
    return ErrorInfoOf(published.status())->reason + " " + FieldOf(published.status());
  };
  EXPECT_EQ(refusal(), "FIELD_MISSING event.event.payload");
  *request.mutable_event() = Event("", "ann");
  EXPECT_EQ(refusal(), "ATTRIBUTE_MISSING id");
  *request.mutable_event() = Event("e1", "ann");
  request.mutable_event()->mutable_event_time()->set_seconds(absl::ToUnixSeconds(absl::Now() + absl::Hours(25)));
  EXPECT_EQ(refusal(), "EVENT_TIME_OUT_OF_RANGE event.event_time");
  EXPECT_EQ(refusal(testing::Token({"acme"}, {"oneid.reader"})), "ROLE_MISSING ");
  EXPECT_EQ(refusal(testing::Token({"other"}, {"oneid.writer"})), "BRAND_NOT_ALLOWED ");
}

}  // namespace
}  // namespace tessera::oneid
