// How each work item of a batch is settled: decided, answered from memory, dropped, parked, refused or put to wait.
#include <algorithm>

#include "base/check.h"
#include "base/log.h"
#include "base/status.h"
#include "base/strings.h"
#include "engine/batch_runner.h"
#include "engine/stored_record.h"
#include "tessera/events/v1/dead_letter.pb.h"

namespace tessera::engine {
namespace {

constexpr absl::Duration kFailedTimerDelay = absl::Minutes(5);

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
  // What will be refused has no effect, so it need not wait behind what is parked.
  if (std::holds_alternative<RecordOrigin>(work.origin) &&
      (!work.park_reason.empty() || (work.understood.ok() && KeyIsParked(work)))) {
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
  const absl::Status gone = NumberUnknown("it is no longer there: it took effect, or was handled, in the meantime");
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

}  // namespace tessera::engine
