// For the tests of libs/rpc: a server with the methods of EchoService, and a client of it.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "base/status.h"
#include "rpc/client.h"
#include "rpc/server.h"
#include "rpc/test_keys.h"
#include "tessera/testing/v1/echo_service.pb.h"

namespace tessera::rpc {

using tessera::testing::v1::AdministerRequest;
using tessera::testing::v1::AdministerResponse;
using tessera::testing::v1::EchoRequest;
using tessera::testing::v1::EchoResponse;
using tessera::testing::v1::PublishRequest;
using tessera::testing::v1::PublishResponse;

inline constexpr char kEcho[] = "tessera.testing.v1.EchoService/Echo";
inline constexpr char kAdminister[] = "tessera.testing.v1.EchoService/Administer";
inline constexpr char kPublish[] = "tessera.testing.v1.EchoService/Publish";

inline std::string ReasonOf(const absl::Status& status) {
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
    server_->UnaryBytes<AdministerRequest>(kAdminister,
                                           [this](const Call&, const AdministerRequest&, const ReplyBytes& reply) {
                                             reply(administered_.SerializeAsString());
                                           });
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
    {
      absl::MutexLock lock(&mutex_);
      stopping_ = true;
    }
    answerer_.join();
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

  // Answers later, and the last message first.
  void Publish(const Call&, const PublishRequest& request, Reply<PublishResponse> reply) {
    if (request.text() == "fail") return reply(InvalidField("text", "is bad", "TEXT_BAD"));
    PublishResponse response;
    response.set_number(request.number());
    absl::MutexLock lock(&mutex_);
    held_.emplace_back([response, reply = std::move(reply)] { reply(response); });
  }
  void AnswerHeld() {
    const auto has_work = [this]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return stopping_ || !held_.empty(); };
    while (true) {
      std::function<void()> answer;
      {
        absl::MutexLock lock(&mutex_, absl::Condition(&has_work));
        if (held_.empty()) return;
        answer = std::move(held_.back());
        held_.pop_back();
      }
      answer();
    }
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
    absl::Time Now() const override {
      return Clock::System().Now() + absl::Seconds(shift_seconds.fetch_add(leap_seconds));
    }
    mutable std::atomic<int> shift_seconds = 0;
    std::atomic<int> leap_seconds = 0;  // whenever it is read
  };

  ShiftedClock clock_;
  TestKeys keys_;
  ServerOptions options_;
  AdministerResponse administered_;  // what Administer answers; set before the server starts
  std::atomic<int> handled_ = 0;
  absl::Mutex mutex_;
  std::vector<std::function<void()>> held_ ABSL_GUARDED_BY(mutex_);
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  std::vector<std::thread> threads_;
  std::thread answerer_{[this] { AnswerHeld(); }};
  std::unique_ptr<Server> server_;
  std::unique_ptr<Client> client_;
};

}  // namespace tessera::rpc
