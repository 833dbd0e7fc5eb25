// The real binary with a real Postgres and a real broker: events in, calls answered, events out.
#include "services/sample/service.h"

#include <gtest/gtest.h>

#include "base/murmur2.h"
#include "engine/engine_store.h"
#include "kafka/admin.h"
#include "kafka/consumer.h"
#include "kafka/producer.h"
#include "rpc/client.h"
#include "tessera/events/v1/customer_event.pb.h"
#include "tessera/sample/v1/activity_service.pb.h"
#include "tessera/sample/v1/events.pb.h"
#include "testing/environment.h"
#include "testing/postgres.h"
#include "testing/process.h"
#include "testing/wait.h"

namespace tessera::sample {
namespace {

constexpr char kCustomer[] = "0192f0c1-5b7a-7cde-8f01-23456789abcd";

class SampleServiceTest : public ::testing::Test {
 protected:
  SampleServiceTest()
      : prefix_(testing::Unique("sample")),
        database_("sample", EmbeddedFiles()),
        process_("sample", database_.dsn(), prefix_),
        producer_(*kafka::Producer::Create({.brokers = testing::RequiredEnvironment("TESSERA_TEST_BROKERS")})) {}

  void SetUp() override { ASSERT_TRUE(process_.AwaitServing().ok()) << process_.log(); }

  // As oneid publishes it; the same `seq` twice is a duplicate.
  void PublishEvent(int seq) {
    ::tessera::events::v1::CustomerEvent event;
    event.set_brand_id("shop");
    event.set_customer_id(kCustomer);
    event.mutable_event_time()->set_seconds(1'700'000'000 + seq);
    const kafka::Message message = {.topic = prefix_ + ".tessera.oneid.customer.v1",
                                    .partition = KafkaPartition(kCustomer, engine::kSlots),
                                    .key = kCustomer,
                                    .headers = {{"ce_specversion", "1.0"},
                                                {"ce_id", std::to_string(seq)},
                                                {"ce_source", "shop/oneid"},
                                                {"ce_type", "com.tessera.oneid.page_viewed.v1"},
                                                {"ce_sequence", std::to_string(seq)},
                                                {"content-type", "application/protobuf"}},
                                    .value = event.SerializeAsString()};
    ASSERT_TRUE(producer_->ProduceAndWait({&message, 1}, absl::Seconds(20)).ok());
  }

  int64_t Count() {
    rpc::Client client(process_.address());
    v1::GetActivityRequest request;
    request.set_brand_id("shop");
    request.set_customer_id(kCustomer);
    const auto response = client.Call<v1::GetActivityRequest, v1::GetActivityResponse>(
        "tessera.sample.v1.ActivityService/GetActivity", request,
        {.token = testing::Token({"shop"}, {"sample.reader"})});
    return response.ok() ? response->event_count() : -1;
  }

  const std::string prefix_;
  testing::TestDatabase database_;
  testing::ServiceProcess process_;
  std::unique_ptr<kafka::Producer> producer_;
};

TEST_F(SampleServiceTest, CountsEachEventOnceAndPublishesTheCount) {
  PublishEvent(0);
  PublishEvent(1);
  PublishEvent(1);
  PublishEvent(2);
  EXPECT_TRUE(testing::WaitFor([this] { return Count() == 3; })) << process_.log();

  auto consumer =
      *kafka::Consumer::Create({.brokers = testing::RequiredEnvironment("TESSERA_TEST_BROKERS"), .group_id = prefix_});
  ASSERT_TRUE(
      consumer->Assign(prefix_ + ".tessera.sample.events.v1", KafkaPartition(kCustomer, engine::kSlots), 0).ok());
  std::vector<int64_t> counts;
  testing::WaitFor([&] {
    for (const kafka::Record& record : consumer->Poll(10, absl::Milliseconds(100)).records) {
      v1::ActivityNoted event;
      EXPECT_TRUE(event.ParseFromString(*record.value));
      counts.push_back(event.event_count());
    }
    return counts.size() >= 3;
  });
  EXPECT_EQ(counts, (std::vector<int64_t>{1, 2, 3}));
}

TEST_F(SampleServiceTest, GoesOnAfterAKillWhereItStopped) {
  PublishEvent(0);
  ASSERT_TRUE(testing::WaitFor([this] { return Count() == 1; })) << process_.log();
  process_.Kill();
  PublishEvent(1);
  testing::ServiceProcess again("sample", database_.dsn(), prefix_);
  ASSERT_TRUE(again.AwaitServing().ok());
  EXPECT_TRUE(testing::WaitFor([&] { return database_.Text("SELECT event_count FROM activity") == "2"; }))
      << again.log();
  EXPECT_TRUE(again.Stop());
}

TEST_F(SampleServiceTest, ResetsOncePerRequest) {
  PublishEvent(0);
  ASSERT_TRUE(testing::WaitFor([this] { return Count() == 1; })) << process_.log();
  rpc::Client client(process_.address());
  v1::ResetActivityRequest request;
  request.set_brand_id("shop");
  request.set_customer_id(kCustomer);
  request.set_request_id("0192f0c1-5b7a-7cde-8f01-000000000001");
  for (int i = 0; i < 2; ++i) {
    const auto response = client.Call<v1::ResetActivityRequest, v1::ResetActivityResponse>(
        "tessera.sample.v1.ActivityService/ResetActivity", request,
        {.token = testing::Token({"shop"}, {"sample.writer"})});
    ASSERT_TRUE(response.ok()) << response.status();
    EXPECT_EQ(response->event_count_before(), 1);
  }
  EXPECT_EQ(Count(), 0);
}

}  // namespace
}  // namespace tessera::sample
