// How the clients fail and recover, against librdkafka's own mock broker. What they do when all is well is tested
// against a real broker (broker_test.cc).
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>

#include <atomic>

#include "absl/time/clock.h"
#include "base/status.h"
#include "kafka/admin.h"
#include "kafka/consumer.h"
#include "kafka/producer.h"

namespace tessera::kafka {
namespace {

constexpr char kTopic[] = "mock.events";
constexpr int kBroker = 1;
constexpr absl::Duration kPatience = absl::Seconds(20);
constexpr int16_t kProduceApi = 0;

class MockBrokerTest : public testing::Test {
 protected:
  MockBrokerTest() {
    host_ = std::move(*NewHandle(HandleKind::kProducer, {}));
    cluster_ = rd_kafka_mock_cluster_new(host_.get(), 1);
    rd_kafka_mock_topic_create(cluster_, kTopic, 4, 1);
  }
  ~MockBrokerTest() override { rd_kafka_mock_cluster_destroy(cluster_); }

  ProducerOptions Options() const {
    ProducerOptions options;
    options.brokers = rd_kafka_mock_cluster_bootstraps(cluster_);
    return options;
  }
  std::unique_ptr<Producer> NewProducer(const ProducerOptions& options) {
    auto producer = Producer::Create(options);
    EXPECT_TRUE(producer.ok()) << producer.status();
    return std::move(*producer);
  }
  std::unique_ptr<Consumer> NewConsumer() {
    ConsumerOptions options;
    options.brokers = rd_kafka_mock_cluster_bootstraps(cluster_);
    options.group_id = "mock";
    auto consumer = Consumer::Create(options);
    EXPECT_TRUE(consumer.ok()) << consumer.status();
    return std::move(*consumer);
  }
  void BrokerDown() { rd_kafka_mock_broker_set_down(cluster_, kBroker); }
  void BrokerUp() { rd_kafka_mock_broker_set_up(cluster_, kBroker); }

