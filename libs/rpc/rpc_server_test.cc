#include <gmock/gmock.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>
#include <gtest/gtest.h>

#include <thread>

#include "absl/strings/str_cat.h"
#include "absl/synchronization/blocking_counter.h"
#include "absl/synchronization/notification.h"
#include "base/status.h"
#include "grpc/health/v1/health.pb.h"
#include "rpc/client.h"
#include "rpc/dynamic_client.h"
#include "rpc/metrics.h"
#include "rpc/server.h"
#include "rpc/test_keys.h"
#include "tessera/testing/v1/echo_service.pb.h"

namespace tessera::rpc {
namespace {

using tessera::testing::v1::AdministerRequest;
using tessera::testing::v1::AdministerResponse;
using tessera::testing::v1::EchoRequest;
using tessera::testing::v1::EchoResponse;
using tessera::testing::v1::PublishRequest;
using tessera::testing::v1::PublishResponse;
using tessera::testing::v1::UnguardedRequest;
using tessera::testing::v1::UnguardedResponse;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr char kEcho[] = "tessera.testing.v1.EchoService/Echo";
constexpr char kAdminister[] = "tessera.testing.v1.EchoService/Administer";
constexpr char kPublish[] = "tessera.testing.v1.EchoService/Publish";
constexpr char kHealth[] = "grpc.health.v1.Health/Check";

std::string ReasonOf(const absl::Status& status) {
  const auto info = ErrorInfoOf(status);
  return info ? info->reason : "";
}

class ServerTest : public ::testing::Test {
 protected:
  ServerTest() {
    options_.verifier = std::move(*NewTokenVerifier(keys_.Rules()));
    options_.clock = &clock_;
  }

  void StartServer() {
    server_ = std::make_unique<Server>(options_);
    server_->Unary<EchoRequest, EchoResponse>(
        kEcho, [this](const Call& call, const EchoRequest& request, Reply<EchoResponse> reply) {
          ++handled_;
          Echo(call, request, std::move(reply));
        });
    server_->UnaryBytes<AdministerRequest>(
        kAdminister, [](const Call&, const AdministerRequest&, const ReplyBytes& reply) { reply(std::string()); });
    server_->Stream<PublishRequest, PublishResponse>(
        kPublish,
        [this](const Call& call, const PublishRequest& request, Reply<PublishResponse> reply) {
          Publish(call, request, std::move(reply));
        },
        [](const absl::Status& status) {
          PublishResponse response;
          response.set_reason(ReasonOf(status));
          return response;
        });
    const absl::Status status = server_->Start();
    ASSERT_TRUE(status.ok()) << status;
    server_->SetServing(true);
    client_ = std::make_unique<Client>(absl::StrCat("127.0.0.1:", server_->port()));
  }

  void TearDown() override {
    if (server_) server_->Shutdown(absl::ZeroDuration());  // No handler starts a thread after this.
    for (std::thread& thread : threads_) thread.join();
  }

  void Echo(const Call& call, const EchoRequest& request, Reply<EchoResponse> reply) {
    if (request.text() == "not found") return reply(absl::NotFoundError("no such thing"));
    if (request.text() == "internal") return reply(absl::InternalError("secret detail"));
    if (request.text() == "overloaded") return reply(Overloaded("busy", absl::Milliseconds(250)));
    if (request.text() == "drop") return;
    EchoResponse response;
    response.set_text(request.text() == "traceparent" ? call.traceparent : request.text());
    response.set_blob(request.blob());
    response.set_subject(call.caller->subject);
    for (const std::string& role : call.caller->roles) response.add_roles(role);
    if (request.text() != "later") return reply(response);
    threads_.emplace_back([response, reply = std::move(reply)] { reply(response); });
  }

  // Answers pairs in the wrong order.
  void Publish(const Call&, const PublishRequest& request, Reply<PublishResponse> reply) {
    if (request.text() == "fail") return reply(InvalidField("text", "is bad", "TEXT_BAD"));
    PublishResponse response;
    response.set_number(request.number());
    std::vector<std::function<void()>> answers;
    {
      absl::MutexLock lock(&mutex_);
      held_.insert(held_.begin(), [response, reply = std::move(reply)] { reply(response); });
      if (request.number() % 2 == 0) answers.swap(held_);
    }
    for (const auto& answer : answers) answer();
  }

