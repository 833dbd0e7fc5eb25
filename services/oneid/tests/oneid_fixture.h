// The real oneid with a real broker, a database and topics of its own, and the brand "acme". For service tests.
#pragma once

#include <google/protobuf/util/json_util.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <memory>
#include <numeric>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/ids.h"
#include "base/murmur2.h"
#include "engine/engine_store.h"
#include "events/cloud_event.h"
#include "kafka/admin.h"
#include "kafka/consumer.h"
#include "kafka/producer.h"
#include "rpc/client.h"
#include "services/oneid/tests/world.h"
#include "tessera/oneid/v1/admin_service.pb.h"
#include "tessera/ops/v1/operations_service.pb.h"
#include "testing/environment.h"
#include "testing/postgres.h"
#include "testing/process.h"
#include "testing/wait.h"

namespace tessera::oneid {

inline constexpr char kChannelTopic[] = "tessera.channel.events.v1";
inline constexpr char kAnswersTopic[] = "tessera.membership.answers.v1";
inline constexpr char kCustomerTopic[] = "tessera.oneid.customer.v1";
inline constexpr char kIdentityTopic[] = "tessera.oneid.identity.v1";
inline constexpr char kDeadLettersTopic[] = "tessera.oneid.deadletters.v1";

// A channel event as it came out.
struct ResolvedEvent {
  kafka::Record record;
  events::v1::CustomerEvent event;
};

// The value of the first header of this name; "" if there is none.
inline std::string HeaderOf(const kafka::Record& record, std::string_view name) {
  for (const kafka::Header& header : record.headers) {
    if (header.name == name) return header.value;
  }
  return "";
}

// "order_paid" of com.tessera.oneid.order_paid.v1; "" for facts about brands and identities, which share the topic.
inline std::string PayloadOf(const kafka::Record& record) {
  constexpr std::string_view kPrefix = "com.tessera.oneid.", kSuffix = ".v1";
  std::string type = HeaderOf(record, "ce_type");
  if (!type.starts_with(kPrefix) || !type.ends_with(kSuffix)) return "";
  type = type.substr(kPrefix.size(), type.size() - kPrefix.size() - kSuffix.size());
  const auto* field = events::v1::ChannelEvent::descriptor()->FindFieldByName(type);
  return field != nullptr && field->containing_oneof() != nullptr ? type : "";
}

// The channel events among records of the customer topic, by their ids; each must be there once.
inline std::map<std::string, ResolvedEvent> EventsAmong(const std::vector<kafka::Record>& records) {
  std::map<std::string, ResolvedEvent> events;
  for (const kafka::Record& record : records) {
    if (PayloadOf(record).empty()) continue;
    ResolvedEvent resolved{record, {}};
    EXPECT_TRUE(resolved.event.ParseFromString(*record.value));
    EXPECT_EQ(record.partition, KafkaPartition(*record.key, engine::kSlots));
    const std::string id = resolved.event.source_event_id();
    EXPECT_TRUE(events.emplace(id, std::move(resolved)).second) << id << " is told twice";
  }
  return events;
}

// The same event in structured mode with JSON data.
inline kafka::Record Structured(const kafka::Record& binary) {
  const events::CloudEvent cloud = *events::DecodeCloudEvent(binary);
  events::v1::ChannelEvent message;
  EXPECT_TRUE(message.ParseFromString(cloud.data));
  std::string json;
  EXPECT_TRUE(google::protobuf::util::MessageToJsonString(message, &json).ok());
  kafka::Record record = binary;
  record.headers = {{"content-type", "application/cloudevents+json; charset=UTF-8"}};
  record.value =
      absl::StrCat(R"({"specversion":"1.0","id":")", cloud.id, R"(","source":")", cloud.source, R"(","type":")",
                   cloud.type, R"(","time":")", events::FormatRfc3339(*cloud.time), R"(","brandid":")",
                   cloud.extensions.at("brandid"), R"(","datacontenttype":"application/json","data":)", json, "}");
  return record;
}

class OneidTest : public ::testing::Test {
 protected:
  OneidTest()
      : prefix_(testing::Unique("oneid")),
        database_("oneid", EmbeddedFiles()),
        token_(testing::Token({"*"}, {"oneid.admin", "oneid.reader", "oneid.writer", "operator"})),
        producer_(*kafka::Producer::Create({.brokers = testing::RequiredEnvironment("TESSERA_TEST_BROKERS")})),
        admin_(*kafka::Admin::Create(testing::RequiredEnvironment("TESSERA_TEST_BROKERS"))) {}

