// More work than can be done, callers that do not listen, and connections that say nothing: memory stays bounded,
// refusals say when to come back, nothing is lost or done twice, and a moment later all is as before.
// TESSERA_OVERLOAD_SECONDS says how long the flood lasts (5).
#include <gmock/gmock.h>
#include <netinet/in.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <thread>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "absl/synchronization/notification.h"
#include "base/ids.h"
#include "base/murmur2.h"
#include "base/status.h"
#include "engine/engine_store.h"
#include "tessera/membership/v1/points_service.pb.h"
#include "tessera/oneid/v1/intake_service.pb.h"
#include "testing/wait.h"
#include "tests/e2e/cc/suite.h"

namespace tessera::hostile {
namespace {

using membership::v1::EarnPointsRequest;

constexpr char kEarn[] = "tessera.membership.v1.PointsService/EarnPoints";
constexpr int64_t kResidentMbMax = 300;
constexpr int64_t kFirstPoints = 10;
constexpr absl::Duration kRecoveryMax = absl::Seconds(10);
constexpr absl::Duration kAnsweredWithin = absl::Seconds(1);  // beside a flood on the topic, and after any
constexpr absl::Duration kResolvedWithin = absl::Seconds(60);

absl::Duration FloodTime() {
  const char* text = std::getenv("TESSERA_OVERLOAD_SECONDS");
  int seconds = 5;
  EXPECT_TRUE(text == nullptr || absl::SimpleAtoi(text, &seconds)) << text;
  return absl::Seconds(seconds);
}

// Services inherit the limit, so this comes before they are started.
struct ManyFiles {
  ManyFiles() {
    rlimit limit{};
    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
  }
};

// What became of the calls of a flood. Thread-safe.
class Tally {
 public:
  void Begin() {
    absl::MutexLock lock(&mutex_);
    ++open_;
  }
  void End(const std::string& request_id, const absl::Status& status) {
    absl::MutexLock lock(&mutex_);
    --open_;
    if (status.ok()) {
      ++done_;
    } else if (status.code() == absl::StatusCode::kResourceExhausted) {
      ++refused_;
      without_delay_ += RetryDelayOf(status).has_value() ? 0 : 1;
    } else {
      unknown_.push_back(request_id);
      last_unknown_ = status;
    }
  }
  void AwaitOpen(int64_t most) {
    const auto few = [&]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return open_ <= most; };
    absl::MutexLock lock(&mutex_, absl::Condition(&few));
  }
  int64_t done() const { return Read(done_); }
  int64_t refused() const { return Read(refused_); }
  int64_t without_delay() const { return Read(without_delay_); }
  std::vector<std::string> unknown() const {
    absl::MutexLock lock(&mutex_);
    return unknown_;
  }
  absl::Status last_unknown() const {
    absl::MutexLock lock(&mutex_);
    return last_unknown_;
  }

 private:
  int64_t Read(const int64_t& value) const {
    absl::MutexLock lock(&mutex_);
    return value;
  }

  mutable absl::Mutex mutex_;
  int64_t open_ = 0, done_ = 0, refused_ = 0, without_delay_ = 0;
  std::vector<std::string> unknown_;  // whether they took place, nobody has said
  absl::Status last_unknown_;
};

class Overload : private ManyFiles, public e2e::Suite {
 protected:
  void SetUp() override {
    Suite::SetUp();
    Publish(Paid("ann", "first", {{1, 100 * kFirstPoints}}));
    ASSERT_EQ(AwaitPoints(kFirstPoints), kFirstPoints);
    customer_ = membership_database_.Text("SELECT customer_id FROM member");
  }

  // Membership anew, with small batches: this machine can then make ten times the calls that it can carry out.
  void RestartSlowly() { Restart({{"TESSERA_BATCH", "3"}, {"TESSERA_WRITERS", "1"}}); }

  void Restart(const std::map<std::string, std::string>& environment) {
    callers_.clear();
    ASSERT_TRUE(membership_->Stop());
    membership_ =
        std::make_unique<testing::ServiceProcess>("membership", membership_database_.dsn(), prefix_, environment);
    const absl::Status serving = membership_->AwaitServing();
    ASSERT_TRUE(serving.ok()) << serving;
    membership_client_ = std::make_unique<rpc::Client>(membership_->address());
    // One connection may have 1,024 calls open at a time, which is no overload.
    for (int i = 0; i < 8; ++i) callers_.push_back(std::make_unique<rpc::Client>(membership_->address()));
  }

  EarnPointsRequest Earn(const std::string& request_id) const {
    EarnPointsRequest request;
    request.set_brand_id(e2e::kBrand);
    request.set_request_id(request_id);
    request.set_customer_id(customer_);
    request.set_currency("points");
    request.set_amount(1);
    return request;
  }