  Handle host_;
  rd_kafka_mock_cluster_t* cluster_ = nullptr;
};

Message Text(std::string value, int32_t partition = 0) {
  return {kTopic, partition, "key", {{"ce_id", "1"}}, std::move(value)};
}

std::string ReasonOf(const absl::Status& status) {
  const auto info = ErrorInfoOf(status);
  return info ? info->reason : "";
}

std::vector<std::string> ReadValues(Consumer& consumer, size_t count) {
  std::vector<std::string> values;
  const absl::Time deadline = absl::Now() + kPatience;
  while (values.size() < count && absl::Now() < deadline) {
    for (const Record& record : consumer.Poll(100, absl::Seconds(1)).records) values.push_back(*record.value);
  }
  return values;
}

TEST_F(MockBrokerTest, DeliveryTimesOutAsUnavailableAndLaterMessagesAreDelivered) {
  ProducerOptions options = Options();
  options.delivery_timeout = absl::Milliseconds(300);
  const auto producer = NewProducer(options);
  BrokerDown();
  const std::vector<Message> batch = {Text("a"), Text("b")};
  const absl::Status failed = producer->ProduceAndWait(batch, kPatience);
  EXPECT_EQ(failed.code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(ReasonOf(failed), "NOT_DELIVERED");
  EXPECT_EQ(producer->outstanding_messages(), 0);

  BrokerUp();
  const absl::Time deadline = absl::Now() + kPatience;
  absl::Status status = failed;
  while (!status.ok() && absl::Now() < deadline) status = producer->ProduceAndWait(batch, kPatience);
  EXPECT_TRUE(status.ok()) << status;
}

TEST_F(MockBrokerTest, BrokerRestartWithinTheTimeoutLosesNothing) {
  const auto producer = NewProducer(Options());
  const auto consumer = NewConsumer();
  ASSERT_TRUE(consumer->Assign(kTopic, 2, 0).ok());
  ASSERT_TRUE(producer->ProduceAndWait({Text("before", 2)}, kPatience).ok());
  BrokerDown();
  std::atomic<bool> delivered = false;
  ASSERT_TRUE(producer->Produce(Text("during", 2), [&](const absl::Status& status) { delivered = status.ok(); }).ok());
  EXPECT_FALSE(producer->Flush(absl::Milliseconds(50)).ok());
  BrokerUp();
  ASSERT_TRUE(producer->Flush(kPatience).ok());
  EXPECT_TRUE(delivered);
  EXPECT_THAT(ReadValues(*consumer, 2), testing::ElementsAre("before", "during"));
}

TEST_F(MockBrokerTest, FatalIdempotenceErrorMakesANewClient) {
  const auto producer = NewProducer(Options());
  ASSERT_TRUE(producer->ProduceAndWait({Text("first")}, kPatience).ok());
  rd_kafka_mock_push_request_errors(cluster_, kProduceApi, 1, RD_KAFKA_RESP_ERR_OUT_OF_ORDER_SEQUENCE_NUMBER);
  const absl::Status failed = producer->ProduceAndWait({Text("second")}, kPatience);
  EXPECT_EQ(failed.code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(ReasonOf(failed), "NOT_DELIVERED");
  const absl::Status status = producer->ProduceAndWait({Text("second")}, kPatience);
  EXPECT_TRUE(status.ok()) << status;
}

TEST_F(MockBrokerTest, BoundsRefuseWithoutCallingDone) {
  ProducerOptions options = Options();
  options.outstanding_messages_max = 2;
  const auto producer = NewProducer(options);
  BrokerDown();
  std::atomic<int> calls = 0;
  const auto count = [&](const absl::Status&) { ++calls; };
  ASSERT_TRUE(producer->Produce(Text("a"), count).ok());
  ASSERT_TRUE(producer->Produce(Text("b"), count).ok());
  const absl::Status refused = producer->Produce(Text("c"), count);
  EXPECT_EQ(refused.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_TRUE(RetryDelayOf(refused).has_value());
  EXPECT_EQ(producer->ProduceBatch(std::vector<Message>(3, Text("d")), count).code(),
            absl::StatusCode::kInvalidArgument);
  BrokerUp();
  ASSERT_TRUE(producer->Flush(kPatience).ok());
  EXPECT_EQ(calls, 2);
  EXPECT_TRUE(producer->ProduceAndWait({Text("c")}, kPatience).ok());
}

TEST_F(MockBrokerTest, TooLargeAMessageIsRefusedBeforeItIsSent) {
  ProducerOptions options = Options();
  options.message_bytes_max = 1000;
  const auto producer = NewProducer(options);
  const absl::Status status = producer->ProduceAndWait({Text("ok"), Text(std::string(1000, 'x'))}, kPatience);
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(ReasonOf(status), "MESSAGE_TOO_LARGE");
}

TEST_F(MockBrokerTest, UnknownPartitionIsTold) {
  const auto producer = NewProducer(Options());
  const absl::Status status = producer->ProduceAndWait({Text("a", 99)}, kPatience);
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(ReasonOf(status), "TOPIC_UNKNOWN");
}

TEST_F(MockBrokerTest, DestructionCancelsWhatIsOutstanding) {
  absl::Status status;
  {
    const auto producer = NewProducer(Options());
    BrokerDown();
    ASSERT_TRUE(producer->Produce(Text("a"), [&](absl::Status done) { status = std::move(done); }).ok());
  }
  EXPECT_EQ(status.code(), absl::StatusCode::kCancelled);
}

TEST_F(MockBrokerTest, DoneMayProduceAgain) {
  const auto producer = NewProducer(Options());
  std::atomic<bool> second = false;
  ASSERT_TRUE(producer
                  ->Produce(Text("a"),
                            [&](const absl::Status&) {
                              EXPECT_TRUE(
                                  producer->Produce(Text("b"), [&](const absl::Status&) { second = true; }).ok());
                            })
                  .ok());
  ASSERT_TRUE(producer->Flush(kPatience).ok());
  EXPECT_TRUE(second);
}

TEST_F(MockBrokerTest, ThePartitionsAreAskedForAgainUntilTheTimeHasPassed) {
  const auto admin = std::move(*Admin::Create(Options().brokers));
  EXPECT_EQ(*admin->PartitionCount(kTopic), 4);
  BrokerDown();
  for (int i = 0; i < 3; ++i) {  // some of them on a connection that breaks, which is told at once
    const absl::Time start = absl::Now();
    EXPECT_TRUE(absl::IsUnavailable(admin->PartitionCount(kTopic, absl::Milliseconds(500)).status()));
    EXPECT_GT(absl::Now() - start, absl::Milliseconds(250));
  }
  BrokerUp();
  EXPECT_EQ(*admin->PartitionCount(kTopic, kPatience), 4);
}

TEST(ProducerTest, MalformedOptionsAreTold) {
  ProducerOptions options;
  options.brokers = "localhost:1";
  options.message_bytes_max = 2'000'000'000;
  EXPECT_EQ(Producer::Create(options).status().code(), absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace tessera::kafka