  CallOptions WithToken(const std::function<void(TokenClaims&)>& change = nullptr) {
    TokenClaims claims = TestKeys::Claims(Clock::System().Now());
    if (change) change(claims);
    CallOptions options;
    options.token = keys_.Sign(claims);
    return options;
  }
  absl::StatusOr<EchoResponse> Echo(const EchoRequest& request, const CallOptions& options) {
    return client_->Call<EchoRequest, EchoResponse>(kEcho, request, options);
  }
  absl::StatusOr<EchoResponse> Echo(const std::string& text, const CallOptions& options) {
    EchoRequest request;
    request.set_brand_id("pet");
    request.set_text(text);
    return Echo(request, options);
  }
  // "CODE REASON" or "OK".
  static std::string Outcome(const absl::Status& status) {
    if (status.ok()) return "OK";
    return absl::StrCat(absl::StatusCodeToString(status.code()), " ", ReasonOf(status));
  }
  std::string EchoOutcome(const CallOptions& options, const std::string& brand = "pet") {
    EchoRequest request;
    request.set_brand_id(brand);
    return Outcome(Echo(request, options).status());
  }
  std::string AdministerOutcome(const CallOptions& options) {
    return Outcome(client_->Call<AdministerRequest, AdministerResponse>(kAdminister, {}, options).status());
  }

  // System time, moved by hand where a test says so.
  class ShiftedClock final : public Clock {
   public:
    absl::Time Now() const override { return Clock::System().Now() + absl::Seconds(shift_seconds.load()); }
    std::atomic<int> shift_seconds = 0;
  };

