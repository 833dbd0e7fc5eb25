#include "tests/bench/ours/service_writers.h"

#include "base/clock.h"
#include "base/murmur2.h"
#include "base/thread.h"
#include "engine/engine_store.h"
#include "tests/bench/load/database.h"

namespace tessera::bench {
namespace {

constexpr int kWriters = 2;  // as a service has by default
constexpr int64_t kUnderWayMax = 4'000;
constexpr absl::Duration kIdleWait = absl::Milliseconds(100);
constexpr absl::Duration kDeadline = absl::Minutes(5);
constexpr absl::Duration kQueueFullPause = absl::Microseconds(200);

}  // namespace

ServiceWriters::ServiceWriters(const std::string& name, std::unique_ptr<engine::Service> service,
                               const std::string& wrapping_key)
    : service_(std::move(service)) {
  for (int i = 0; i < kWriters; ++i) {
    const engine::BatchConfig config = {name, wrapping_key, RandomUuidV7(Clock::System().Now()), i};
    writers_.push_back(std::make_unique<engine::Writer>(*service_, config, Clock::System(),
                                                        DatabaseOptions(/*key_access_only=*/true),
                                                        engine::WriterLimits(), engine::WriterSignals()));
  }
  for (auto& writer : writers_) {
    threads_.push_back(StartThread("writer", [this, w = writer.get()] {
      while (w->Step(kIdleWait) || !stop_) {
      }
    }));
  }
}

ServiceWriters::~ServiceWriters() {
  for (auto& writer : writers_) writer->Close();
  stop_ = true;
  for (std::thread& thread : threads_) thread.join();
}

void ServiceWriters::Call(const std::string& method, engine::ApiCommand command, std::string input_hash) {
  {
    const auto has_room = [this]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return under_way_ < kUnderWayMax; };
    absl::MutexLock lock(&mutex_, absl::Condition(&has_room));
    ++under_way_;
  }
  const absl::Time now = Clock::System().Now();
  engine::Work work;
  work.command = std::move(command.command);
  work.cause.id = work.cause.correlation_id = command.request_id.ToString();
  work.cause.time = now;
  work.cause.brand = command.brand.value;
  work.origin = engine::CallOrigin{method,
                                   std::move(command.brand),
                                   command.request_id,
                                   std::move(input_hash),
                                   now + kDeadline,
                                   [this](const absl::StatusOr<std::string>& answer) { Answered(answer.status()); }};
  Push(KafkaPartition(command.route, engine::kSlots), std::move(work));
}

void ServiceWriters::Push(int32_t partition, engine::Work work) {
  engine::Writer& writer = *writers_[static_cast<size_t>(partition) % writers_.size()];
  while (!writer.Push(work)) absl::SleepFor(kQueueFullPause);
}

void ServiceWriters::Answered(const absl::Status& status) {
  Require(status);
  absl::MutexLock lock(&mutex_);
  --under_way_;
}

void ServiceWriters::Await() {
  const auto all_answered = [this]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return under_way_ == 0; };
  absl::MutexLock lock(&mutex_, absl::Condition(&all_answered));
}

}  // namespace tessera::bench
