// What a call passes, and what comes of it.
#include "absl/synchronization/blocking_counter.h"
#include "absl/synchronization/notification.h"
#include "metrics/metrics.h"
#include "rpc/test_server.h"

namespace tessera::rpc {
namespace {

using tessera::testing::v1::UnguardedRequest;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

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
  const absl::Status no_utf8 = client_->CallBytes(kEcho, "\x0a\x02\xff\xfe", WithToken()).status();
  EXPECT_EQ(Outcome(no_utf8), "INVALID_ARGUMENT FIELD_INVALID");
  EXPECT_EQ(FieldOf(no_utf8), "brand_id");
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
  const std::string reversed = "a\u202ecba";
  const std::string nul("a\0b", 3), longest(4'096, 'x'), too_long(4'097, 'x');
  EXPECT_EQ(field([&](EchoRequest& r) { r.set_text(nul); }), "text");
  EXPECT_EQ(field([&](EchoRequest& r) { r.set_text(reversed); }), "text");
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
  clock_.leap_seconds = 40;  // The server is late: over the client's deadline of 30 s.
  EXPECT_EQ(Outcome(Echo("hello", WithToken()).status()), "DEADLINE_EXCEEDED DEADLINE_EXCEEDED");
  CallOptions without = WithToken();
  without.timeout = absl::InfiniteDuration();
  EXPECT_EQ(handled_, 0);
  clock_.leap_seconds = 0;
  EXPECT_TRUE(Echo("hello", without).ok());
}

TEST_F(ServerTest, DeadlineIsJudgedByWhatIsLeftOfItThoughTheClockIsOff) {
  StartServer();
  for (const int shift : {1'800, -40}) {
    clock_.shift_seconds = shift;
    EXPECT_TRUE(Echo("hello", WithToken()).ok()) << shift;
  }
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
  constexpr int kMessages = 1'000;
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
          request.set_number(sent++);
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