  ShiftedClock clock_;
  TestKeys keys_;
  ServerOptions options_;
  std::atomic<int> handled_ = 0;
  absl::Mutex mutex_;
  std::vector<std::function<void()>> held_;
  std::vector<std::thread> threads_;
  std::unique_ptr<Server> server_;
  std::unique_ptr<Client> client_;
};

TEST_F(ServerTest, CallReachesTheHandlerWithItsCaller) {
  StartServer();
  EchoRequest request;
  request.set_brand_id("pet");
  request.set_text("hello");
  request.set_blob(std::string("\0\xff", 2));
  const auto response = Echo(request, WithToken());
  ASSERT_TRUE(response.ok()) << response.status();
  EXPECT_EQ(response->text(), "hello");
  EXPECT_EQ(response->blob(), request.blob());
  EXPECT_EQ(response->subject(), "tester");
  EXPECT_THAT(response->roles(), ElementsAre("testing.reader", "testing.writer"));
  CallOptions traced = WithToken();
  traced.traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
  EXPECT_EQ(Echo("traceparent", traced)->text(), traced.traceparent);
  EXPECT_EQ(Echo("later", WithToken())->text(), "later");
}

TEST_F(ServerTest, WhoMayCall) {
  StartServer();
  CallOptions bad;
  EXPECT_EQ(EchoOutcome(bad), "UNAUTHENTICATED TOKEN_MISSING");
  bad.token = "no.such.token";
  EXPECT_EQ(EchoOutcome(bad), "UNAUTHENTICATED TOKEN_INVALID");
  EXPECT_EQ(EchoOutcome(WithToken([](TokenClaims& c) { c.expiry = c.issued - absl::Hours(1); })),
            "UNAUTHENTICATED TOKEN_EXPIRED");
  EXPECT_EQ(EchoOutcome(WithToken([](TokenClaims& c) { c.audience = "other"; })), "UNAUTHENTICATED TOKEN_INVALID");
  EXPECT_EQ(EchoOutcome(WithToken([](TokenClaims& c) { c.roles = {}; })), "PERMISSION_DENIED ROLE_MISSING");
  EXPECT_EQ(EchoOutcome(WithToken([](TokenClaims& c) { c.roles = {"testing.admin"}; })),
            "PERMISSION_DENIED ROLE_MISSING");
  EXPECT_EQ(EchoOutcome(WithToken(), "skin"), "PERMISSION_DENIED BRAND_NOT_ALLOWED");
  EXPECT_EQ(EchoOutcome(WithToken(), ""), "INVALID_ARGUMENT FIELD_INVALID");
  EXPECT_EQ(EchoOutcome(WithToken(), "*"), "PERMISSION_DENIED BRAND_NOT_ALLOWED");
  EXPECT_EQ(handled_, 0);
  EXPECT_EQ(EchoOutcome(WithToken([](TokenClaims& c) { c.roles = {"testing.writer"}; })), "OK");
  EXPECT_EQ(EchoOutcome(WithToken([](TokenClaims& c) { c.brands = {"*"}; }), "skin"), "OK");

  EXPECT_EQ(AdministerOutcome(WithToken()), "PERMISSION_DENIED ROLE_MISSING");
  EXPECT_EQ(AdministerOutcome(WithToken([](TokenClaims& c) { c.roles = {"testing.admin"}; })),
            "PERMISSION_DENIED BRAND_NOT_ALLOWED");
  EXPECT_EQ(AdministerOutcome(WithToken([](TokenClaims& c) {
              c.roles = {"testing.admin"};
              c.brands = {"*"};
            })),
            "OK");
}

TEST_F(ServerTest, NobodyLearnsFromMalformedBytesWithoutAToken) {
  StartServer();
  EXPECT_EQ(Outcome(client_->CallBytes(kEcho, "\xff\xff", {}).status()), "UNAUTHENTICATED TOKEN_MISSING");
  EXPECT_EQ(Outcome(client_->CallBytes(kEcho, "\xff\xff", WithToken()).status()), "INVALID_ARGUMENT REQUEST_MALFORMED");
  // A string that is not UTF-8, and nesting without end.
  EXPECT_EQ(Outcome(client_->CallBytes(kEcho, "\x0a\x02\xff\xfe", WithToken()).status()),
            "INVALID_ARGUMENT REQUEST_MALFORMED");
  EchoRequest deep;
  deep.set_brand_id("pet");
  auto* person = deep.add_persons();
  for (int i = 0; i < 100; ++i) person = person->add_friends();
  EXPECT_EQ(Outcome(Echo(deep, WithToken()).status()), "INVALID_ARGUMENT REQUEST_MALFORMED");
  EXPECT_EQ(handled_, 0);
}

TEST_F(ServerTest, HostileTextIsNamed) {
  StartServer();
  const auto field = [&](const std::function<void(EchoRequest&)>& change) {
    EchoRequest request;
    request.set_brand_id("pet");
    change(request);
    const absl::Status status = Echo(request, WithToken()).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
    return FieldOf(status);
  };
  const std::string nul("a\0b", 3), longest(4'096, 'x'), too_long(4'097, 'x');
  EXPECT_EQ(field([&](EchoRequest& r) { r.set_text(nul); }), "text");
  EXPECT_EQ(field([&](EchoRequest& r) { r.set_text(too_long); }), "text");
  EXPECT_EQ(field([&](EchoRequest& r) { r.add_persons(), r.add_persons()->set_city(nul); }), "persons[1].city");
  EXPECT_EQ(field([&](EchoRequest& r) { r.add_persons()->add_phones(nul); }), "persons[0].phones[0]");
  EXPECT_EQ(field([&](EchoRequest& r) { (*r.mutable_labels())[nul] = "x"; }), "labels.key");
  EXPECT_EQ(handled_, 0);
  EXPECT_TRUE(Echo(longest, WithToken()).ok());
}

TEST_F(ServerTest, SizeIsLimited) {
  StartServer();
  EchoRequest request;
  request.set_brand_id("pet");
  request.set_blob(std::string(4 << 20, 'x'));
  EXPECT_EQ(Echo(request, WithToken()).status().code(), absl::StatusCode::kResourceExhausted);
  request.set_blob(std::string((4 << 20) - 100, 'x'));
  EXPECT_TRUE(Echo(request, WithToken()).ok());
}

TEST_F(ServerTest, UnknownMethodsAreUnimplemented) {
  StartServer();
  for (const char* method : {"tessera.testing.v1.EchoService/Nothing", "no.Service/Echo", "x"}) {
    EXPECT_EQ(Outcome(client_->CallBytes(method, "", WithToken()).status()), "UNIMPLEMENTED METHOD_UNKNOWN");
  }
}

TEST_F(ServerTest, ErrorsCarryTheirDetails) {
  StartServer();
  const absl::Status not_found = Echo("not found", WithToken()).status();
  EXPECT_EQ(Outcome(not_found), "NOT_FOUND NOT_FOUND");
  EXPECT_EQ(not_found.message(), "no such thing");
  const absl::Status overloaded = Echo("overloaded", WithToken()).status();
  EXPECT_EQ(Outcome(overloaded), "RESOURCE_EXHAUSTED OVERLOADED");
  EXPECT_EQ(RetryDelayOf(overloaded), absl::Milliseconds(250));
}

TEST_F(ServerTest, InternalErrorsSayNothingButAnId) {
  StartServer();
  for (const char* text : {"internal", "drop"}) {
    const absl::Status internal = Echo(text, WithToken()).status();
    EXPECT_EQ(Outcome(internal), "INTERNAL INTERNAL");
    EXPECT_EQ(internal.ToString().find("secret"), std::string::npos);
    const std::string id = ErrorInfoOf(internal)->metadata.at("error_id");
    EXPECT_TRUE(Uuid::Parse(id).has_value());
    EXPECT_THAT(std::string(internal.message()), HasSubstr(id));
  }
}

TEST_F(ServerTest, DeadlineThatHasPassedIsNotExecuted) {
  StartServer();
  clock_.shift_seconds = 40;  // The server is late: over the client's deadline of 30 s.
  EXPECT_EQ(Outcome(Echo("hello", WithToken()).status()), "DEADLINE_EXCEEDED DEADLINE_EXCEEDED");
  CallOptions without = WithToken();
  without.timeout = absl::InfiniteDuration();
  EXPECT_EQ(handled_, 0);
  EXPECT_TRUE(Echo("hello", without).ok());
}

TEST_F(ServerTest, ManyCallsAtOnce) {
  StartServer();
  const CallOptions options = WithToken();
  constexpr int kCallers = 64, kRounds = 20;
  std::atomic<int> good = 0;
  std::vector<std::thread> callers;
  for (int i = 0; i < kCallers; ++i) {
    callers.emplace_back([&, i] {
      for (int round = 0; round < kRounds; ++round) {
        const std::string text = absl::StrCat(i, "/", round);
        const auto response = Echo(text, options);
        if (response.ok() && response->text() == text) ++good;
      }
    });
  }
  for (std::thread& caller : callers) caller.join();
  EXPECT_EQ(good, kCallers * kRounds);

  EchoRequest request;
  request.set_brand_id("pet");
  absl::BlockingCounter left(2'000);
  for (int i = 0; i < 2'000; ++i) {
    client_->CallBytesAsync(kEcho, request.SerializeAsString(), options, [&](const absl::StatusOr<std::string>& bytes) {
      if (bytes.ok()) ++good;
      left.DecrementCount();
    });
  }
  left.Wait();
  EXPECT_EQ(good, kCallers * kRounds + 2'000);
}

TEST_F(ServerTest, StreamAnswersEachMessageInOrder) {
  StartServer();
  constexpr int kMessages = 1'001;  // The last is even: none is left unanswered.
  int sent = 0;
  std::vector<PublishResponse> responses;
  const absl::Status status = client_->Stream(
      kPublish, WithToken(),
      [&]() -> std::optional<std::string> {
        if (sent == kMessages) return std::nullopt;
        PublishRequest request;
        request.set_brand_id(sent == 500 ? "skin" : "pet");
        request.set_number(sent++);
        if (request.number() == 100) request.set_text("fail");
        if (request.number() == 200) request.set_text(std::string("\0", 1));
        return request.SerializeAsString();
      },
      [&](const std::string& bytes) { responses.emplace_back().ParseFromString(bytes); });
  ASSERT_TRUE(status.ok()) << status;
  ASSERT_EQ(responses.size(), static_cast<size_t>(kMessages));
  for (int i = 0; i < kMessages; ++i) {
    const std::string reason = i == 100 ? "TEXT_BAD" : i == 200 ? "FIELD_INVALID" : i == 500 ? "BRAND_NOT_ALLOWED" : "";
    EXPECT_EQ(responses[i].reason(), reason) << i;
    EXPECT_EQ(responses[i].number(), reason.empty() ? i : 0) << i;
  }
}

TEST_F(ServerTest, StreamNeedsARoleAndEndsWithItsToken) {
  StartServer();
  const auto publish = [&](const CallOptions& options, int shift_at) {
    int sent = 0;
    return Outcome(client_->Stream(
        kPublish, options,
        [&]() -> std::optional<std::string> {
          if (sent == 10) return std::nullopt;
          if (sent == shift_at) clock_.shift_seconds = 7'200;
          PublishRequest request;
          request.set_brand_id("pet");
          request.set_number(sent++ * 2);
          return request.SerializeAsString();
        },
        [](const std::string&) {}));
  };
  EXPECT_EQ(publish({}, -1), "UNAUTHENTICATED TOKEN_MISSING");
  EXPECT_EQ(publish(WithToken([](TokenClaims& c) { c.roles = {"testing.reader"}; }), -1),
            "PERMISSION_DENIED ROLE_MISSING");
  CallOptions patient = WithToken();
  patient.timeout = absl::InfiniteDuration();
  EXPECT_EQ(publish(patient, -1), "OK");
  EXPECT_EQ(publish(patient, 5), "UNAUTHENTICATED TOKEN_EXPIRED");
}

TEST_F(ServerTest, ReflectionLetsACallBeMadeWithJson) {
  StartServer();
  DynamicClient dynamic(*client_);
  const auto services = dynamic.ListServices();
  ASSERT_TRUE(services.ok()) << services.status();
  EXPECT_THAT(*services, ElementsAre("tessera.testing.v1.EchoService", "grpc.health.v1.Health",
                                     "grpc.reflection.v1alpha.ServerReflection"));
  for (const std::string& service : *services) EXPECT_TRUE(dynamic.Describe(service).ok()) << service;
  EXPECT_THAT(*dynamic.Describe("tessera.testing.v1.EchoRequest"), HasSubstr("string brand_id = 1"));
  EXPECT_EQ(dynamic.Describe("no.such.Thing").status().code(), absl::StatusCode::kNotFound);
  const auto methods = dynamic.ListMethods("tessera.testing.v1.EchoService");
  ASSERT_TRUE(methods.ok()) << methods.status();
  EXPECT_EQ(methods->front().name, kEcho);
  EXPECT_THAT(methods->front().roles, ElementsAre("testing.reader", "testing.writer"));
  EXPECT_FALSE(methods->front().streams);
  EXPECT_EQ(dynamic.ListMethods("no.such.Service").status().code(), absl::StatusCode::kNotFound);

  const auto response = dynamic.CallJson(kEcho, R"({"brand_id": "pet", "text": "hello"})", WithToken());
  ASSERT_TRUE(response.ok()) << response.status();
  EXPECT_THAT(*response, HasSubstr("\"text\": \"hello\""));
  EXPECT_EQ(Outcome(dynamic.CallJson(kEcho, R"({"brand_id": "skin"})", WithToken()).status()),
            "PERMISSION_DENIED BRAND_NOT_ALLOWED");
  EXPECT_THAT(std::string(dynamic.CallJson(kEcho, R"({"txt": 1})", WithToken()).status().message()), HasSubstr("txt"));
  EXPECT_EQ(dynamic.CallJson(kPublish, "{}", WithToken()).status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(dynamic.CallJson("tessera.testing.v1.EchoService/Nothing", "{}").status().code(),
            absl::StatusCode::kNotFound);
}

TEST_F(ServerTest, ReflectionIsThereInBothVersionsAndSurvivesNonsense) {
  StartServer();
  for (const char* version : {"v1", "v1alpha"}) {
    int sent = 0, answers = 0;
    const std::string method = absl::StrCat("grpc.reflection.", version, ".ServerReflection/ServerReflectionInfo");
    const absl::Status status = client_->Stream(
        method, {},
        [&]() -> std::optional<std::string> { return ++sent > 3 ? std::nullopt : std::optional<std::string>(""); },
        [&](const std::string&) { ++answers; });
    EXPECT_TRUE(status.ok()) << status;
    EXPECT_EQ(answers, 3);
  }
  bool sent = false;
  EXPECT_EQ(Outcome(client_->Stream(
                "grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo", {},
                [&]() -> std::optional<std::string> {
                  return std::exchange(sent, true) ? std::nullopt : std::optional<std::string>("\xff");
                },
                [](const std::string&) {})),
            "INVALID_ARGUMENT REQUEST_MALFORMED");
}

TEST_F(ServerTest, HealthTellsWhetherItServes) {
  StartServer();
  using grpc::health::v1::HealthCheckRequest;
  using grpc::health::v1::HealthCheckResponse;
  for (const char* service : {"", "tessera.testing.v1.EchoService"}) {
    HealthCheckRequest request;
    request.set_service(service);
    server_->SetServing(true);
    EXPECT_EQ((client_->Call<HealthCheckRequest, HealthCheckResponse>(kHealth, request)->status()),
              HealthCheckResponse::SERVING);
    server_->SetServing(false);
    EXPECT_EQ((client_->Call<HealthCheckRequest, HealthCheckResponse>(kHealth, request)->status()),
              HealthCheckResponse::NOT_SERVING);
  }
  HealthCheckRequest unknown;
  unknown.set_service("no.Service");
  EXPECT_EQ((client_->Call<HealthCheckRequest, HealthCheckResponse>(kHealth, unknown).status().code()),
            absl::StatusCode::kNotFound);
}

TEST_F(ServerTest, CallsAreCounted) {
  StartServer();
  const auto calls = [](const char* code) {
    return metrics::GetCounter("tessera_rpc_calls_total", "", {{"method", kEcho}, {"code", code}}).Value();
  };
  const double good = calls("OK"), denied = calls("UNAUTHENTICATED");
  ASSERT_TRUE(Echo("hello", WithToken()).ok());
  ASSERT_FALSE(Echo("hello", {}).ok());
  EXPECT_EQ(calls("OK"), good + 1);
  EXPECT_EQ(calls("UNAUTHENTICATED"), denied + 1);
  EXPECT_THAT(metrics::Text(), HasSubstr(absl::StrCat("tessera_rpc_latency_seconds_count{method=\"", kEcho, "\"}")));
}

TEST_F(ServerTest, ShutdownLetsCallsInHandEnd) {
  StartServer();
  absl::Notification answered;
  EchoRequest request;
  request.set_brand_id("pet");
  request.set_text("later");
  absl::StatusOr<std::string> response;
  client_->CallBytesAsync(kEcho, request.SerializeAsString(), WithToken(), [&](absl::StatusOr<std::string> bytes) {
    response = std::move(bytes);
    answered.Notify();
  });
  while (handled_ == 0) std::this_thread::yield();
  server_->Shutdown(absl::Seconds(10));
  answered.WaitForNotification();
  EXPECT_TRUE(response.ok()) << response.status();
  EXPECT_EQ(Echo("hello", WithToken()).status().code(), absl::StatusCode::kUnavailable);
}

// What a server refuses to start with.
std::string StartError(const ServerOptions& options, const std::function<void(Server&)>& add) {
  Server server(options);
  add(server);
  const absl::Status status = server.Start();
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  return std::string(status.message());
}

TEST_F(ServerTest, StartRefusesWhatIsNotComplete) {
  const auto ignore = [](const Call&, std::unique_ptr<google::protobuf::Message>, const ReplyBytes&) {};
  EXPECT_THAT(StartError(options_, [&](Server& s) { s.AddUnary(kEcho, EchoRequest(), ignore); }),
              HasSubstr("has no handler"));
  EXPECT_THAT(StartError(options_, [&](Server& s) { s.AddUnary(kPublish, PublishRequest(), ignore); }),
              HasSubstr("streams otherwise"));
  EXPECT_THAT(StartError(options_, [&](Server& s) { s.AddUnary(kEcho, PublishRequest(), ignore); }),
              HasSubstr("another request type"));
  EXPECT_THAT(StartError(options_, [&](Server& s) { s.AddUnary("no.Service/Nothing", EchoRequest(), ignore); }),
              HasSubstr("in no linked proto file"));
  EXPECT_THAT(StartError(options_,
                         [&](Server& s) {
                           s.AddUnary("tessera.testing.v1.UnguardedService/Unguarded", UnguardedRequest(), ignore);
                         }),
              HasSubstr("names no roles"));
}

TEST_F(ServerTest, TwoServersDoNotShareAPort) {
  StartServer();
  ServerOptions same = options_;
  same.listen = absl::StrCat("127.0.0.1:", server_->port());
  Server second(same);
  EXPECT_EQ(second.Start().code(), absl::StatusCode::kUnavailable);
}

}  // namespace
}  // namespace tessera::rpc
