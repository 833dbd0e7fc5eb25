#include "engine/relay.h"

#include <google/protobuf/arena.h>

#include <algorithm>
#include <map>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "base/check.h"
#include "base/fault_point.h"
#include "base/status.h"
#include "engine/engine_store.h"
#include "tessera/engine/v1/outbox.pb.h"

namespace tessera::engine {
namespace {

using pg::Bytes;
using pg::Statement;

constexpr int32_t kRowsPerSlotMax = 64;                        // outbox rows of a slot in one step
constexpr absl::Duration kProduceTimeout = absl::Seconds(20);  // then the step is repeated
constexpr size_t kHeadersMax = 13;
// Clocks of instances differ, so an earlier number may have been posted a little later.
constexpr absl::Duration kPostedSlack = absl::Hours(24);

std::string Rfc3339(int64_t time_us) {
  return absl::FormatTime("%Y-%m-%dT%H:%M:%E*SZ", absl::FromUnixMicros(time_us), absl::UTCTimeZone());
}

}  // namespace

Relay::Relay(std::string service, LogTopics topics, TopicNames names, pg::ConnectionOptions connection,
             kafka::Producer& producer, const LeaseKeeper& leases, RelayLimits limits)
    : service_(std::move(service)),
      topics_(std::move(topics)),
      names_(std::move(names)),
      session_(std::move(connection)),
      producer_(producer),
      leases_(leases),
      limits_(limits),
      published_(metrics::GetCounter("tessera_relay_published_events_total", "Events published")) {}

absl::StatusOr<bool> Relay::Step() {
  static constexpr Statement kSave = {
      "save_cursors",
      "UPDATE relay_cursor c SET next_seq = k.next_seq, posted_time = k.posted_time "
      "FROM unnest($1::int2[], $2::int4[], $3::int8[], $4::timestamptz[]) AS k(log, slot, next_seq, posted_time) "
      "WHERE c.log = k.log AND c.slot = k.slot AND c.next_seq < k.next_seq"};
  gather_.reset();
  TESSERA_RETURN_IF_ERROR(session_.Ensure());
  std::vector<kafka::Message> messages;
  std::vector<Cursor> cursors;
  bool full = false;
  {
    pg::Tx tx(*session_, "relay_read", pg::Extent::kStatement);
    cursors = Read(tx, messages, full);
    TESSERA_RETURN_IF_ERROR(tx.status());
  }
  if (cursors.empty()) return false;
  TESSERA_RETURN_IF_ERROR(producer_.ProduceAndWait(messages, kProduceTimeout));
  if (FaultPoint("relay.produced_not_stored")) return absl::UnavailableError("fault point");
  std::vector<int16_t> logs;
  std::vector<int32_t> slots;
  std::vector<int64_t> seqs;
  std::vector<absl::Time> posted;
  for (const Cursor& cursor : cursors) {
    logs.push_back(cursor.log);
    slots.push_back(cursor.slot);
    seqs.push_back(cursor.next_seq);
    posted.push_back(cursor.posted);
  }
  pg::Tx tx(*session_, "relay_store");
  tx.Send(kSave, logs, slots, seqs, posted);
  if (tx.Commit() != pg::CommitResult::kCommitted) return tx.status();
  const auto count = static_cast<int64_t>(messages.size());
  published_.Add(static_cast<double>(count));
  if (full) first_turn_ = (first_turn_ + 1) % (kLogCount * kSlots);
  gather_ = full ? absl::ZeroDuration() : std::min(count * limits_.gather_per_event, limits_.gather_max);
  return true;
}

// Only slots whose numbers are ahead of their cursor are looked at, and only in partitions not yet passed. The step
// ends with the row that reaches one of its bounds; until then the slots take turns, so that none waits for another's
// backlog; the next step then begins with another log, and in time with another slot.
std::vector<Relay::Cursor> Relay::Read(pg::Tx& tx, std::vector<kafka::Message>& messages, bool& full) {
  static constexpr Statement kRead = {
      "relay_read",
      "SELECT r.log, r.slot, r.base_seq, r.event_count, r.events, r.posted_time, "
      "r.turn = $2 OR r.events_before + r.event_count >= $3 OR r.bytes_before + length(r.events) >= $4 AS last "
      "FROM (SELECT t.*, sum(t.event_count) OVER turns - t.event_count AS events_before, "
      "sum(length(t.events)) OVER turns - length(t.events) AS bytes_before "
      "FROM (SELECT d.log, d.slot, o.* FROM (SELECT c.log, c.slot, c.next_seq, c.posted_time FROM relay_cursor c "
      "JOIN slot s ON s.log = c.log AND s.slot = c.slot "
      "WHERE c.slot = ANY($1::int4[]) AND s.next_seq > c.next_seq) d "
      "CROSS JOIN LATERAL (SELECT b.base_seq, b.event_count, b.events, b.posted_time, "
      "row_number() OVER (ORDER BY b.base_seq) AS turn FROM outbox b "
      "WHERE b.log = d.log AND b.slot = d.slot AND b.base_seq >= d.next_seq AND b.posted_time >= d.posted_time "
      "ORDER BY b.base_seq LIMIT $2) o) t "
      "WINDOW turns AS (ORDER BY t.turn, (t.log + $5) % $6, (t.slot + $7) % $8)) r "
      "WHERE r.events_before < $3 AND r.bytes_before < $4 ORDER BY r.log, r.slot, r.base_seq"};
  const std::set<int32_t> held = leases_.Held("relay");
  std::map<std::pair<int16_t, int32_t>, Cursor> cursors;
  if (held.empty()) return {};
  for (const pg::Row row :
       tx.Run(kRead, std::vector<int32_t>(held.begin(), held.end()), kRowsPerSlotMax, limits_.step_events,
              limits_.step_bytes, first_turn_, kLogCount, first_turn_ / kLogCount, kSlots)) {
    const auto log = row.Get<int16_t>(0);
    const auto slot = row.Get<int32_t>(1);
    const auto base = row.Get<int64_t>(2);
    google::protobuf::Arena arena;
    auto& events = *google::protobuf::Arena::CreateMessage<v1::OutboxEvents>(&arena);
    TESSERA_CHECK(events.ParseFromString(row.Get<Bytes>(4).value));
    TESSERA_CHECK(events.events_size() == row.Get<int32_t>(3));
    for (int i = 0; i < events.events_size(); ++i) {
      messages.push_back(MessageOf(log, slot, base + i, *events.mutable_events(i)));
    }
    full = full || row.Get<bool>(6);
    cursors[{log, slot}] = {log, slot, base + events.events_size(), row.Get<absl::Time>(5) - kPostedSlack};
  }
  std::vector<Cursor> all;
  for (const auto& [key, cursor] : cursors) all.push_back(cursor);
  return all;
}

kafka::Message Relay::MessageOf(int16_t log, int32_t slot, int64_t seq, v1::OutboxEvent& event) const {
  kafka::Message message;
  const std::string& topic = topics_[static_cast<size_t>(log)];
  TESSERA_CHECK(!topic.empty());
  message.topic = names_.AtBroker(topic);
  message.partition = slot;
  message.key = event.key();
  message.value = std::move(*event.mutable_data());
  std::vector<kafka::Header>& headers = message.headers;
  headers.reserve(kHeadersMax);
  const auto add = [&headers](const char* name, std::string value) { headers.push_back({name, std::move(value)}); };
  add("ce_specversion", "1.0");
  add("ce_id", std::move(*event.mutable_id()));
  add("ce_source", absl::StrCat(event.brand_id(), "/", service_));
  add("ce_type", std::move(*event.mutable_type()));
  add("ce_time", Rfc3339(event.time_us()));
  add("content-type", "application/protobuf");
  add("ce_sequence", std::to_string(seq));
  add("ce_partitionkey", std::move(*event.mutable_key()));
  add("ce_correlationid", std::move(*event.mutable_correlation_id()));
  add("ce_causationid", std::move(*event.mutable_causation_id()));
  if (!event.subject().empty()) add("ce_subject", std::move(*event.mutable_subject()));
  if (!event.brand_id().empty()) add("ce_brandid", std::move(*event.mutable_brand_id()));
  if (!event.traceparent().empty()) add("traceparent", std::move(*event.mutable_traceparent()));
  return message;
}

void Relay::Await(absl::Duration timeout) {
  absl::MutexLock lock(&mutex_);
  mutex_.AwaitWithTimeout(absl::Condition(gather_ ? &hurries_ : &awake_), gather_.value_or(timeout));
  awake_ = false;
}

void Relay::Wake() {
  absl::MutexLock lock(&mutex_);
  awake_ = true;
}

void Relay::Hurry() {
  absl::MutexLock lock(&mutex_);
  awake_ = true;
  hurries_ = true;
}

}  // namespace tessera::engine
