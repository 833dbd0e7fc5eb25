#include "engine/batch_runner.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "base/check.h"
#include "base/crypto.h"
#include "base/fault_point.h"
#include "base/log.h"
#include "base/status.h"
#include "engine/stored_record.h"

namespace tessera::engine {
namespace {

constexpr int kDiscoverRoundsMax = 6;
constexpr int kMoreRoundsMax = 12;

int64_t HashOf(std::initializer_list<std::string_view> parts) {
  const std::string digest = Sha256OfParts(parts);
  int64_t hash;
  std::memcpy(&hash, digest.data(), sizeof(hash));
  return hash;
}

}  // namespace

BatchRunner::BatchRunner(const Service& service, const BatchConfig& config, std::vector<Work*> work)
    : service_(service), config_(config), work_(std::move(work)), batch_(service.NewBatch()) {}

void BatchRunner::Reset() {
  effects_ = {};
  phases_ = {};
  marks_.clear();
  requests_.clear();
  identities_.clear();
  answers_.clear();
  error_ = absl::OkStatus();
  decided_ = 0;
  for (auto& [id, woken] : woken_) woken.present = false;
}

// A read that failed looks like one that found nothing: what a failed attempt has discovered is forgotten. What one
// that had to restart has discovered is kept, or it would restart for ever.
void BatchRunner::StartAnew() {
  woken_.clear();
  batch_ = service_.NewBatch();
  keys_added_ = false;
}

AttemptResult BatchRunner::ResultOf(const pg::Tx& tx) {
  error_ = tx.status();
  switch (tx.error_kind()) {
    case pg::ErrorKind::kNone:
      return result_;
    case pg::ErrorKind::kData:
      return AttemptResult::kData;
    case pg::ErrorKind::kRetry:
      return AttemptResult::kRetry;
    case pg::ErrorKind::kConnection:
      return AttemptResult::kConnection;
    case pg::ErrorKind::kOther:
      return AttemptResult::kOther;
  }
  return AttemptResult::kOther;
}

AttemptResult BatchRunner::Run(pg::Connection& connection, int64_t batch_no, absl::Time now) {
  if (error_.ok()) {
    batch_->Restart();
  } else {
    StartAnew();
  }
  Reset();
  result_ = AttemptResult::kRestart;
  pg::Tx tx(connection, "batch");
  phases_.Enter(Phase::kDedupe);
  NoteBatch(tx, config_.writer_id, batch_no, now);
  if (!LockAndDedupe(tx)) return ResultOf(tx);
  phases_.Enter(Phase::kDiscover);
  if (!Widen(tx)) return ResultOf(tx);
  phases_.Enter(Phase::kLoad);
  batch_->Lock(tx);
  if (!tx.ok() || FindWoken(tx)) return ResultOf(tx);
  if (batch_->Load(tx) == Loaded::kMoved || !tx.ok()) return ResultOf(tx);
  phases_.Enter(Phase::kDecide);
  if (!DecideAll(tx, now)) return ResultOf(tx);
  return Commit(tx, now);
}

bool BatchRunner::LockAndDedupe(pg::Tx& tx) {
  TakeMarks(tx);
  AddKeys(tx);
  LockKnownIds(tx);
  LockStoredRows(tx);
  return tx.ok();
}

// Feeds whose mark differs leave the batch: another owner of the partition was faster.
void BatchRunner::TakeMarks(pg::Tx& tx) {
  std::set<PartitionKey> all;
  std::set<RecordKeyAt> keys;
  for (const Work* work : work_) {
    if (auto* record = std::get_if<RecordOrigin>(&work->origin)) {
      all.emplace(record->feed->topic, record->feed->partition);
      if (record->record.key) keys.emplace(record->feed->topic, record->feed->partition, *record->record.key);
    } else if (auto* stored = std::get_if<StoredOrigin>(&work->origin);
               stored != nullptr && stored->kind == StoredOrigin::Kind::kParked) {
      all.emplace(stored->record.topic, stored->record.partition);
    }
  }
  std::map<PartitionKey, Mark> marks = LockMarks(tx, all);
  parked_keys_ = ParkedKeys(tx, keys);
  if (!tx.ok()) return;
  for (const Work* work : work_) {
    auto* record = std::get_if<RecordOrigin>(&work->origin);
    if (record == nullptr || record->feed->stale) continue;
    Feed& feed = *record->feed;
    const PartitionKey key{feed.topic, feed.partition};
    auto mark = marks.find(key);
    if (mark == marks.end() || mark->second != Mark{feed.next_offset, feed.last_seq}) {
      feed.stale = true;
      LogWarning("partition mark moved", {{"topic", feed.topic}, {"partition", int64_t{feed.partition}}});
    } else {
      marks_[key] = mark->second;
    }
  }
}

bool BatchRunner::Live(const Work& work) const {
  auto* record = std::get_if<RecordOrigin>(&work.origin);
  return record == nullptr || !record->feed->stale;
}

void BatchRunner::LockKnownIds(pg::Tx& tx) {
  std::vector<int64_t> hashes;
  std::set<RequestKey> requests;
  std::set<IdentityKey> identities;
  auto add_identity = [&](const Work& work) {
    if (!work.identity || !work.park_reason.empty()) return;
    hashes.push_back(HashOf({"event", work.identity->brand, work.identity->source, work.identity->id}));
    identities.insert(KeyOf(*work.identity));
  };
  for (const Work* work : work_) {
    if (!Live(*work)) continue;
    add_identity(*work);
    if (auto* call = std::get_if<CallOrigin>(&work->origin)) {
      hashes.push_back(HashOf({"request", call->request_id.ToString(), call->method, call->brand.value}));
      requests.insert(KeyOf(*call));
    }
  }
  for (const auto& [id, woken] : woken_) add_identity(*woken.work);
  std::sort(hashes.begin(), hashes.end());
  LockIds(tx, hashes);
  requests_ = FindRequests(tx, requests);
  identities_ = FindIdentities(tx, identities);
}

void BatchRunner::LockStoredRows(pg::Tx& tx) {
  std::vector<int64_t> waiting, parked, dead_letters;
  for (const Work* work : work_) {
    auto* stored = std::get_if<StoredOrigin>(&work->origin);
    if (stored == nullptr) continue;
    if (stored->kind == StoredOrigin::Kind::kParked) {
      parked.push_back(stored->id);
    } else if (stored->kind == StoredOrigin::Kind::kDeadLetter) {
      dead_letters.push_back(stored->id);
    } else {
      waiting.push_back(stored->id);
    }
  }
  stored_waiting_ = LockWaiting(tx, waiting);
  stored_parked_ = LockParked(tx, parked);
  stored_dead_letters_ = LockDeadLetters(tx, dead_letters);
}

bool BatchRunner::MustDecide(const Work& work) const {
  if (!Live(work) || work.command == nullptr || !work.park_reason.empty()) return false;
  if (auto* call = std::get_if<CallOrigin>(&work.origin)) return !requests_.contains(KeyOf(*call));
  return true;
}

// Also looks, without locks, for what waits for the keys: what is found here spares a restart under the locks.
void BatchRunner::AddKeys(pg::Tx& tx) {
  if (std::exchange(keys_added_, true)) return;
  for (const Work* work : work_) {
    if (MustDecide(*work)) batch_->Add(*work->command);
  }
  while (JoinWoken(SeeWaiting(tx, batch_->MayWake()))) {
  }
}

bool BatchRunner::Widen(pg::Tx& tx) {
  for (int round = 0; tx.ok() && batch_->Discover(tx); ++round) TESSERA_CHECK(round < kDiscoverRoundsMax);
  return tx.ok();
}

// Looks, under the locks, for what waits for the keys that this batch may wake. True if some was not known yet: then
// the batch starts again with its keys.
bool BatchRunner::FindWoken(pg::Tx& tx) {
  const std::vector<WaitingRow> rows = LockWaitingFor(tx, batch_->MayWake());
  const bool grew = JoinWoken(rows);
  for (const WaitingRow& row : rows) woken_[row.id].present = true;
  return grew;
}

// True if some was not known yet.
bool BatchRunner::JoinWoken(const std::vector<WaitingRow>& rows) {
  bool grew = false;
  for (const WaitingRow& row : rows) {
    auto [at, fresh] = woken_.try_emplace(row.id);
    at->second.key = row.key;
    if (!fresh) continue;
    auto kept = OpenRecord(config_.wrapping_key, row.sealed_record);
    auto understood =
        kept ? service_.FromRecord(kept->record) : absl::InternalError("a waiting record cannot be opened");
    auto work = std::make_unique<Work>();
    work->origin = StoredOrigin{StoredOrigin::Kind::kWoken, row.id, kept ? kept->record : kafka::Record(), {}, {}};
    if (understood.ok()) {
      work->command = std::move(understood->command);
      work->identity = std::move(understood->identity);
      work->cause = std::move(understood->cause);
    } else {
      work->understood = understood.status();
    }
    if (work->command != nullptr) batch_->Add(*work->command);
    at->second.work = std::move(work);
    grew = true;
  }
  return grew;
}

bool BatchRunner::DecideAll(pg::Tx& tx, absl::Time now) {
  for (Work* work : work_) {
    if (Live(*work) && !Settle(tx, *work, now)) return false;
  }
  return true;
}

std::optional<Decided> BatchRunner::Decide(pg::Tx& tx, const Work& work, absl::Time now) {
  for (int round = 0; round < kMoreRoundsMax; ++round) {
    Decided decided = batch_->Decide(*work.command, work.cause, now);
    if (decided.kind != Decided::Kind::kMore) {
      ++decided_;
      return decided;
    }
    if (!Widen(tx) || batch_->NeedsLock()) return std::nullopt;
    if (batch_->Load(tx) == Loaded::kMoved || !tx.ok()) return std::nullopt;
  }
  CheckFailed("a command asks for more rows for ever");
}

AttemptResult BatchRunner::Commit(pg::Tx& tx, absl::Time now) {
  phases_.Enter(Phase::kSave);
  batch_->Save(tx, now);
  SaveEffects(tx, effects_, config_.wrapping_key, config_.counter_shard, now);
  SaveMarks(tx, marks_);
  Publish(tx, effects_.events, now);
  FaultPoint("batch.before_commit");
  phases_.Enter(Phase::kCommit);
  const pg::CommitResult result = tx.Commit();
  phases_.Leave();
  if (result == pg::CommitResult::kInDoubt) {
    error_ = tx.status();
    return AttemptResult::kInDoubt;
  }
  if (result == pg::CommitResult::kRolledBack) return ResultOf(tx);
  FaultPoint("batch.committed_not_answered");
  return AttemptResult::kCommitted;
}

void BatchRunner::Finish() {
  for (const Work* work : work_) {
    if (auto* record = std::get_if<RecordOrigin>(&work->origin)) {
      auto mark = marks_.find({record->feed->topic, record->feed->partition});
      if (mark == marks_.end()) continue;
      record->feed->next_offset = mark->second.next_offset;
      record->feed->last_seq = mark->second.last_seq;
      record->feed->reached_unix_ms = absl::ToUnixMillis(record->record.timestamp);
    } else if (auto* timer = std::get_if<TimerOrigin>(&work->origin)) {
      timer->finished();
    }
  }
}

std::vector<ReadyAnswer> BatchRunner::TakeAnswers() {
  std::vector<ReadyAnswer> ready;
  ready.reserve(answers_.size());
  for (auto& [answer, result] : answers_) ready.push_back({std::move(*answer), std::move(result)});
  return ready;
}

std::optional<absl::Time> BatchRunner::earliest_timer() const {
  std::optional<absl::Time> earliest;
  for (const auto& [key, due] : effects_.timers) {
    if (due && (!earliest || *due < *earliest)) earliest = due;
  }
  return earliest;
}

}  // namespace tessera::engine
