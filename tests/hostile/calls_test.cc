// Every field of every method of both services, by reflection, with what an attacker would put there: a declared
// refusal that names the field, or an ordinary answer; never a fault, and no row changed by a refusal.
#include <gmock/gmock.h>
#include <google/protobuf/stubs/logging.h>
#include <google/protobuf/util/json_util.h>

#include <numeric>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "base/ids.h"
#include "base/status.h"
#include "kafka/admin.h"
#include "rpc/dynamic_client.h"
#include "tessera/membership/v1/points_service.pb.h"
#include "tessera/oneid/v1/identity_service.pb.h"
#include "tessera/oneid/v1/intake_service.pb.h"
#include "testing/environment.h"
#include "testing/wait.h"
#include "tests/e2e/cc/suite.h"
#include "tests/hostile/fixtures.h"
#include "tests/hostile/rows.h"
#include "tests/hostile/spots.h"

namespace tessera::hostile {
namespace {

constexpr char kChannelTopic[] = "tessera.channel.events.v1";

std::string NewId() { return RandomUuidV7(absl::Now()).ToString(); }

// What was answered; of a stream, what its one message was answered with.
struct Answer {
  absl::StatusCode code = absl::StatusCode::kOk;
  std::string reason, field, message;

  bool ok() const { return code == absl::StatusCode::kOk; }
  std::string ToString() const {
    return absl::StrCat(absl::StatusCodeToString(code), " ", reason, " ", field, " ", message);
  }
};

Answer AnswerOf(const absl::Status& status) {
  const auto info = ErrorInfoOf(status);
  return {status.code(), info ? info->reason : "", FieldOf(status), std::string(status.message())};
}

class HostileCalls : public e2e::Suite {
 protected:
  void SetUp() override {
    Suite::SetUp();
    Publish(Paid("ann", "before", {{1, 100'000'000}}));
    ASSERT_EQ(AwaitPoints(1'000'000), 1'000'000);
    customer_ = membership_database_.Text("SELECT customer_id FROM member");
    spend_ = MustAnswer("SpendPoints", "spend_id", R"("currency": "points", "amount": 100000)");
  }

  std::string Replaced(const std::string& json) {
    // A hold ends with its first use.
    const bool needs_hold = absl::StrContains(json, "$hold");
    const std::string hold =
        needs_hold ? MustAnswer("HoldPoints", "hold_id", R"("currency": "points", "amount": 1)") : "";
    return absl::StrReplaceAll(
        json,
        {{"$customer", customer_}, {"$hold", hold}, {"$spend", spend_}, {"$merge", NewId()}, {"$event", NewId()}});
  }

  // A mutation that must succeed; one field of its response.
  std::string MustAnswer(const std::string& name, const std::string& field, const std::string& rest) {
    const auto* method = FindService("tessera.membership.v1.PointsService")->FindMethodByName(name);
    auto request =
        MessageOf(*method->input_type(), R"({"brand_id": "shop", "customer_id": "$customer", )" + rest + "}");
    auto response = NewMessage(*method->output_type());
    const auto bytes =
        client("membership")
            .CallBytes("tessera.membership.v1.PointsService/" + name, request->SerializeAsString(), {.token = token_});
    EXPECT_TRUE(bytes.ok() && response->ParseFromString(*bytes)) << bytes.status();
    return response->GetReflection()->GetString(*response, method->output_type()->FindFieldByName(field));
  }

  static std::unique_ptr<pb::Message> NewMessage(const pb::Descriptor& type) {
    return std::unique_ptr<pb::Message>(pb::MessageFactory::generated_factory()->GetPrototype(&type)->New());
  }

  // With request ids of its own wherever the message has room for one.
  std::unique_ptr<pb::Message> MessageOf(const pb::Descriptor& type, const std::string& json) {
    auto message = NewMessage(type);
    const auto parsed = pb::util::JsonStringToMessage(Replaced(json), message.get());
    EXPECT_TRUE(parsed.ok()) << parsed.ToString() << json;
    for (const Spot& spot : SpotsOf(type)) {
      if (spot.field().name() != "request_id") continue;
      Plant(*message, spot, [](pb::Message& holder, const pb::FieldDescriptor& field, int) {
        holder.GetReflection()->SetString(&holder, &field, NewId());
      });
    }
    return message;
  }