  void SetUp() override {
    ASSERT_NO_FATAL_FAILURE(StartService());
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

  // A process on the test's database and topics, in place of the one before.
  void StartService() {
    process_ = std::make_unique<testing::ServiceProcess>(
        "oneid", database_.dsn(), prefix_, std::map<std::string, std::string>{{"TESSERA_LOG_LEVEL", "debug"}});
    const absl::Status serving = process_->AwaitServing();
    ASSERT_TRUE(serving.ok()) << serving;
    client_ = std::make_unique<rpc::Client>(process_->address());
  }

  // `method` is "IdentityService/GetCustomer" or one of OperationsService; the token may do everything.
  template <class Response, class Request>
  absl::StatusOr<Response> Call(const std::string& method, const Request& request) {
    return CallWith<Response>(token_, method, request);
  }
  template <class Response, class Request>
  absl::StatusOr<Response> CallWith(const std::string& token, const std::string& method, const Request& request) {
    const char* package = method.starts_with("OperationsService/") ? "tessera.ops.v1." : "tessera.oneid.v1.";
    return client_->Call<Request, Response>(package + method, request, {.token = token});
  }

  void Produce(const std::string& topic, const std::vector<kafka::Record>& records) {
    std::vector<kafka::Message> messages;
    for (const kafka::Record& record : records) {
      messages.push_back({.topic = prefix_ + "." + topic,
                          .partition = KafkaPartition(*record.key, engine::kSlots),
                          .key = record.key,
                          .headers = record.headers,
                          .value = record.value});
    }
    const absl::Status sent = producer_->ProduceAndWait(messages, absl::Seconds(20));
    ASSERT_TRUE(sent.ok()) << sent;
  }

  // To the channel topic as an adapter does it, keyed by the account: the first identifier.
  void Publish(const std::vector<TestEvent>& events) {
    std::vector<kafka::Record> records;
    for (const TestEvent& event : events) {
      records.push_back(World::RecordOf(event));
      records.back().key = event.identifiers.at(0).at(2);
    }
    Produce(kChannelTopic, records);
  }

  // Waits until all that is in the topics that oneid reads has taken effect, and its effects are published.
  void AwaitIdle() {
    absl::StatusOr<ops::v1::GetProgressResponse> progress;
    ASSERT_TRUE(testing::WaitFor([&] {
      progress = Call<ops::v1::GetProgressResponse>("OperationsService/GetProgress", ops::v1::GetProgressRequest());
      return progress.ok() && HasConsumedAll(*progress) && HasPublishedAll(*progress);
    })) << (progress.ok() ? progress->DebugString() : progress.status().ToString())
        << process_->log();
  }

  // All records of a topic, in order within each partition, once there is nothing more to come.
  std::vector<kafka::Record> ReadTopic(const std::string& topic) {
    AwaitIdle();
    const std::string at_broker = prefix_ + "." + topic;
    const std::vector<int64_t> ends = *admin_->EndOffsets(at_broker);
    auto consumer = *kafka::Consumer::Create(
        {.brokers = testing::RequiredEnvironment("TESSERA_TEST_BROKERS"), .group_id = prefix_});
    for (size_t partition = 0; partition < ends.size(); ++partition) {
      EXPECT_TRUE(consumer->Assign(at_broker, static_cast<int32_t>(partition), 0).ok());
    }
    const auto total = static_cast<size_t>(std::accumulate(ends.begin(), ends.end(), int64_t{0}));
    std::vector<kafka::Record> records;
    testing::WaitFor([&] {
      for (auto& record : consumer->Poll(1'000, absl::Milliseconds(100)).records) records.push_back(std::move(record));
      return records.size() >= total;
    });
    EXPECT_EQ(records.size(), total);
    return records;
  }

  // All channel events that came out, by id.
  std::map<std::string, ResolvedEvent> Resolved() { return EventsAmong(ReadTopic(kCustomerTopic)); }

  v1::GetStatisticsResponse Statistics() {
    v1::GetStatisticsRequest request;
    request.set_brand_id("acme");
    const auto response = Call<v1::GetStatisticsResponse>("AdminService/GetStatistics", request);
    EXPECT_TRUE(response.ok()) << response.status();
    return response.value_or(v1::GetStatisticsResponse());
  }

  // Every dead letter, newest first.
  std::vector<ops::v1::DeadLetterSummary> DeadLetterSummaries() {
    ops::v1::ListDeadLettersRequest request;
    request.set_page_size(1'000);
    const auto response = Call<ops::v1::ListDeadLettersResponse>("OperationsService/ListDeadLetters", request);
    EXPECT_TRUE(response.ok()) << response.status();
    if (!response.ok()) return {};
    return {response->dead_letters().begin(), response->dead_letters().end()};
  }

  // Their reasons and fields: "EVENT_ID_REUSED id".
  std::vector<std::string> DeadLetters() {
    std::vector<std::string> letters;
    for (const auto& letter : DeadLetterSummaries()) letters.push_back(letter.reason() + " " + letter.field());
    return letters;
  }

  const std::string prefix_;
  testing::TestDatabase database_;
  const std::string token_;
  std::unique_ptr<testing::ServiceProcess> process_;
  std::unique_ptr<rpc::Client> client_;

 private:
  bool HasConsumedAll(const ops::v1::GetProgressResponse& progress) {
    std::map<std::pair<std::string, int32_t>, int64_t> next;
    for (const auto& one : progress.consumed()) next[{one.topic(), one.partition()}] = one.next_offset();
    for (const char* topic : {kChannelTopic, kAnswersTopic}) {
      const auto ends = admin_->EndOffsets(prefix_ + "." + topic);
      if (!ends.ok()) return false;
      for (size_t partition = 0; partition < ends->size(); ++partition) {
        if (next[{topic, static_cast<int32_t>(partition)}] < (*ends)[partition]) return false;
      }
    }
    return true;
  }

  static bool HasPublishedAll(const ops::v1::GetProgressResponse& progress) {
    return std::all_of(progress.published().begin(), progress.published().end(),
                       [](const auto& slot) { return slot.relayed_seq() == slot.next_seq(); });
  }

  std::unique_ptr<kafka::Producer> producer_;
  std::unique_ptr<kafka::Admin> admin_;
};

}  // namespace tessera::oneid