  void Send(Tally& tally, absl::Duration timeout) {
    const std::string id = RandomUuidV7(absl::Now()).ToString();
    tally.Begin();
    callers_[next_caller_++ % callers_.size()]->CallBytesAsync(
        kEarn, Earn(id).SerializeAsString(), {.token = token_, .timeout = timeout},
        [&tally, id](const absl::StatusOr<std::string>& answer) { tally.End(id, answer.status()); });
  }

  // Calls per second that are all answered, by 200 callers of which each waits for its answer.
  double SustainableRate(Tally& tally) {
    constexpr int kCallers = 200;
    const absl::Time begin = absl::Now(), end = begin + absl::Seconds(3);
    const int64_t before = tally.done();
    while (absl::Now() < end) {
      tally.AwaitOpen(kCallers - 1);
      Send(tally, absl::Seconds(30));
    }
    tally.AwaitOpen(0);
    return static_cast<double>(tally.done() - before) / absl::ToDoubleSeconds(absl::Now() - begin);
  }

  // Does `one` so many times a second, whatever becomes of the ones before; how often.
  static int64_t Flood(double rate, const std::function<void(int64_t number)>& one) {
    constexpr absl::Duration kTick = absl::Milliseconds(10);
    const absl::Time begin = absl::Now(), end = begin + FloodTime();
    int64_t sent = 0;
    while (absl::Now() < end) {
      const auto due = static_cast<int64_t>(rate * absl::ToDoubleSeconds(absl::Now() - begin));
      for (; sent < due && absl::Now() < end; ++sent) one(sent);
      absl::SleepFor(kTick);  // the clock of the open loop
    }
    return sent;
  }

  // Whether a call made now is answered in time.
  bool Answers(Tally& tally, absl::Duration timeout = kRecoveryMax) {
    const std::string id = RandomUuidV7(absl::Now()).ToString();
    tally.Begin();
    const auto answer =
        client("membership").CallBytes(kEarn, Earn(id).SerializeAsString(), {.token = token_, .timeout = timeout});
    tally.End(id, answer.status());
    return answer.ok();
  }

  // After a flood: how long it takes until a call is answered within a second again.
  void ExpectRecovery(Tally& tally) {
    const absl::Time end = absl::Now();
    EXPECT_TRUE(testing::WaitFor([&] { return Answers(tally, kAnsweredWithin); }, kRecoveryMax));
    const absl::Duration recovery = absl::Now() - end;
    std::printf("recovered in %.2f s\n", absl::ToDoubleSeconds(recovery));
    EXPECT_LE(recovery, kRecoveryMax);
  }

  // Says the same requests again: each tells what became of it, or does it now, once in either case. How many.
  int64_t Resolve(const std::vector<std::string>& unknown) {
    for (const std::string& id : unknown) {
      const auto again = client("membership").CallBytes(kEarn, Earn(id).SerializeAsString(), {.token = token_});
      EXPECT_TRUE(again.ok()) << again.status();
    }
    return static_cast<int64_t>(unknown.size());
  }

