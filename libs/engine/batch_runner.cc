#include "engine/batch_runner.h"

#include <algorithm>
#include <cstring>

#include "base/check.h"
#include "base/crypto.h"
#include "base/fault_point.h"
#include "base/log.h"
#include "base/status.h"
#include "base/strings.h"
#include "engine/stored_record.h"
#include "tessera/events/v1/dead_letter.pb.h"

namespace tessera::engine {
namespace {

constexpr int kDiscoverRoundsMax = 6;
constexpr int kMoreRoundsMax = 12;
constexpr absl::Duration kFailedTimerDelay = absl::Minutes(5);

int64_t HashOf(std::initializer_list<std::string_view> parts) {
  const std::string digest = Sha256OfParts(parts);
  int64_t hash;
  std::memcpy(&hash, digest.data(), sizeof(hash));
  return hash;
}

RequestKey KeyOf(const CallOrigin& call) { return {call.request_id.uuid, call.method, call.brand.value}; }
IdentityKey KeyOf(const EventIdentity& identity) { return {identity.id, identity.source, identity.brand}; }

Published DeadLetterEvent(const BatchConfig& config, const NewDeadLetter& letter, absl::Time time) {
  const auto info = ErrorInfoOf(letter.refusal);
  events::v1::DeadLetter data;
  data.set_brand_id(letter.brand);
  data.set_event_id(letter.event_id);
  data.set_reason(info ? info->reason : "REFUSED");
  data.set_field(FieldOf(letter.refusal));
  data.set_message(std::string(ToStd(letter.refusal.message())));
  data.set_topic(letter.record->topic);
  data.set_partition(letter.record->partition);
  data.set_offset(letter.record->offset);
  data.set_sealed_record(SealRecord(config.wrapping_key, *letter.record));
  const std::string key = letter.record->topic + "/" + std::to_string(letter.record->partition);
  return {.log = Log::kDeadLetters,
          .key = key,
          .type = "com.tessera." + config.service + ".dead_letter.v1",
          .subject = "",
          .brand = letter.brand,
          .time = time,
          .data = data.SerializeAsString()};
}

absl::StatusOr<std::string> AnswerOf(const KnownRequest& known) {
  if (known.refused) return DecodeStatus(known.answer);
  return known.answer;
}

}  // namespace

BatchRunner::BatchRunner(const Service& service, const BatchConfig& config, std::vector<Work*> work)
    : service_(service), config_(config), work_(std::move(work)), batch_(service.NewBatch()) {}

void BatchRunner::Reset() {
  batch_->Restart();
  effects_ = {};
  marks_.clear();
  answers_.clear();
  error_ = absl::OkStatus();
  decided_ = 0;
  for (auto& [id, woken] : woken_) woken.present = false;
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
  Reset();
  result_ = AttemptResult::kRestart;
  pg::Tx tx(connection, "batch");
  NoteBatch(tx, config_.writer_id, batch_no, now);
  if (!LockAndDedupe(tx)) return ResultOf(tx);
  AddKeys();
  if (!Widen(tx)) return ResultOf(tx);
  batch_->Lock(tx);
  if (!tx.ok() || FindWoken(tx)) return ResultOf(tx);
  if (batch_->Load(tx) == Loaded::kMoved || !tx.ok()) return ResultOf(tx);
  if (!DecideAll(tx, now)) return ResultOf(tx);
  return Commit(tx, now);
}

bool BatchRunner::LockAndDedupe(pg::Tx& tx) {
  TakeMarks(tx);
  LockKnownIds(tx);
  LockStoredRows(tx);
  return tx.ok();
}

// Feeds whose mark differs leave the batch: another owner of the partition was faster.
void BatchRunner::TakeMarks(pg::Tx& tx) {
  std::set<PartitionKey> partitions, parked_partitions;
  for (const Work* work : work_) {
    if (auto* record = std::get_if<RecordOrigin>(&work->origin)) {
      partitions.emplace(record->feed->topic, record->feed->partition);
    } else if (auto* stored = std::get_if<StoredOrigin>(&work->origin);
               stored != nullptr && stored->kind == StoredOrigin::Kind::kParked) {
      parked_partitions.emplace(stored->record.topic, stored->record.partition);
    }
  }
  std::set<PartitionKey> all = partitions;
  all.insert(parked_partitions.begin(), parked_partitions.end());
  std::map<PartitionKey, Mark> marks = LockMarks(tx, all);
  parked_keys_ = ParkedKeys(tx, partitions);
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
    if (!work.identity) return;
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

void BatchRunner::AddKeys() {
  if (!keys_added_) {
    keys_added_ = true;
    for (const Work* work : work_) {
      if (MustDecide(*work)) batch_->Add(*work->command);
    }
  }
}

bool BatchRunner::Widen(pg::Tx& tx) {
  for (int round = 0; tx.ok() && batch_->Discover(tx); ++round) TESSERA_CHECK(round < kDiscoverRoundsMax);
  return tx.ok();
}

// Looks, under the locks, for what waits for the keys that this batch may wake. True if some was not known yet: it
// joins the batch, which starts again with its keys.
bool BatchRunner::FindWoken(pg::Tx& tx) {
  bool grew = false;
  for (WaitingRow& row : FindWaiting(tx, batch_->MayWake())) {
    auto [at, fresh] = woken_.try_emplace(row.id);
    at->second.present = true;
    at->second.key = row.key;
    if (!fresh) continue;
    auto record = OpenRecord(config_.wrapping_key, row.sealed_record);
    auto understood = record ? service_.FromRecord(*record) : absl::InternalError("a waiting record cannot be opened");
    auto work = std::make_unique<Work>();
    work->origin = StoredOrigin{StoredOrigin::Kind::kWoken, row.id, record ? *record : kafka::Record(), {}, {}};
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

bool BatchRunner::Settle(pg::Tx& tx, Work& work, absl::Time now) {
  if (auto* call = std::get_if<CallOrigin>(&work.origin)) return SettleCall(tx, work, *call, now);
  if (auto* stored = std::get_if<StoredOrigin>(&work.origin)) return SettleStored(tx, work, *stored, now);
  if (auto* record = std::get_if<RecordOrigin>(&work.origin)) {
    if (!AdvanceMark(*record)) return true;
    return SettleRecord(tx, work, now);
  }
  if (!work.park_reason.empty()) {
    effects_.timers[std::get<TimerOrigin>(work.origin).key] = now + kFailedTimerDelay;
    return true;
  }
  auto decided = Decide(tx, work, now);
  if (!decided) return false;
  TESSERA_CHECK(decided->kind == Decided::Kind::kDone);  // a timer handles what is due, be it nothing
  const std::vector<WaitKey> wakes = decided->wakes;
  Keep(work, std::move(*decided));
  return Wake(tx, wakes, now);
}

bool BatchRunner::SettleCall(pg::Tx& tx, Work& work, CallOrigin& call, absl::Time now) {
  const RequestKey key = KeyOf(call);
  if (auto known = requests_.find(key); known != requests_.end()) {
    if (known->second.input_hash != call.input_hash) {
      answers_.emplace_back(&call.answer,
                            InvalidField("request_id", "was used before with another request", "REQUEST_ID_REUSED"));
    } else {
      answers_.emplace_back(&call.answer, AnswerOf(known->second));
    }
    return true;
  }
  if (!work.park_reason.empty()) {
    answers_.emplace_back(&call.answer,
                          MakeError(absl::StatusCode::kInvalidArgument, "a value of the request cannot be stored",
                                    {"VALUE_UNSTORABLE", config_.service + ".tessera", {}}));
    return true;
  }
  auto decided = Decide(tx, work, now);
  if (!decided) return false;
  if (decided->kind != Decided::Kind::kDone) {
    // A wait is for events; a caller is told at once.
    answers_.emplace_back(&call.answer, decided->refusal);
    if (decided->refusal.code() != absl::StatusCode::kInvalidArgument) {
      requests_[key] = {call.input_hash, true, EncodeStatus(decided->refusal)};
      effects_.requests.push_back({&call, true, requests_[key].answer});
    }
    return true;
  }
  requests_[key] = {call.input_hash, false, decided->reply};
  effects_.requests.push_back({&call, false, decided->reply});
  answers_.emplace_back(&call.answer, decided->reply);
  const std::vector<WaitKey> wakes = decided->wakes;
  Keep(work, std::move(*decided));
  return Wake(tx, wakes, now);
}

// Moves the partition's mark past the record. False if the record is a duplicate by its sequence number.
bool BatchRunner::AdvanceMark(const RecordOrigin& record) {
  Mark& mark = marks_.at({record.feed->topic, record.feed->partition});
  mark.next_offset = record.record.offset + 1;
  if (!record.seq) return true;
  if (*record.seq <= mark.last_seq) return false;
  if (*record.seq != mark.last_seq + 1) {
    LogError("gap in sequence", {{"topic", record.feed->topic},
                                 {"partition", int64_t{record.feed->partition}},
                                 {"expected", mark.last_seq + 1},
                                 {"got", *record.seq}});
    Count("", "sequence_gaps");
  }
  mark.last_seq = *record.seq;
  return true;
}

bool BatchRunner::KeyIsParked(const Work& work) const {
  const auto& record = std::get<RecordOrigin>(work.origin).record;
  return record.key && parked_keys_.contains({record.topic, record.partition, *record.key});
}

bool BatchRunner::SettleRecord(pg::Tx& tx, Work& work, absl::Time now) {
  if (std::holds_alternative<RecordOrigin>(work.origin) && (!work.park_reason.empty() || KeyIsParked(work))) {
    const kafka::Record* record = RecordOf(work);
    effects_.parked.push_back({work.park_reason.empty() ? "BEHIND_PARKED" : work.park_reason, record});
    if (record->key) parked_keys_.insert({record->topic, record->partition, *record->key});
    return true;
  }
  if (!work.understood.ok()) {
    Refuse(work, work.understood);
    return true;
  }
  if (SeenBefore(work)) return true;
  Decided decided;
  if (work.command != nullptr) {
    auto made = Decide(tx, work, now);
    if (!made) return false;
    decided = std::move(*made);
  }
  if (decided.kind == Decided::Kind::kRefused) {
    Refuse(work, decided.refusal);
    return true;
  }
  if (decided.kind == Decided::Kind::kWait) {
    effects_.waiting.push_back({decided.wait_key.text, EncodeStatus(decided.refusal), decided.wait_until, &work});
    return true;
  }
  if (work.identity) {
    identities_[KeyOf(*work.identity)] = work.identity->content_hash;
    effects_.identities.push_back(*work.identity);
    Count(work.identity->brand, "events_accepted");
  }
  const std::vector<WaitKey> wakes = decided.wakes;
  Keep(work, std::move(decided));
  return Wake(tx, wakes, now);
}

// True if the event took effect before, here or elsewhere; the same id with another content is refused.
bool BatchRunner::SeenBefore(Work& work) {
  if (!work.identity) return false;
  auto known = identities_.find(KeyOf(*work.identity));
  if (known == identities_.end()) return false;
  if (known->second == work.identity->content_hash) {
    Count(work.identity->brand, "duplicates_dropped");
  } else {
    Refuse(work, InvalidField("id", "was used before by an event with another content", "EVENT_ID_REUSED"));
  }
  return true;
}

bool BatchRunner::SettleStored(pg::Tx& tx, Work& work, StoredOrigin& stored, absl::Time now) {
  using Kind = StoredOrigin::Kind;
  const auto gone = absl::NotFoundError("it is no longer there: it took effect, or was handled, in the meantime");
  if (stored.kind == Kind::kExpired || stored.kind == Kind::kDropped) {
    const bool there = stored_waiting_.contains(stored.id);
    if (there) {
      effects_.ended_waiting.push_back(stored.id);
      Refuse(work, stored.refusal);
    }
    if (stored.answer) answers_.emplace_back(&stored.answer, there ? absl::StatusOr<std::string>("") : gone);
    return true;
  }
  const bool parked = stored.kind == Kind::kParked;
  if (!(parked ? stored_parked_ : stored_dead_letters_).contains(stored.id)) {
    if (stored.answer) answers_.emplace_back(&stored.answer, gone);
    return true;
  }
  if (!work.park_reason.empty()) {
    if (stored.answer) answers_.emplace_back(&stored.answer, absl::FailedPreconditionError(work.park_reason));
    return true;
  }
  replay_refusal_ = absl::OkStatus();
  if (!SettleRecord(tx, work, now)) return false;
  if (parked) {
    effects_.ended_parked.push_back(stored.id);
  } else if (replay_refusal_.ok()) {
    effects_.replayed_dead_letters.push_back(stored.id);
  }
  if (!stored.answer) return true;
  if (replay_refusal_.ok()) {
    answers_.emplace_back(&stored.answer, "");
  } else {
    answers_.emplace_back(&stored.answer, replay_refusal_);
  }
  return true;
}

// Decides what waited for the keys, in arrival order, right after the command that woke it: first what was kept by
// earlier batches, then what began to wait in this one.
bool BatchRunner::Wake(pg::Tx& tx, const std::vector<WaitKey>& keys, absl::Time now) {
  for (const WaitKey& key : keys) {
    TESSERA_CHECK(batch_->MayWake().contains(key));
    for (auto& [id, woken] : woken_) {
      if (!woken.present || woken.key != key.text) continue;
      if (!WakeStored(tx, id, woken, now)) return false;
    }
    std::vector<Work*> here;
    std::erase_if(effects_.waiting, [&](const NewWaiting& waiting) {
      if (waiting.key != key.text) return false;
      here.push_back(waiting.work);
      return true;
    });
    for (Work* work : here) {
      if (!SettleRecord(tx, *work, now)) return false;
    }
  }
  return true;
}

bool BatchRunner::WakeStored(pg::Tx& tx, int64_t id, Woken& woken, absl::Time now) {
  woken.present = false;
  if (!SettleRecord(tx, *woken.work, now)) return false;
  auto again = std::find_if(effects_.waiting.begin(), effects_.waiting.end(),
                            [&](const NewWaiting& waiting) { return waiting.work == woken.work.get(); });
  if (again == effects_.waiting.end()) {
    effects_.ended_waiting.push_back(id);
    return true;
  }
  woken.key = again->key;  // it keeps its place and its time, under another key
  woken.present = true;
  effects_.moved_waiting.emplace_back(id, woken.key);
  effects_.waiting.erase(again);
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

void BatchRunner::Keep(const Work& work, Decided decided) {
  for (Published& event : decided.events) effects_.events.emplace_back(std::move(event), work.cause);
  for (const TimerChange& timer : decided.timers) effects_.timers[timer.key] = timer.due;
}

void BatchRunner::Refuse(const Work& work, const absl::Status& refusal) {
  auto* stored = std::get_if<StoredOrigin>(&work.origin);
  if (stored != nullptr && stored->kind == StoredOrigin::Kind::kDeadLetter) {
    replay_refusal_ = refusal;  // the dead letter stays as it is, and no second one is written
    return;
  }
  effects_.dead_letters.push_back({work.cause.brand, work.cause.id, refusal, RecordOf(work)});
  Count(work.cause.brand, "dead_letters");
  effects_.events.emplace_back(DeadLetterEvent(config_, effects_.dead_letters.back(), work.cause.time), work.cause);
}

AttemptResult BatchRunner::Commit(pg::Tx& tx, absl::Time now) {
  batch_->Save(tx, now);
  SaveEffects(tx, effects_, config_.wrapping_key, config_.counter_shard, now);
  SaveMarks(tx, marks_);
  Publish(tx, effects_.events, now);
  FaultPoint("batch.before_commit");
  const pg::CommitResult result = tx.Commit();
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
    } else if (auto* timer = std::get_if<TimerOrigin>(&work->origin)) {
      timer->finished();
    }
  }
  for (auto& [answer, result] : answers_) {
    if (*answer) (*answer)(std::move(result));
  }
}

std::optional<absl::Time> BatchRunner::earliest_timer() const {
  std::optional<absl::Time> earliest;
  for (const auto& [key, due] : effects_.timers) {
    if (due && (!earliest || *due < *earliest)) earliest = due;
  }
  return earliest;
}

}  // namespace tessera::engine