  Answer Ask(const std::string& service, const pb::MethodDescriptor& method, const std::string& bytes) {
    const std::string path = absl::StrCat(method.service()->full_name(), "/", method.name());
    if (!method.client_streaming()) {
      const Answer answer = AnswerOf(client(service).CallBytes(path, bytes, {.token = token_}).status());
      if (answer.ok()) AwaitTimers(service);
      return answer;
    }
    bool sent = false;
    auto response = NewMessage(*method.output_type());
    const absl::Status status = client(service).Stream(
        path, {.token = token_},
        [&]() -> std::optional<std::string> { return std::exchange(sent, true) ? std::nullopt : std::optional(bytes); },
        [&](const std::string& answer) { EXPECT_TRUE(response->ParseFromString(answer)); });
    if (!status.ok()) return AnswerOf(status);
    const auto text = [&](const char* name) {
      return response->GetReflection()->GetString(*response, method.output_type()->FindFieldByName(name));
    };
    const bool refused = !text("reason").empty();
    return {refused ? absl::StatusCode::kInvalidArgument : absl::StatusCode::kOk, text("reason"), text("field"), ""};
  }

  // Everything that a refused call must leave as it was.
  // What the intake takes is decided later: of it, the topic tells at once.
  std::string State(const std::string& service, const pb::MethodDescriptor& method) {
    const bool is_intake = method.service()->name() == "IntakeService";
    std::string state = is_intake ? "" : DomainRows(service == "oneid" ? oneid_database_ : membership_database_);
    const auto ends = admin_->EndOffsets(prefix_ + "." + kChannelTopic);
    EXPECT_TRUE(ends.ok()) << ends.status();
    if (ends.ok()) absl::StrAppend(&state, " ", absl::StrJoin(*ends, " "));
    return state;
  }

  // Until what a call has set going is done, as the pass over the members under a new program, for the same reason as
  // with AwaitConsumed.
  void AwaitTimers(const std::string& service) {
    EXPECT_TRUE(testing::WaitFor([&] {
      const auto progress = client(service).Call<ops::v1::GetProgressRequest, ops::v1::GetProgressResponse>(
          std::string(e2e::kOps) + "GetProgress", {}, {.token = token_});
      return progress.ok() && progress->due_timer_count() == 0;
    }));
  }

  // Until all that the intake has taken is decided, so that it does not change rows under the next method's calls.
  void AwaitConsumed() {
    const auto sum = [](const std::vector<int64_t>& ends) {
      return std::accumulate(ends.begin(), ends.end(), int64_t{0});
    };
    EXPECT_TRUE(testing::WaitFor([&] {
      const auto ends = admin_->EndOffsets(prefix_ + "." + kChannelTopic);
      const auto progress = CallOneid<ops::v1::GetProgressResponse>(std::string(e2e::kOps) + "GetProgress",
                                                                    ops::v1::GetProgressRequest());
      if (!ends.ok() || !progress.ok()) return false;
      int64_t consumed = 0;
      for (const auto& one : progress->consumed()) consumed += one.topic() == kChannelTopic ? one.next_offset() : 0;
      return consumed == sum(*ends);
    }));
  }

  // All methods of our own that the server offers, so that a new one is among them by itself.
  std::vector<const pb::MethodDescriptor*> Methods(const std::string& service) {
    std::vector<const pb::MethodDescriptor*> methods;
    const auto names = rpc::DynamicClient(client(service)).ListServices();
    EXPECT_TRUE(names.ok()) << names.status();
    for (const std::string& name : *names) {
      if (!absl::StartsWith(name, "tessera.")) continue;
      const auto* offered = FindService(name);
      if (offered == nullptr) ADD_FAILURE() << name << " is not linked by fixtures.cc";
      if (offered == nullptr) continue;
      for (int i = 0; i < offered->method_count(); ++i) methods.push_back(offered->method(i));
    }
    EXPECT_GT(methods.size(), 20u);
    return methods;
  }

