#include "tests/bench/load/grpc_load.h"

#include <memory>
#include <random>
#include <vector>

#include "absl/synchronization/mutex.h"
#include "absl/time/clock.h"
#include "rpc/client.h"
#include "tessera/testing/v1/echo_service.pb.h"
#include "tests/bench/load/database.h"
#include "tests/bench/load/earn_load.h"

namespace tessera::bench {
namespace {

struct Calls {
  std::string method;
  std::vector<std::string> requests;
};

Calls MakeReads(const GrpcLoad& load) {
  Calls calls = {"tessera.membership.v1.PointsService/GetBalance", {}};
  std::mt19937_64 random(load.seed);
  std::uniform_int_distribution<int64_t> member(0, load.members - 1);
  for (int64_t i = 0; i < load.warm_up + load.operations; ++i) {
    membership::v1::GetBalanceRequest request;
    request.set_brand_id(kBrand);
    request.set_customer_id(MemberOf(member(random)).ToString());
    calls.requests.push_back(request.SerializeAsString());
  }
  return calls;
}

Calls MakeWrites(const GrpcLoad& load) {
  Calls calls = {kEarnMethod, {}};
  for (const auto& request : MakeRequests({load.members, load.warm_up, load.operations, load.seed})) {
    calls.requests.push_back(request.SerializeAsString());
  }
  return calls;
}

Calls MakeEchoes(const GrpcLoad& load) {
  testing::v1::EchoRequest request;
  request.set_brand_id(kBrand);
  return {"tessera.testing.v1.EchoService/Echo",
          std::vector<std::string>(static_cast<size_t>(load.warm_up + load.operations), request.SerializeAsString())};
}

Calls MakeCalls(const GrpcLoad& load) {
  if (load.call == "read") return MakeReads(load);
  if (load.call == "write") return MakeWrites(load);
  if (load.call == "echo") return MakeEchoes(load);
  Require(absl::InvalidArgumentError("--call must be read, write or echo"));
  return {};
}

class ClosedLoop {
 public:
  ClosedLoop(const GrpcLoad& load, const Calls& calls) : calls_(calls), in_flight_(load.in_flight) {
    options_.token = RequiredEnvironment("TESSERA_BENCH_TOKEN");
    for (int32_t i = 0; i < load.channels; ++i)
      clients_.push_back(std::make_unique<rpc::Client>(load.target, load.tls));
  }

  // Makes the calls [from, to) and waits for their answers; the latency of each in microseconds.
  std::vector<int64_t> Run(size_t from, size_t to) {
    {
      absl::MutexLock lock(&mutex_);
      first_ = next_ = from;
      end_ = to;
      left_ = to - from;
      latencies_us_.assign(left_, 0);
    }
    for (int64_t i = 0; i < in_flight_; ++i) CallNext();
    const auto answered = [this]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return left_ == 0; };
    absl::MutexLock lock(&mutex_, absl::Condition(&answered));
    return latencies_us_;
  }

 private:
  void CallNext() {
    size_t number = 0;
    {
      absl::MutexLock lock(&mutex_);
      if (next_ == end_) return;
      number = next_++;
    }
    const absl::Time start = absl::Now();
    clients_[number % clients_.size()]->CallBytesAsync(
        calls_.method, calls_.requests[number], options_,
        [this, number, start](const absl::StatusOr<std::string>& answer) {
          Require(answer.status());
          Answered(number, absl::Now() - start);
        });
  }

  void Answered(size_t number, absl::Duration latency) {
    CallNext();
    absl::MutexLock lock(&mutex_);
    latencies_us_[number - first_] = absl::ToInt64Microseconds(latency);
    --left_;
  }

  const Calls& calls_;
  const int64_t in_flight_;
  rpc::CallOptions options_;
  absl::Mutex mutex_;
  size_t first_ ABSL_GUARDED_BY(mutex_) = 0, next_ ABSL_GUARDED_BY(mutex_) = 0, end_ ABSL_GUARDED_BY(mutex_) = 0;
  size_t left_ ABSL_GUARDED_BY(mutex_) = 0;
  std::vector<int64_t> latencies_us_ ABSL_GUARDED_BY(mutex_);
  std::vector<std::unique_ptr<rpc::Client>> clients_;  // last: no answer comes once they are gone
};

}  // namespace

Round CallGrpc(const GrpcLoad& load) {
  const Calls calls = MakeCalls(load);
  ClosedLoop loop(load, calls);
  const auto warm_up = static_cast<size_t>(load.warm_up);
  loop.Run(0, warm_up);
  const absl::Time start = absl::Now();
  Round round = {.operations = load.operations};
  round.latencies_us = loop.Run(warm_up, calls.requests.size());
  round.seconds = absl::ToDoubleSeconds(absl::Now() - start);
  return round;
}

}  // namespace tessera::bench
