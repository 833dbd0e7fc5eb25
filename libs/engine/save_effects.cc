// The writes of a batch to the engine's own tables: one statement per table that has something to write.
#include "base/status.h"
#include "base/strings.h"
#include "engine/engine_store.h"
#include "engine/stored_record.h"

namespace tessera::engine {
namespace {

using pg::Bytes;
using pg::Statement;
using Texts = std::vector<std::string>;
using Times = std::vector<absl::Time>;

// Where records came from, and the sealed records.
struct RecordColumns {
  Texts topics;
  std::vector<int32_t> partitions;
  std::vector<int64_t> offsets;
  std::vector<Bytes> records;

  void Add(const kafka::Record& record, std::string_view wrapping_key) {
    topics.push_back(record.topic);
    partitions.push_back(record.partition);
    offsets.push_back(record.offset);
    records.push_back({SealRecord(wrapping_key, record)});
  }
};

void SaveRequests(pg::Tx& tx, const std::vector<NewRequest>& requests, absl::Time now) {
  static constexpr Statement kInsert = {
      "save_requests",
      "INSERT INTO request (request_id, method, brand_id, input_hash, refused, answer, posted_time) "
      "SELECT *, $7 FROM unnest($1::uuid[], $2::text[], $3::text[], $4::bytea[], $5::bool[], $6::bytea[])"};
  if (requests.empty()) return;
  std::vector<Uuid> ids;
  Texts methods, brands;
  std::vector<Bytes> hashes, answers;
  std::vector<bool> refused;
  for (const NewRequest& request : requests) {
    ids.push_back(request.call->request_id.uuid);
    methods.push_back(request.call->method);
    brands.push_back(request.call->brand.value);
    hashes.push_back({request.call->input_hash});
    refused.push_back(request.refused);
    answers.push_back({request.answer});
  }
  tx.Send(kInsert, ids, methods, brands, hashes, refused, answers, now);
}

void SaveIdentities(pg::Tx& tx, const std::vector<EventIdentity>& identities, absl::Time now) {
  static constexpr Statement kInsert = {
      "save_identities",
      "INSERT INTO channel_event (event_id, source, brand_id, content_hash, arrived_time) "
      "SELECT *, $5 FROM unnest($1::text[], $2::text[], $3::text[], $4::int8[])"};
  if (identities.empty()) return;
  Texts ids, sources, brands;
  std::vector<int64_t> hashes;
  for (const EventIdentity& identity : identities) {
    ids.push_back(identity.id);
    sources.push_back(identity.source);
    brands.push_back(identity.brand);
    hashes.push_back(static_cast<int64_t>(identity.content_hash));
  }
  tx.Send(kInsert, ids, sources, brands, hashes, now);
}

void SaveWaiting(pg::Tx& tx, const Effects& effects, std::string_view wrapping_key, absl::Time now) {
  static constexpr Statement kInsert = {
      "save_waiting",
      "INSERT INTO waiting (wait_key, brand_id, event_id, until_time, refusal, topic, partition, record_offset, "
      "record, posted_time) SELECT *, $10 FROM unnest($1::text[], $2::text[], $3::text[], $4::timestamptz[], "
      "$5::bytea[], $6::text[], $7::int4[], $8::int8[], $9::bytea[])"};
  static constexpr Statement kMove = {
      "move_waiting",
      "UPDATE waiting w SET wait_key = k.wait_key FROM unnest($1::int8[], $2::text[]) AS k(waiting_id, wait_key) "
      "WHERE w.waiting_id = k.waiting_id"};
  static constexpr Statement kEnd = {"end_waiting", "DELETE FROM waiting WHERE waiting_id = ANY($1)"};
  if (!effects.waiting.empty()) {
    Texts keys, brands, ids;
    Times until;
    std::vector<Bytes> refusals;
    RecordColumns columns;
    for (const NewWaiting& one : effects.waiting) {
      keys.push_back(one.key);
      brands.push_back(one.work->cause.brand);
      ids.push_back(one.work->cause.id);
      until.push_back(one.until);
      refusals.push_back({one.refusal});
      columns.Add(*RecordOf(*one.work), wrapping_key);
    }
    tx.Send(kInsert, keys, brands, ids, until, refusals, columns.topics, columns.partitions, columns.offsets,
            columns.records, now);
  }
  if (!effects.moved_waiting.empty()) {
    std::vector<int64_t> ids;
    Texts keys;
    for (const auto& [id, key] : effects.moved_waiting) {
      ids.push_back(id);
      keys.push_back(key);
    }
    tx.Send(kMove, ids, keys);
  }
  if (!effects.ended_waiting.empty()) tx.Send(kEnd, effects.ended_waiting);
}

void SaveParked(pg::Tx& tx, const Effects& effects, std::string_view wrapping_key, absl::Time now) {
  static constexpr Statement kInsert = {
      "save_parked",
      "INSERT INTO parked (record_key, reason, topic, partition, record_offset, record, posted_time) "
      "SELECT *, $7 FROM unnest($1::bytea[], $2::text[], $3::text[], $4::int4[], $5::int8[], $6::bytea[])"};
  static constexpr Statement kEnd = {"end_parked", "DELETE FROM parked WHERE parked_id = ANY($1)"};
  if (!effects.parked.empty()) {
    std::vector<Bytes> keys;
    Texts reasons;
    RecordColumns columns;
    for (const NewParked& one : effects.parked) {
      keys.push_back({one.record->key.value_or("")});
      reasons.push_back(one.reason);
      columns.Add(*one.record, wrapping_key);
    }
    tx.Send(kInsert, keys, reasons, columns.topics, columns.partitions, columns.offsets, columns.records, now);
  }
  if (!effects.ended_parked.empty()) tx.Send(kEnd, effects.ended_parked);
}

void SaveDeadLetters(pg::Tx& tx, const Effects& effects, std::string_view wrapping_key, absl::Time now) {
  static constexpr Statement kInsert = {
      "save_dead_letters",
      "INSERT INTO dead_letter (brand_id, event_id, reason, field, message, topic, partition, record_offset, record, "
      "posted_time) SELECT *, $10 FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], "
      "$7::int4[], $8::int8[], $9::bytea[])"};
  static constexpr Statement kReplayed = {"replayed_dead_letters",
                                          "UPDATE dead_letter SET replayed_time = $2 WHERE dead_letter_id = ANY($1)"};
  if (!effects.dead_letters.empty()) {
    Texts brands, ids, reasons, fields, messages;
    RecordColumns columns;
    for (const NewDeadLetter& one : effects.dead_letters) {
      const auto info = ErrorInfoOf(one.refusal);
      brands.push_back(one.brand);
      ids.push_back(one.event_id);
      reasons.push_back(info ? info->reason : "REFUSED");
      fields.push_back(FieldOf(one.refusal));
      messages.emplace_back(ToStd(one.refusal.message()));
      columns.Add(*one.record, wrapping_key);
    }
    tx.Send(kInsert, brands, ids, reasons, fields, messages, columns.topics, columns.partitions, columns.offsets,
            columns.records, now);
  }
  if (!effects.replayed_dead_letters.empty()) tx.Send(kReplayed, effects.replayed_dead_letters, now);
}

void SaveTimers(pg::Tx& tx, const Effects& effects) {
  static constexpr Statement kSet = {
      "set_timers",
      "INSERT INTO timer (owner_id, brand_id, kind, due_time) "
      "SELECT * FROM unnest($1::uuid[], $2::text[], $3::int2[], $4::timestamptz[]) "
      "ON CONFLICT (owner_id, brand_id, kind) DO UPDATE SET due_time = excluded.due_time "
      "WHERE timer.due_time <> excluded.due_time"};
  static constexpr Statement kClear = {
      "clear_timers",
      "DELETE FROM timer t USING unnest($1::uuid[], $2::text[], $3::int2[]) AS k(owner_id, brand_id, kind) "
      "WHERE t.owner_id = k.owner_id AND t.brand_id = k.brand_id AND t.kind = k.kind"};
  std::vector<Uuid> set_owners, clear_owners;
  Texts set_brands, clear_brands;
  std::vector<int16_t> set_kinds, clear_kinds;
  Times due_times;
  for (const auto& [key, due] : effects.timers) {
    (due ? set_owners : clear_owners).push_back(key.owner);
    (due ? set_brands : clear_brands).push_back(key.brand.value);
    (due ? set_kinds : clear_kinds).push_back(key.kind);
    if (due) due_times.push_back(*due);
  }
  if (!set_owners.empty()) tx.Send(kSet, set_owners, set_brands, set_kinds, due_times);
  if (!clear_owners.empty()) tx.Send(kClear, clear_owners, clear_brands, clear_kinds);
}

void SaveCounters(pg::Tx& tx, const Effects& effects, int32_t shard) {
  static constexpr Statement kAdd = {
      "add_counters",
      "INSERT INTO counter (brand_id, name, shard, value) SELECT k.brand_id, k.name, $3, k.value "
      "FROM unnest($1::text[], $2::text[], $4::int8[]) AS k(brand_id, name, value) "
      "ON CONFLICT (brand_id, name, shard) DO UPDATE SET value = counter.value + excluded.value"};
  if (effects.counters.empty()) return;
  Texts brands, names;
  std::vector<int64_t> values;
  for (const auto& [key, value] : effects.counters) {
    brands.push_back(key.first);
    names.push_back(key.second);
    values.push_back(value);
  }
  tx.Send(kAdd, brands, names, shard, values);
}

}  // namespace

void SaveEffects(pg::Tx& tx, const Effects& effects, std::string_view wrapping_key, int32_t counter_shard,
                 absl::Time now) {
  SaveRequests(tx, effects.requests, now);
  SaveIdentities(tx, effects.identities, now);
  SaveWaiting(tx, effects, wrapping_key, now);
  SaveParked(tx, effects, wrapping_key, now);
  SaveDeadLetters(tx, effects, wrapping_key, now);
  SaveTimers(tx, effects);
  SaveCounters(tx, effects, counter_shard);
}

}  // namespace tessera::engine