  // What was taken did no harm either.
  void TearDown() override {
    for (const char* service : {"oneid", "membership"}) {
      const auto checks = client(service).Call<ops::v1::RunChecksRequest, ops::v1::RunChecksResponse>(
          "tessera.ops.v1.OperationsService/RunChecks", {}, {.token = token_});
      ASSERT_TRUE(checks.ok()) << checks.status();
      for (const auto& check : checks->checks()) EXPECT_EQ(check.violation_count(), 0) << check.ShortDebugString();
      const auto progress = client(service).Call<ops::v1::GetProgressRequest, ops::v1::GetProgressResponse>(
          "tessera.ops.v1.OperationsService/GetProgress", {}, {.token = token_});
      ASSERT_TRUE(progress.ok()) << progress.status();
      EXPECT_EQ(progress->parked_count(), 0) << service;
    }
  }

  void TryAllFields(const std::string& service);
  void TryField(const std::string& service, const pb::MethodDescriptor& method, const std::string& json,
                const Spot& spot);

  const std::unique_ptr<kafka::Admin> admin_ =
      *kafka::Admin::Create(testing::RequiredEnvironment("TESSERA_TEST_BROKERS"));
  std::string customer_, spend_;
};

// Of what cannot be understood, the field is told; of what is understood and refused, the reason is enough.
bool IsOrdinary(const Answer& answer) {
  switch (answer.code) {
    case absl::StatusCode::kOk:
      return true;
    case absl::StatusCode::kInvalidArgument:
      return !answer.field.empty();
    case absl::StatusCode::kNotFound:
    case absl::StatusCode::kFailedPrecondition:
      return !answer.reason.empty();
    default:
      return false;
  }
}

void HostileCalls::TryField(const std::string& service, const pb::MethodDescriptor& method, const std::string& json,
                            const Spot& spot) {
  for (const Hostile& hostile : HostileValues(spot)) {
    SCOPED_TRACE(absl::StrCat(method.full_name(), " ", spot.path, " = ", hostile.name));
    auto request = MessageOf(*method.input_type(), json);
    Plant(*request, spot, hostile.put);
    std::string bytes;
    {
      const pb::LogSilencer quiet;  // It tells of text that is no UTF-8.
      bytes = request->SerializeAsString();
    }
    const std::string before = State(service, method);
    const Answer answer = Ask(service, method, bytes);
    EXPECT_TRUE(IsOrdinary(answer)) << answer.ToString();
    if (hostile.must_be_named) {
      EXPECT_EQ(answer.code, absl::StatusCode::kInvalidArgument) << answer.ToString();
      EXPECT_EQ(answer.field, spot.path) << answer.ToString();
    }
    EXPECT_FALSE(absl::StrContains(answer.message, "xxxxxxxx")) << "an error does not quote";
    if (answer.ok()) continue;
    EXPECT_EQ(State(service, method), before) << answer.ToString();
  }
}

void HostileCalls::TryAllFields(const std::string& service) {
  for (const pb::MethodDescriptor* method : Methods(service)) {
    const std::string path = absl::StrCat(method->service()->full_name(), "/", method->name());
    const auto good = GoodRequests().find(path);
    ASSERT_NE(good, GoodRequests().end()) << path << " has no good request in fixtures.cc";
    const Answer answer = Ask(service, *method, MessageOf(*method->input_type(), good->second)->SerializeAsString());
    EXPECT_TRUE(answer.ok() || answer.code == absl::StatusCode::kNotFound) << path << ": " << answer.ToString();
    for (const Spot& spot : SpotsOf(*method->input_type())) {
      ASSERT_NO_FATAL_FAILURE(TryField(service, *method, good->second, spot));
    }
    AwaitConsumed();
  }
}

TEST_F(HostileCalls, EveryFieldOfMembership) { TryAllFields("membership"); }

TEST_F(HostileCalls, EveryFieldOfOneid) { TryAllFields("oneid"); }

class HostileSizes : public HostileCalls {
 protected:
  Answer AskRaw(const std::string& path, const std::string& bytes) {
    const std::string service = absl::StartsWith(path, "tessera.oneid.") ? "oneid" : "membership";
    return AnswerOf(client(service).CallBytes(path, bytes, {.token = token_}).status());
  }
};

TEST_F(HostileSizes, ACallOf10MegabytesIsRefused) {
  const Answer answer = AskRaw("tessera.membership.v1.MemberService/GetStatistics", std::string(10 << 20, 'x'));
  EXPECT_EQ(answer.code, absl::StatusCode::kResourceExhausted) << answer.ToString();
}

TEST_F(HostileSizes, TenThousandElementsAreRefusedByTheirField) {
  oneid::v1::ResolveIdentifiersRequest resolve;
  oneid::v1::PublishEventRequest publish;
  membership::v1::BatchEarnPointsRequest earn;
  resolve.set_brand_id(e2e::kBrand);
  publish.set_brand_id(e2e::kBrand);
  publish.mutable_event()->set_event_id("many");
  publish.mutable_event()->set_source("jd");
  publish.mutable_event()->mutable_event()->mutable_page_viewed()->set_page("p");
  earn.set_brand_id(e2e::kBrand);
  for (int i = 0; i < 10'000; ++i) {
    auto& one = *resolve.add_identifiers();
    one.set_namespace_("jd_pin");
    one.set_value(absl::StrCat(i));
    auto& other = *publish.mutable_event()->mutable_event()->add_identifiers();
    other.set_namespace_("jd_pin");
    other.set_value(absl::StrCat(i));
    auto& item = *earn.add_items();
    item.set_brand_id(e2e::kBrand);
    item.set_request_id(NewId());
    item.set_customer_id(customer_);
    item.set_amount(1);
  }
  const std::string before = DomainRows(oneid_database_) + DomainRows(membership_database_);
  const Answer resolved = AskRaw("tessera.oneid.v1.IdentityService/ResolveIdentifiers", resolve.SerializeAsString());
  EXPECT_EQ(resolved.field, "identifiers") << resolved.ToString();
  const Answer published = AskRaw("tessera.oneid.v1.IntakeService/PublishEvent", publish.SerializeAsString());
  EXPECT_EQ(published.field, "event.event.identifiers") << published.ToString();
  const Answer earned = AskRaw("tessera.membership.v1.PointsService/BatchEarnPoints", earn.SerializeAsString());
  EXPECT_EQ(earned.field, "items") << earned.ToString();
  EXPECT_EQ(DomainRows(oneid_database_) + DomainRows(membership_database_), before);
}

TEST_F(HostileSizes, UnknownFieldsOfMegabytesAndNestingWithoutEndHarmNobody) {
  membership::v1::GetStatisticsRequest request;
  request.set_brand_id(e2e::kBrand);
  const std::string good = request.SerializeAsString(), path = "tessera.membership.v1.MemberService/GetStatistics";
  std::string many = good;
  while (many.size() < (3 << 20)) many += "\xF8\x07\x01";  // field 127: a number
  EXPECT_TRUE(AskRaw(path, many).ok()) << "what a newer client may send";
  request.GetReflection()->MutableUnknownFields(&request)->AddLengthDelimited(127, std::string(3 << 20, 'x'));
  EXPECT_TRUE(AskRaw(path, request.SerializeAsString()).ok());
  const Answer deep = AskRaw(path, good + std::string(1'000'000, '\x0B'));  // groups within groups
  EXPECT_EQ(deep.code, absl::StatusCode::kInvalidArgument) << deep.ToString();
  EXPECT_EQ(deep.reason, "REQUEST_MALFORMED");
}

}  // namespace
}  // namespace tessera::hostile
