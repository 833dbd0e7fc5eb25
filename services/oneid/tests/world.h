// oneid against a real Postgres, without a broker: events and calls go through the engine's writer, stepped by hand.
// For tests; used by one thread.
#pragma once

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "base/check.h"
#include "base/clock.h"
#include "base/crypto.h"
#include "engine/api.h"
#include "engine/writer.h"
#include "services/oneid/service.h"
#include "tessera/engine/v1/outbox.pb.h"
#include "tessera/events/v1/channel_event.pb.h"
#include "tessera/events/v1/customer_event.pb.h"
#include "tessera/oneid/v1/admin_service.pb.h"
#include "testing/postgres.h"

namespace tessera::oneid {

inline const KeyFile& TestKeys() {
  static const KeyFile& keys = *new KeyFile{std::string(32, 'l'), std::string(32, 'i'), std::string(32, 'w')};
  return keys;
}

// The process has one service, because the keys are the process'.
inline const engine::Service& TestService() {
  static const engine::Service& service = *NewService({.keys = TestKeys()}).release();
  return service;
}

// Keeps what a service registers, so that a test can call it.
class RecordingApi final : public engine::Api {
 public:
  std::map<std::string, ToCommand> commands;
  std::map<std::string, BatchRead> reads;
  std::map<std::string, OneQuery> queries;

