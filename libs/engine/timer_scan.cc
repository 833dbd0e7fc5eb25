#include "engine/timer_scan.h"

#include "base/fault_point.h"
#include "base/log.h"
#include "base/murmur2.h"
#include "base/status.h"
#include "engine/engine_store.h"
#include "engine/stored_record.h"

namespace tessera::engine {
namespace {

using pg::Statement;

constexpr int32_t kDueMax = 500;

}  // namespace

TimerScan::TimerScan(const Service& service, const Clock& clock, std::string wrapping_key,
                     pg::ConnectionOptions connection, const LeaseKeeper& leases, std::vector<Writer*> writers)
    : service_(service),
      clock_(clock),
      wrapping_key_(std::move(wrapping_key)),
      session_(std::move(connection)),
      leases_(leases),
      writers_(std::move(writers)) {}

Writer& TimerScan::WriterFor(std::string_view route) const {
  return *writers_[static_cast<size_t>(KafkaPartition(route, kSlots)) % writers_.size()];
}

absl::StatusOr<int> TimerScan::Step() {
  if (leases_.Held("timer").empty()) return 0;
  TESSERA_RETURN_IF_ERROR(session_.Ensure());
  pg::Tx tx(*session_, "timer_scan", pg::Extent::kStatement);
  const absl::Time now = clock_.Now();
  const int pushed = PushTimers(tx, now) + PushExpired(tx, now);
  TESSERA_RETURN_IF_ERROR(tx.status());
  if (pushed > 0) FaultPoint("timer.due_pushed");
  return pushed;
}

int TimerScan::PushTimers(pg::Tx& tx, absl::Time now) {
  static constexpr Statement kDue = {
      "due_timers",
      "SELECT owner_id, brand_id, kind, due_time FROM timer WHERE due_time <= $1 ORDER BY due_time LIMIT $2"};
  int pushed = 0;
  for (const pg::Row row : tx.Run(kDue, now, kDueMax)) {
    const TimerKey key{row.Get<Uuid>(0), row.Get<BrandId>(1), row.Get<int16_t>(2)};
    {
      absl::MutexLock lock(&mutex_);
      if (!in_flight_.insert(key).second) continue;
    }
    Work work;
    work.command = service_.FromTimer(key);
    const std::string due = absl::FormatTime(row.Get<absl::Time>(3), absl::UTCTimeZone());
    work.cause.id = "timer/" + key.owner.ToString() + "/" + std::to_string(key.kind) + "/" + due;
    work.cause.correlation_id = work.cause.id;
    work.cause.time = row.Get<absl::Time>(3);
    work.cause.brand = key.brand.value;
    work.origin = TimerOrigin{key, [this, key] {
                                absl::MutexLock lock(&mutex_);
                                in_flight_.erase(key);
                              }};
    if (WriterFor(key.owner.ToString()).Push(work)) {
      ++pushed;
    } else {
      std::get<TimerOrigin>(work.origin).finished();
    }
  }
  return pushed;
}

int TimerScan::PushExpired(pg::Tx& tx, absl::Time now) {
  static constexpr Statement kExpired = {
      "expired_waiting",
      "SELECT waiting_id, brand_id, event_id, refusal, record, wait_key FROM waiting WHERE until_time <= $1 "
      "ORDER BY until_time LIMIT $2"};
  int pushed = 0;
  for (const pg::Row row : tx.Run(kExpired, now, kDueMax)) {
    const auto id = row.Get<int64_t>(0);
    {
      absl::MutexLock lock(&mutex_);
      if (!expiring_.insert(id).second) continue;
    }
    auto forget = [this, id](const absl::StatusOr<std::string>&) {
      absl::MutexLock lock(&mutex_);
      expiring_.erase(id);
    };
    auto kept = OpenRecord(wrapping_key_, row.Get<pg::Bytes>(4).value);
    if (!kept) {
      LogError("a waiting record cannot be opened", {{"waiting_id", id}});
      continue;
    }
    Work work;
    work.cause.brand = row.Get<std::string>(1);
    work.cause.id = work.cause.correlation_id = row.Get<std::string>(2);
    work.cause.time = kept->record.timestamp;
    work.origin = StoredOrigin{StoredOrigin::Kind::kExpired, id, std::move(kept->record),
                               DecodeStatus(row.Get<pg::Bytes>(3).value), forget};
    if (WriterFor(row.Get<std::string>(5)).Push(work)) {
      ++pushed;
    } else {
      forget("");
    }
  }
  return pushed;
}

void TimerScan::Await(absl::Duration timeout) {
  absl::MutexLock lock(&mutex_);
  mutex_.AwaitWithTimeout(absl::Condition(&awake_), timeout);
  awake_ = false;
}

void TimerScan::Wake(absl::Time due) {
  if (due > clock_.Now() + absl::Seconds(1)) return;  // the next regular scan is early enough
  absl::MutexLock lock(&mutex_);
  awake_ = true;
}

}  // namespace tessera::engine
