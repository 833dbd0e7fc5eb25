#include "engine/writer.h"

#include <algorithm>
#include <charconv>
#include <random>
#include <utility>

#include "base/check.h"
#include "base/fault_point.h"
#include "base/log.h"
#include "base/status.h"
#include "base/strings.h"

namespace tessera::engine {
namespace {

constexpr int kAttemptsMax = 5;   // of a batch that meets conflicts
constexpr int kRestartsMax = 50;  // of a batch whose discovery keeps moving
constexpr size_t kSuspectBatch = 100;
constexpr size_t kLargeShare = 10;  // a tenth of a full batch is a large one,
constexpr size_t kLargeLeast = 20;  // if it is more than a few
// A record that was decided alone more often is parked. Once would be enough to find one that ends the process, but
// would also park whatever is under way when somebody kills the process while it goes through its suspects.
constexpr int kMetAloneMax = 2;
constexpr absl::Duration kReconnectPause = absl::Milliseconds(200);
constexpr size_t kCrowd = 100;
constexpr absl::Duration kLongBatch = absl::Milliseconds(50);
constexpr absl::Duration kPatience = absl::Seconds(5);  // then waiting calls are told that the database is away

void Pause(int attempt) {
  thread_local std::minstd_rand random(std::random_device{}());
  const int ms = 1 << std::min(attempt, 6);
  absl::SleepFor(absl::Milliseconds(std::uniform_int_distribution<int>(ms, 2 * ms)(random)));
}

std::optional<int64_t> SequenceOf(const kafka::Record& record) {
  for (const kafka::Header& header : record.headers) {
    if (header.name != "ce_sequence") continue;
    int64_t seq = -1;
    const char* end = header.value.data() + header.value.size();
    auto [at, error] = std::from_chars(header.value.data(), end, seq);
    if (error == std::errc() && at == end && seq >= 0) return seq;
  }
  return std::nullopt;
}

}  // namespace

Writer::Writer(const Service& service, BatchConfig config, const Clock& clock, pg::ConnectionOptions connection,
               WriterLimits limits, WriterSignals signals)
    : service_(service),
      config_(std::move(config)),
      clock_(clock),
      session_(std::move(connection)),
      suspects_(session_),
      limits_(limits),
      signals_(std::move(signals)),
      queue_(limits.queue, limits.queue_bytes) {}

const WriterMetrics& Writer::Observe() const {
  metrics_.queue.Set(static_cast<double>(queue_.size()));
  return metrics_;
}

bool Writer::Crowded() const {
  const int64_t since = busy_since_us_;
  const bool held_up = since != 0 && absl::Now() - absl::FromUnixMicros(since) > kLongBatch;
  return held_up || queue_.size() >= kCrowd;
}

bool Writer::Step(absl::Duration wait) {
  const bool busy = last_taken_ >= std::max(limits_.batch / kLargeShare, kLargeLeast);
  std::vector<Work> taken = queue_.Take(limits_.batch, wait, busy ? limits_.gather : absl::ZeroDuration());
  last_taken_ = taken.size();
  if (taken.empty()) return false;
  busy_since_us_ = absl::ToUnixMicros(absl::Now());
  Carry(taken);
  busy_since_us_ = 0;
  return true;
}

void Writer::Carry(std::vector<Work>& taken) {
  std::vector<Work*> batch;
  size_t bytes = 0;
  for (Work& work : taken) {
    if (Expired(work)) continue;
    if (auto* record = std::get_if<RecordOrigin>(&work.origin); record != nullptr && record->feed->stale) continue;
    if (!batch.empty() && bytes + work.bytes > limits_.batch_bytes) {
      RunAll(batch);
      batch.clear();
      bytes = 0;
    }
    Understand(work);
    bytes += work.bytes;
    batch.push_back(&work);
  }
  if (!batch.empty()) RunAll(batch);
}

bool Writer::Expired(Work& work) {
  auto* call = std::get_if<CallOrigin>(&work.origin);
  if (call == nullptr || call->deadline > clock_.Now()) return false;
  metrics_.expired_calls.Add();
  call->answer(absl::DeadlineExceededError("the deadline passed before the call was executed; it had no effect"));
  return true;
}

// Records are understood here, in the partition's own order, so that reading ahead costs no thread of its own.
void Writer::Understand(Work& work) {
  const kafka::Record* record = RecordOf(work);
  if (record == nullptr || work.command != nullptr) return;
  if (auto* stored = std::get_if<StoredOrigin>(&work.origin); stored != nullptr && !stored->refusal.ok()) return;
  if (auto* origin = std::get_if<RecordOrigin>(&work.origin)) origin->seq = SequenceOf(*record);
  auto understood = service_.FromRecord(*record);
  if (!understood.ok()) {
    work.understood = understood.status();
    work.cause.time = record->timestamp;
    if (auto info = ErrorInfoOf(work.understood)) {
      work.cause.brand = info->metadata["brand_id"];
      work.cause.id = info->metadata["event_id"];
    }
    return;
  }
  work.command = std::move(understood->command);
  work.identity = std::move(understood->identity);
  work.cause = std::move(understood->cause);
}

// Suspects apart from the others, and those that were under way when the process ended again apart from each other.
void Writer::RunAll(const std::vector<Work*>& work) {
  std::vector<const RecordOrigin*> suspects;
  for (const Work* one : work) {
    if (const RecordOrigin* suspect = SuspectOf(*one)) suspects.push_back(suspect);
  }
  if (suspects.empty()) return RunBatch(work);
  const std::set<RecordAt> noted = suspects_.Noted(suspects);
  std::vector<Work*> careful, together;
  for (Work* one : work) {
    const RecordOrigin* suspect = SuspectOf(*one);
    if (suspect == nullptr) {
      together.push_back(one);
      continue;
    }
    const bool alone = noted.contains(PlaceOf(*suspect));
    if (alone || careful.size() == kSuspectBatch) RunSuspects(std::exchange(careful, {}));
    if (alone) {
      RunSuspect(*one, *suspect);
    } else {
      careful.push_back(one);
    }
  }
  RunSuspects(careful);
  if (!together.empty()) RunBatch(together);
}

void Writer::RunSuspects(const std::vector<Work*>& work) {
  if (work.empty()) return;
  std::vector<const RecordOrigin*> records;
  records.reserve(work.size());
  for (const Work* one : work) records.push_back(SuspectOf(*one));
  suspects_.NoteTogether(records);
  FaultPoint("writer.suspects_noted");
  RunBatch(work);
  suspects_.Clear(records);
}

void Writer::RunSuspect(Work& work, const RecordOrigin& record) {
  if (suspects_.NoteAlone(record) > kMetAloneMax) {
    LogError("record parked: it ended the process when it was decided alone",
             {{"topic", record.feed->topic}, {"offset", record.record.offset}});
    work.park_reason = "CRASHED";
  }
  FaultPoint("writer.suspect_noted");
  RunBatch({&work});
  suspects_.Clear({&record});
}

void Writer::RunBatch(const std::vector<Work*>& work) {
  BatchRunner runner(service_, config_, work);
  const absl::Time start = clock_.Now();
  for (int conflicts = 0, restarts = 0;;) {
    if (!session_.Ensure().ok()) {
      if (clock_.Now() - start > kPatience) return GiveUp(work, absl::UnavailableError("the database is away"));
      absl::SleepFor(kReconnectPause);
      continue;
    }
    switch (Attempt(runner)) {
      case AttemptResult::kCommitted:
        return Finish(runner, work.size());
      case AttemptResult::kRestart:
        metrics_.restarts.Add();
        TESSERA_CHECK(++restarts < kRestartsMax);
        break;
      case AttemptResult::kData:
        metrics_.data_errors.Add();
        if (work.size() > 1) return RunHalves(work);
        if (!work[0]->park_reason.empty()) return GiveUp(work, runner.error());
        LogError("data error", {{"reason", ToStd(runner.error().message())}});
        work[0]->park_reason = "DATA_ERROR";
        return RunBatch(work);  // anew: setting it aside must not look up what it names
      case AttemptResult::kRetry:
        metrics_.retries.Add();
        if (++conflicts >= kAttemptsMax) {
          return GiveUp(work, absl::AbortedError("conflicts with other changes; repeat the call"));
        }
        Pause(conflicts);
        break;
      case AttemptResult::kConnection:
        metrics_.retries.Add();
        break;
      case AttemptResult::kInDoubt:
      case AttemptResult::kOther:
        LogError("batch failed", {{"reason", ToStd(runner.error().message())}});
        return GiveUp(work, runner.error());
    }
  }
}

AttemptResult Writer::Attempt(BatchRunner& runner) {
  const int64_t batch_no = ++batch_no_;
  const AttemptResult result = runner.Run(*session_, batch_no, clock_.Now());
  if (result != AttemptResult::kInDoubt) return result;
  return CommittedAfterAll(batch_no) ? AttemptResult::kCommitted : AttemptResult::kConnection;
}

void Writer::Finish(BatchRunner& runner, size_t commands) {
  metrics_.Committed(commands, runner.phases(), runner.effects());
  if (runner.published()) signals_.published();
  if (auto due = runner.earliest_timer()) signals_.timer_set(*due);
  runner.Finish();
  signals_.answers(runner.TakeAnswers());
}

// A data error is somewhere in the batch: each half is a batch of its own, in order, until the culprit is alone.
void Writer::RunHalves(const std::vector<Work*>& work) {
  const auto middle = work.begin() + static_cast<std::ptrdiff_t>(work.size() / 2);
  RunBatch({work.begin(), middle});
  RunBatch({middle, work.end()});
}

// Calls are answered the error; records are read again by their consumer; timers stay due.
void Writer::GiveUp(const std::vector<Work*>& work, const absl::Status& why) {
  for (Work* one : work) {
    if (auto* call = std::get_if<CallOrigin>(&one->origin)) {
      call->answer(why);
    } else if (auto* record = std::get_if<RecordOrigin>(&one->origin)) {
      record->feed->stale = true;
    } else if (auto* timer = std::get_if<TimerOrigin>(&one->origin)) {
      timer->finished();
    } else if (auto& stored = std::get<StoredOrigin>(one->origin); stored.answer) {
      stored.answer(why);
    }
  }
}

// The session was lost after COMMIT had been sent. The writer's row is locked by that transaction until it ends; then
// it tells which batch was the last.
bool Writer::CommittedAfterAll(int64_t batch_no) {
  for (;;) {
    if (!session_->Reconnect().ok()) {
      absl::SleepFor(kReconnectPause);
      continue;
    }
    pg::Tx tx(*session_, "resolve_in_doubt");
    const auto last = CommittedBatch(tx, config_.writer_id);
    if (!tx.ok()) continue;
    const bool committed = last == batch_no;
    LogWarning("commit in doubt resolved", {{"committed", int64_t{committed}}});
    return committed;
  }
}

}  // namespace tessera::engine