 protected:
  void AddCommand(std::string_view method, const Message&, ToCommand f) override { commands[std::string(method)] = f; }
  void AddCommands(std::string_view, const Message&, Split, Join) override {}
  void AddRead(std::string_view method, const Message&, BatchRead f) override { reads[std::string(method)] = f; }
  void AddQuery(std::string_view method, const Message&, OneQuery f) override { queries[std::string(method)] = f; }
};

// An event as a test writes it: identifiers are "namespace", "scope" and "value".
struct TestEvent {
  std::string id;
  std::vector<std::vector<std::string>> identifiers;
  absl::Time time = absl::FromUnixSeconds(1'700'000'000);
  bool logged_in = false;
  bool verified = false;
  std::string brand = "acme";
  std::string source = "shop";
  events::v1::ChannelEvent event{};  // payload; page_viewed where none is set
};

class World {
 public:
  explicit World(size_t batch = 200)
      : database_("oneid", EmbeddedFiles()),
        clock_(absl::FromUnixSeconds(1'700'000'000)),
        writer_(TestService(), {"oneid", TestKeys().wrapping_key, RandomUuidV7(absl::Now()), 0}, clock_,
                WriterOptions(database_), {.batch = batch}, {}),
        feed_(NewFeed("tessera.channel.events.v1")),
        answers_feed_(NewFeed("tessera.membership.answers.v1")),
        reader_(*pg::Connection::Open(database_.options())) {
    RegisterApi(api_);
  }

  static pg::ConnectionOptions WriterOptions(testing::TestDatabase& database) {
    pg::ConnectionOptions options = database.options();
    options.key_access_only = true;
    return options;
  }

  // Declares the brand "acme" (China, alone in its group) or what the request says.
  void PutBrand(v1::PutBrandGroupRequest request = {}) {
    if (request.brands().empty()) {
      request.set_brand_id("acme");
      request.set_group_id("acme-group");
      v1::BrandSettings& brand = *request.add_brands();
      brand.set_brand_id("acme");
      brand.set_time_zone("Asia/Shanghai");
      brand.set_region("CN");
      brand.set_currency("CNY");
    }
    request.set_request_id(RandomUuidV7(absl::Now()).ToString());
    const auto answer = Call<v1::PutBrandGroupResponse>("tessera.oneid.v1.AdminService/PutBrandGroup", request);
    ASSERT_TRUE(answer.ok()) << answer.status();
  }

  static kafka::Record RecordOf(const TestEvent& event) {
    events::v1::ChannelEvent message = event.event;
    for (const auto& [name, scope, value] : Triples(event)) {
      auto& identifier = *message.add_identifiers();
      identifier.set_namespace_(name);
      identifier.set_scope(scope);
      identifier.set_value(value);
    }
    message.set_logged_in(message.logged_in() || event.logged_in);
    message.set_verified(message.verified() || event.verified);
    if (message.payload_case() == events::v1::ChannelEvent::PAYLOAD_NOT_SET) message.mutable_page_viewed();
    const auto* payload =
        message.GetReflection()->GetOneofFieldDescriptor(message, message.GetDescriptor()->FindOneofByName("payload"));
    kafka::Record record;
    record.timestamp = event.time;
    record.key = event.id;
    record.headers = {{"ce_specversion", "1.0"},
                      {"ce_id", event.id},
                      {"ce_source", event.source},
                      {"ce_type", "com.tessera.channel." + payload->name() + ".v1"},
                      {"ce_time", absl::FormatTime(absl::RFC3339_full, event.time, absl::UTCTimeZone())},
                      {"ce_brandid", event.brand},
                      {"content-type", "application/protobuf"}};
    record.value = message.SerializeAsString();
    return record;
  }

  // A partition that is read from its start.
  std::shared_ptr<engine::Feed> NewFeed(const std::string& topic, int32_t partition = 0) {
    database_.Text("INSERT INTO consumer_mark VALUES ('" + topic + "', " + std::to_string(partition) + ", 0, -1)");
    auto feed = std::make_shared<engine::Feed>();
    feed->topic = topic;
    feed->partition = partition;
    feed->next_offset = 0;
    feed->last_seq = -1;
    return feed;
  }

  // Puts a record into the writer's queue; Run carries it out.
  void Queue(kafka::Record record) { Queue(feed_, std::move(record)); }
  void Queue(const TestEvent& event) { Queue(feed_, RecordOf(event)); }
  void QueueAnswer(kafka::Record record) { Queue(answers_feed_, std::move(record)); }
  void Publish(const TestEvent& event) {
    Queue(event);
    Run();
  }
  void Run() {
    while (writer_.Step(absl::ZeroDuration())) {
    }
  }

  template <class Response, class Request>
  absl::StatusOr<Response> Call(const std::string& method, const Request& request) {
    absl::StatusOr<std::string> bytes = absl::InternalError("not answered");
    auto command = api_.commands.at(method)(request);
    if (!command.ok()) return command.status();
    engine::Work work;
    work.command = std::move(command->command);
    work.cause = {request.request_id(), request.request_id(), "", clock_.Now(), command->brand.value};
    work.origin = engine::CallOrigin{method,
                                     command->brand,
                                     command->request_id,
                                     Sha256(request.SerializeAsString()),
                                     clock_.Now() + absl::Seconds(30),
                                     [&bytes](absl::StatusOr<std::string> answer) { bytes = std::move(answer); }};
    TESSERA_CHECK(writer_.Push(work));
    Run();
    return Parsed<Response>(bytes);
  }

  template <class Response, class Request>
  absl::StatusOr<Response> Read(const std::string& method, const Request& request) {
    pg::Tx tx(*reader_, "read");
    if (auto query = api_.queries.find(method); query != api_.queries.end()) {
      auto answer = query->second(tx, request);
      return tx.ok() ? Parsed<Response>(answer) : tx.status();
    }
    auto answers = api_.reads.at(method)(tx, {&request});
    return tx.ok() ? Parsed<Response>(answers.at(0)) : tx.status();
  }

  // The events in the outbox of a log, in publishing order within each slot.
  std::vector<engine::v1::OutboxEvent> Outbox(int log) {
    std::vector<engine::v1::OutboxEvent> events;
    pg::Tx tx(*reader_, "outbox");
    static constexpr pg::Statement kRead = {
        "test_outbox", "SELECT events FROM outbox WHERE log = $1 ORDER BY posted_time, slot, base_seq"};
    const pg::Rows rows = tx.Run(kRead, static_cast<int16_t>(log));
    for (const auto row : rows) {
      engine::v1::OutboxEvents packed;
      TESSERA_CHECK(packed.ParseFromString(row.Get<pg::Bytes>(0).value));
      for (auto& event : *packed.mutable_events()) events.push_back(std::move(event));
    }
    return events;
  }

  // The republished event of a channel event; the test fails if it was not republished exactly once.
  events::v1::CustomerEvent Republished(const std::string& event_id) {
    events::v1::CustomerEvent found;
    int count = 0;
    for (const auto& event : Outbox(0)) {
      events::v1::CustomerEvent parsed;
      if (event.type().find("_merged") != std::string::npos || event.type().find("brand_") != std::string::npos)
        continue;
      TESSERA_CHECK(parsed.ParseFromString(event.data()));
      if (parsed.source_event_id() != event_id) continue;
      found = parsed;
      ++count;
    }
    EXPECT_EQ(count, 1) << event_id;
    return found;
  }

  // The invariants that do not hold, as "check: subject: detail" lines.
  std::string Violations() {
    std::string violations;
    for (const EmbeddedFile& file : EmbeddedFiles()) {
      if (!file.name.starts_with("checks/")) continue;
      auto rows = database_.admin().Execute(std::string(file.content));  // sees what Text() has not committed
      TESSERA_CHECK(rows.ok());
      for (int i = 0; i < rows->size(); ++i) {
        violations += std::string(file.name) + ": " + std::string(rows->TextAt(i, 1)) + ": " +
                      std::string(rows->TextAt(i, 2)) + "\n";
      }
    }
    return violations;
  }

  // The reasons and fields of all dead letters.
  std::string DeadLetter() { return Text("SELECT string_agg(reason || ' ' || field, ',') FROM dead_letter"); }
  std::string Text(const std::string& sql) { return database_.Text(sql); }
  ManualClock& clock() { return clock_; }
  testing::TestDatabase& database() { return database_; }
  engine::Writer& writer() { return writer_; }
  RecordingApi& api() { return api_; }

 private:
  static std::vector<std::tuple<std::string, std::string, std::string>> Triples(const TestEvent& event) {
    std::vector<std::tuple<std::string, std::string, std::string>> triples;
    for (const auto& identifier : event.identifiers) triples.emplace_back(identifier[0], identifier[1], identifier[2]);
    return triples;
  }

  template <class Response>
  static absl::StatusOr<Response> Parsed(const absl::StatusOr<std::string>& bytes) {
    if (!bytes.ok()) return bytes.status();
    Response response;
    TESSERA_CHECK(response.ParseFromString(*bytes));
    return response;
  }

  void Queue(const std::shared_ptr<engine::Feed>& feed, kafka::Record record) {
    record.topic = feed->topic;
    record.offset = offset_++;
    engine::Work work;
    work.origin = engine::RecordOrigin{feed, std::move(record), std::nullopt};
    while (!writer_.Push(work)) Run();
  }

  testing::TestDatabase database_;
  ManualClock clock_;
  engine::Writer writer_;
  std::shared_ptr<engine::Feed> feed_, answers_feed_;
  std::unique_ptr<pg::Connection> reader_;
  RecordingApi api_;
  int64_t offset_ = 0;
};

}  // namespace tessera::oneid