  // An order of one point, by one of a thousand accounts.
  kafka::Message PaidOrder(int64_t number) {
    const std::string account = absl::StrCat("a", number % 1'000);
    const events::CloudEvent event = Paid(account, absl::StrCat("o", number), {{1, 100}});
    return {.topic = prefix_ + ".tessera.channel.events.v1",
            .partition = KafkaPartition(account, engine::kSlots),
            .key = account,
            .headers = events::EncodeHeaders(event),
            .value = event.data};
  }

  static int64_t Count(testing::TestDatabase& database, const char* table) {
    int64_t rows = 0;
    EXPECT_TRUE(absl::SimpleAtoi(database.Text(absl::StrCat("SELECT count(*) FROM ", table)), &rows));
    return rows;
  }
  int64_t Orders() { return Count(membership_database_, "shop_order"); }

  // Orders per second that are taken into effect while more of them lie on the topic.
  double SustainableOrders(int64_t from, int64_t count) {
    std::vector<kafka::Message> messages;
    for (int64_t i = from; i < from + count; ++i) messages.push_back(PaidOrder(i));
    const int64_t before = Orders();
    EXPECT_TRUE(producer_->ProduceAndWait(messages, absl::Seconds(30)).ok());
    EXPECT_TRUE(testing::WaitFor([&] { return Orders() > before; }));
    return OrderRateUntil(before + count);
  }

  // Orders per second from now until there are so many.
  double OrderRateUntil(int64_t count) {
    const int64_t first = Orders();
    const absl::Time begin = absl::Now();
    EXPECT_TRUE(testing::WaitFor([&] { return Orders() >= count; }, absl::Seconds(90)));
    return static_cast<double>(Orders() - first) / absl::ToDoubleSeconds(absl::Now() - begin);
  }

  void ExpectBoundedMemory() {
    const int64_t oneid = oneid_->PeakResidentMb(), membership = membership_->PeakResidentMb();
    std::printf("peak resident: oneid %lld MB, membership %lld MB\n", static_cast<long long>(oneid),
                static_cast<long long>(membership));
    EXPECT_LE(oneid, kResidentMbMax);
    EXPECT_LE(membership, kResidentMbMax);
  }

  std::string customer_;
  std::vector<std::unique_ptr<rpc::Client>> callers_;
  size_t next_caller_ = 0;
};

TEST_F(Overload, TenTimesTheSustainableRateOverGrpc) {
  ASSERT_NO_FATAL_FAILURE(RestartSlowly());
  Tally tally;
  const double rate = SustainableRate(tally);
  const int64_t sent = Flood(10 * rate, [&](int64_t) { Send(tally, absl::Seconds(10)); });
  ExpectRecovery(tally);
  tally.AwaitOpen(0);
  std::printf("calls: sustainable %.0f/s, offered %.0f/s, answered %lld, refused %lld, unknown %zu\n", rate,
              static_cast<double>(sent) / absl::ToDoubleSeconds(FloodTime()), static_cast<long long>(tally.done()),
              static_cast<long long>(tally.refused()), tally.unknown().size());
  EXPECT_GT(tally.refused(), 0) << "it was no overload";
  EXPECT_EQ(tally.without_delay(), 0);
  const int64_t points = kFirstPoints + tally.done() + Resolve(tally.unknown());
  EXPECT_EQ(AwaitPoints(points), points) << tally.last_unknown();
  ExpectBoundedMemory();
}

// What is offered beyond the rate stays on the topic, where it harms nobody: all calls are answered beside it, within
// a second, and once oneid, which is not slow here, has done its part, membership is as fast as before.
TEST_F(Overload, TenTimesTheSustainableRateOnTheTopic) {
  constexpr int64_t kFirst = 1'000;
  ASSERT_NO_FATAL_FAILURE(RestartSlowly());
  Tally tally;
  const double rate = SustainableOrders(0, kFirst);
  absl::Status produced;
  const int64_t sent = Flood(10 * rate, [&](int64_t number) {
    const absl::Status taken =
        producer_->Produce(PaidOrder(kFirst + number), [](const absl::Status& status) { EXPECT_TRUE(status.ok()); });
    if (!taken.ok()) produced = taken;
    if (number % static_cast<int64_t>(rate) == 0) Send(tally, kAnsweredWithin);
  });
  ExpectRecovery(tally);
  EXPECT_TRUE(produced.ok()) << produced;
  EXPECT_TRUE(producer_->Flush(absl::Seconds(30)).ok());
  EXPECT_TRUE(testing::WaitFor([&] { return Count(oneid_database_, "channel_event") >= kFirst + sent; },
                               kResolvedWithin + FloodTime()));
  const int64_t behind = kFirst + sent + 1 - Orders();
  EXPECT_GT(behind, sent / 2) << "it was no overload";
  const double rate_after = OrderRateUntil(Orders() + kFirst);
  EXPECT_GT(rate_after, rate / 2);
  tally.AwaitOpen(0);
  ExpectBoundedMemory();
  std::printf(
      "orders: sustainable %.0f/s, offered %.0f/s, %.0f/s afterwards, %lld left on the topic; calls answered %lld, "
      "refused %lld, unknown %zu\n",
      rate, static_cast<double>(sent) / absl::ToDoubleSeconds(FloodTime()), rate_after, static_cast<long long>(behind),
      static_cast<long long>(tally.done()), static_cast<long long>(tally.refused()), tally.unknown().size());
  EXPECT_TRUE(tally.unknown().empty()) << tally.last_unknown();
  EXPECT_EQ(tally.refused(), 0);

  ASSERT_NO_FATAL_FAILURE(Restart({}));  // The rest at full speed.
  const int64_t points = kFirstPoints + kFirst + sent + tally.done() + Resolve(tally.unknown());
  EXPECT_TRUE(testing::WaitFor([&] { return AwaitPoints(points) == points; }, absl::Minutes(3)));
  EXPECT_EQ(Orders(), kFirst + sent + 1);
  ExpectBoundedMemory();
}

TEST_F(Overload, ACallWhoseDeadlinePassesInTheQueueIsNotExecuted) {
  const std::string first = RandomUuidV7(absl::Now()).ToString(), late = RandomUuidV7(absl::Now()).ToString();
  pg::Connection& admin = membership_database_.admin();
  ASSERT_TRUE(admin.Execute("BEGIN; LOCK TABLE member IN ACCESS EXCLUSIVE MODE").ok());  // no batch gets on
  absl::Notification answered;
  absl::Status outcome;
  client("membership")
      .CallBytesAsync(kEarn, Earn(first).SerializeAsString(), {.token = token_},
                      [&](const absl::StatusOr<std::string>& answer) {
                        outcome = answer.status();
                        answered.Notify();
                      });
  ASSERT_TRUE(testing::WaitFor([&] {
    return membership_database_.Text(
               "SELECT count(*) FROM pg_locks l JOIN pg_stat_activity a USING (pid) WHERE NOT "
               "l.granted AND a.application_name = 'membership/writer'") != "0";
  }));
  const auto answer =
      client("membership")
          .CallBytes(kEarn, Earn(late).SerializeAsString(), {.token = token_, .timeout = absl::Milliseconds(200)});
  EXPECT_EQ(answer.status().code(), absl::StatusCode::kDeadlineExceeded) << answer.status();
  ASSERT_TRUE(admin.Execute("COMMIT").ok());
  answered.WaitForNotification();
  EXPECT_TRUE(outcome.ok()) << outcome;
  // One more call through the same queue: what came before it is decided.
  Tally tally;
  EXPECT_TRUE(Answers(tally));
  EXPECT_EQ(AwaitPoints(kFirstPoints + 2), kFirstPoints + 2);
  EXPECT_EQ(membership_database_.Text("SELECT count(*) FROM request WHERE request_id = '" + late + "'"), "0");
}

TEST_F(Overload, AStreamThatNobodyReadsHoldsUpNobodyElse) {
  constexpr int kEvents = 20'000;
  absl::Notification read_on;
  std::atomic<int> sent = 0, accepted = 0;
  absl::Status end;
  std::thread stream([&] {
    end = client("oneid").Stream(
        "tessera.oneid.v1.IntakeService/PublishEvents", {.token = token_, .timeout = absl::InfiniteDuration()},
        [&]() -> std::optional<std::string> {
          const int number = sent++;
          if (number >= kEvents) return std::nullopt;
          oneid::v1::PublishEventsRequest request;
          request.set_brand_id(e2e::kBrand);
          request.mutable_event()->set_event_id(absl::StrCat("s", number));
          request.mutable_event()->set_source("jd");
          auto& event = *request.mutable_event()->mutable_event();
          event.mutable_page_viewed()->set_page(std::string(1'000, 'p'));
          auto& identifier = *event.add_identifiers();
          identifier.set_namespace_("jd_pin");
          identifier.set_value("ann");
          return request.SerializeAsString();
        },
        [&](const std::string& bytes) {
          read_on.WaitForNotification();
          oneid::v1::PublishEventsResponse response;
          accepted += response.ParseFromString(bytes) && response.reason().empty() ? 1 : 0;
        });
  });
  EXPECT_TRUE(testing::WaitFor([&] { return sent > 10; }));
  Publish(Paid("ann", "beside", {{1, 500}}));
  EXPECT_EQ(AwaitPoints(kFirstPoints + 5), kFirstPoints + 5);
  EXPECT_LT(sent, kEvents) << "the server has stopped it";
  read_on.Notify();
  stream.join();
  EXPECT_TRUE(end.ok()) << end;
  EXPECT_EQ(accepted, kEvents);
  ExpectBoundedMemory();
}

TEST_F(Overload, TenThousandIdleConnectionsLeaveRoomForCalls) {
  constexpr size_t kConnections = 10'000;
  // The client's preface and an empty SETTINGS frame (RFC 9113, section 3.4).
  constexpr std::string_view kHello("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\4\0\0\0\0\0", 33);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  int port = 0;
  ASSERT_TRUE(absl::SimpleAtoi(membership_->address().substr(membership_->address().rfind(':') + 1), &port));
  address.sin_port = htons(static_cast<uint16_t>(port));
  std::vector<int> sockets;
  for (size_t i = 0; i < kConnections; ++i) {
    const int one = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (one < 0 || connect(one, reinterpret_cast<sockaddr*>(&address), sizeof(address)) != 0) break;
    sockets.push_back(one);
    EXPECT_EQ(send(one, kHello.data(), kHello.size(), MSG_NOSIGNAL), static_cast<ssize_t>(kHello.size()));
  }
  EXPECT_EQ(sockets.size(), kConnections) << std::strerror(errno);
  Tally tally;
  for (int i = 0; i < 100; ++i) EXPECT_TRUE(Answers(tally));
  rpc::Client newcomer(membership_->address());
  const auto answer = newcomer.CallBytes("tessera.ops.v1.OperationsService/GetProgress", "", {.token = token_});
  EXPECT_TRUE(answer.ok()) << answer.status();
  ExpectBoundedMemory();
  for (const int one : sockets) close(one);
  EXPECT_TRUE(Answers(tally));
}

}  // namespace
}  // namespace tessera::hostile
