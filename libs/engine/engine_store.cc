#include "engine/engine_store.h"

#include <algorithm>

#include "base/murmur2.h"
#include "base/status.h"
#include "engine/stored_record.h"
#include "tessera/engine/v1/outbox.pb.h"

namespace tessera::engine {
namespace {

using pg::Bytes;
using pg::Statement;
using Texts = std::vector<std::string>;

struct Columns {
  Texts topics;
  std::vector<int32_t> partitions;

  explicit Columns(const std::set<PartitionKey>& keys) {
    for (const auto& [topic, partition] : keys) {
      topics.push_back(topic);
      partitions.push_back(partition);
    }
  }
};

std::set<int64_t> Ids(const pg::Rows& rows) {
  std::set<int64_t> ids;
  for (const pg::Row row : rows) ids.insert(row.Get<int64_t>(0));
  return ids;
}

std::vector<WaitingRow> WaitingRows(pg::Tx& tx, const Statement& statement, const std::set<WaitKey>& keys) {
  std::vector<WaitingRow> found;
  if (keys.empty()) return found;
  Texts texts;
  texts.reserve(keys.size());
  for (const WaitKey& key : keys) texts.push_back(key.text);
  for (const pg::Row row : tx.Run(statement, texts)) {
    found.push_back({row.Get<int64_t>(0), row.Get<std::string>(1), row.Get<Bytes>(2).value});
  }
  return found;
}

}  // namespace

void NoteBatch(pg::Tx& tx, const Uuid& writer_id, int64_t batch_no, absl::Time now) {
  static constexpr Statement kNote = {
      "note_batch",
      "INSERT INTO writer (writer_id, batch_no, posted_time) VALUES ($1, $2, $3) "
      "ON CONFLICT (writer_id) DO UPDATE SET batch_no = excluded.batch_no, posted_time = excluded.posted_time"};
  tx.Send(kNote, writer_id, batch_no, now);
}

std::optional<int64_t> CommittedBatch(pg::Tx& tx, const Uuid& writer_id) {
  static constexpr Statement kFind = {"committed_batch", "SELECT batch_no FROM writer WHERE writer_id = $1 FOR UPDATE"};
  const pg::Rows rows = tx.Run(kFind, writer_id);
  if (rows.empty()) return std::nullopt;
  return rows[0].Get<int64_t>(0);
}

std::map<PartitionKey, Mark> LockMarks(pg::Tx& tx, const std::set<PartitionKey>& partitions) {
  static constexpr Statement kLock = {
      "lock_marks",
      "SELECT m.topic, m.partition, m.next_offset, m.last_seq FROM consumer_mark m "
      "JOIN unnest($1::text[], $2::int4[]) AS k(topic, partition) USING (topic, partition) "
      "ORDER BY m.topic, m.partition FOR UPDATE OF m"};
  std::map<PartitionKey, Mark> marks;
  if (partitions.empty()) return marks;
  const Columns columns(partitions);
  for (const pg::Row row : tx.Run(kLock, columns.topics, columns.partitions)) {
    marks[{row.Get<std::string>(0), row.Get<int32_t>(1)}] = {row.Get<int64_t>(2), row.Get<int64_t>(3)};
  }
  return marks;
}

void SaveMarks(pg::Tx& tx, const std::map<PartitionKey, Mark>& marks) {
  static constexpr Statement kSave = {
      "save_marks",
      "UPDATE consumer_mark m SET next_offset = k.next_offset, last_seq = k.last_seq "
      "FROM unnest($1::text[], $2::int4[], $3::int8[], $4::int8[]) AS k(topic, partition, next_offset, last_seq) "
      "WHERE m.topic = k.topic AND m.partition = k.partition"};
  if (marks.empty()) return;
  Texts topics;
  std::vector<int32_t> partitions;
  std::vector<int64_t> offsets, seqs;
  for (const auto& [key, mark] : marks) {
    topics.push_back(key.first);
    partitions.push_back(key.second);
    offsets.push_back(mark.next_offset);
    seqs.push_back(mark.last_seq);
  }
  tx.Send(kSave, topics, partitions, offsets, seqs);
}

// Partitions with parked records are rare, so that a batch's many keys are seldom looked up.
std::set<RecordKeyAt> ParkedKeys(pg::Tx& tx, const std::set<RecordKeyAt>& keys) {
  static constexpr Statement kPartitions = {
      "parked_partitions",
      "SELECT k.topic, k.partition FROM unnest($1::text[], $2::int4[]) AS k(topic, partition) "
      "CROSS JOIN LATERAL (SELECT FROM parked p WHERE p.topic = k.topic AND p.partition = k.partition LIMIT 1) one"};
  static constexpr Statement kFind = {
      "parked_keys",
      "SELECT k.topic, k.partition, k.record_key "
      "FROM unnest($1::text[], $2::int4[], $3::bytea[]) AS k(topic, partition, record_key) "
      "CROSS JOIN LATERAL (SELECT FROM parked p WHERE p.topic = k.topic AND p.partition = k.partition "
      "AND sha256(p.record_key) = sha256(k.record_key) LIMIT 1) one"};
  std::set<PartitionKey> partitions, blocked;
  for (const auto& [topic, partition, key] : keys) partitions.emplace(topic, partition);
  if (partitions.empty()) return {};
  const Columns columns(partitions);
  for (const pg::Row row : tx.Run(kPartitions, columns.topics, columns.partitions)) {
    blocked.emplace(row.Get<std::string>(0), row.Get<int32_t>(1));
  }
  if (blocked.empty()) return {};
  Texts topics;
  std::vector<int32_t> numbers;
  std::vector<Bytes> record_keys;
  for (const auto& [topic, partition, key] : keys) {
    if (!blocked.contains({topic, partition})) continue;
    topics.push_back(topic);
    numbers.push_back(partition);
    record_keys.push_back({key});
  }
  std::set<RecordKeyAt> parked;
  for (const pg::Row row : tx.Run(kFind, topics, numbers, record_keys)) {
    parked.emplace(row.Get<std::string>(0), row.Get<int32_t>(1), row.Get<Bytes>(2).value);
  }
  return parked;
}

void LockIds(pg::Tx& tx, const std::vector<int64_t>& sorted_hashes) {
  static constexpr Statement kLock = {"lock_ids",
                                      "SELECT count(pg_advisory_xact_lock(h)) FROM unnest($1::int8[]) AS h"};
  if (!sorted_hashes.empty()) tx.Send(kLock, sorted_hashes);
}

// By the id alone, not joined with the keys: a join that was planned while the table was all but empty reads the whole
// table, however large it has become. The few answers of other methods to the same id do no harm.
std::map<RequestKey, KnownRequest> FindRequests(pg::Tx& tx, const std::set<RequestKey>& keys) {
  static constexpr Statement kFind = {
      "find_requests",
      "SELECT request_id, method, brand_id, input_hash, refused, answer FROM request WHERE request_id = ANY($1)"};
  std::map<RequestKey, KnownRequest> known;
  if (keys.empty()) return known;
  std::vector<Uuid> ids;
  ids.reserve(keys.size());
  for (const RequestKey& key : keys) ids.push_back(std::get<Uuid>(key));
  for (const pg::Row row : tx.Run(kFind, ids)) {
    known[{row.Get<Uuid>(0), row.Get<std::string>(1), row.Get<std::string>(2)}] = {
        row.Get<Bytes>(3).value, row.Get<bool>(4), row.Get<Bytes>(5).value};
  }
  return known;
}

std::map<IdentityKey, uint64_t> FindIdentities(pg::Tx& tx, const std::set<IdentityKey>& keys) {
  static constexpr Statement kFind = {
      "find_identities",
      "SELECT e.event_id, e.source, e.brand_id, e.content_hash "
      "FROM unnest($1::text[], $2::text[], $3::text[]) AS k(event_id, source, brand_id) JOIN channel_event e "
      "ON hashtextextended(e.event_id, hashtextextended(e.source, hashtextextended(e.brand_id, 0))) = "
      "hashtextextended(k.event_id, hashtextextended(k.source, hashtextextended(k.brand_id, 0))) "
      "AND e.event_id = k.event_id AND e.source = k.source AND e.brand_id = k.brand_id"};
  std::map<IdentityKey, uint64_t> known;
  if (keys.empty()) return known;
  Texts ids, sources, brands;
  for (const auto& [id, source, brand] : keys) {
    ids.push_back(id);
    sources.push_back(source);
    brands.push_back(brand);
  }
  for (const pg::Row row : tx.Run(kFind, ids, sources, brands)) {
    known[{row.Get<std::string>(0), row.Get<std::string>(1), row.Get<std::string>(2)}] =
        static_cast<uint64_t>(row.Get<int64_t>(3));
  }
  return known;
}

std::vector<WaitingRow> SeeWaiting(pg::Tx& tx, const std::set<WaitKey>& keys) {
  static constexpr Statement kSee = {
      "see_waiting", "SELECT waiting_id, wait_key, record FROM waiting WHERE wait_key = ANY($1) ORDER BY waiting_id"};
  return WaitingRows(tx, kSee, keys);
}

std::vector<WaitingRow> LockWaitingFor(pg::Tx& tx, const std::set<WaitKey>& keys) {
  static constexpr Statement kLock = {"lock_waiting_for",
                                      "SELECT waiting_id, wait_key, record FROM waiting WHERE wait_key = ANY($1) "
                                      "ORDER BY waiting_id FOR UPDATE"};
  return WaitingRows(tx, kLock, keys);
}

std::set<int64_t> LockWaiting(pg::Tx& tx, const std::vector<int64_t>& ids) {
  static constexpr Statement kLock = {
      "lock_waiting", "SELECT waiting_id FROM waiting WHERE waiting_id = ANY($1) ORDER BY waiting_id FOR UPDATE"};
  return ids.empty() ? std::set<int64_t>() : Ids(tx.Run(kLock, ids));
}

std::set<int64_t> LockParked(pg::Tx& tx, const std::vector<int64_t>& ids) {
  static constexpr Statement kLock = {
      "lock_parked", "SELECT parked_id FROM parked WHERE parked_id = ANY($1) ORDER BY parked_id FOR UPDATE"};
  return ids.empty() ? std::set<int64_t>() : Ids(tx.Run(kLock, ids));
}

std::set<int64_t> LockDeadLetters(pg::Tx& tx, const std::vector<int64_t>& ids) {
  static constexpr Statement kLock = {"lock_dead_letters",
                                      "SELECT dead_letter_id FROM dead_letter WHERE dead_letter_id = ANY($1) "
                                      "AND replayed_time IS NULL ORDER BY dead_letter_id FOR UPDATE"};
  return ids.empty() ? std::set<int64_t>() : Ids(tx.Run(kLock, ids));
}

void Publish(pg::Tx& tx, const std::vector<std::pair<Published, Cause>>& events, absl::Time now) {
  static constexpr Statement kPublish = {
      "publish",
      "WITH l AS MATERIALIZED (SELECT slot FROM slot WHERE log = $1 AND slot = ANY($2::int4[]) ORDER BY slot "
      "FOR UPDATE), "
      "u AS (UPDATE slot s SET next_seq = s.next_seq + k.n "
      "FROM unnest($2::int4[], $3::int4[]) AS k(slot, n), l WHERE s.log = $1 AND s.slot = k.slot AND l.slot = k.slot "
      "RETURNING s.slot, s.next_seq - k.n AS base) "
      "INSERT INTO outbox (log, slot, base_seq, event_count, events, posted_time) "
      "SELECT $1, e.slot, u.base, e.n, e.events, $5 FROM unnest($2::int4[], $3::int4[], $4::bytea[]) "
      "AS e(slot, n, events) JOIN u ON u.slot = e.slot"};
  std::map<std::pair<int16_t, int32_t>, v1::OutboxEvents> packed;
  for (size_t i = 0; i < events.size(); ++i) {
    const auto& [event, cause] = events[i];
    const int32_t own = KafkaPartition(event.key, kSlots);
    const int32_t first = event.every_slot ? 0 : own, last = event.every_slot ? kSlots - 1 : own;
    for (int32_t slot = first; slot <= last; ++slot) {
      v1::OutboxEvent& out = *packed[{static_cast<int16_t>(event.log), slot}].add_events();
      const std::string n = std::to_string(i) + "/" + std::to_string(slot);
      out.set_key(event.key);
      out.set_id(UuidV7Of(cause.time, {cause.brand, cause.id, event.type, n}).ToString());
      out.set_type(event.type);
      out.set_time_us(absl::ToUnixMicros(event.time));
      out.set_subject(event.subject);
      out.set_brand_id(event.brand);
      out.set_correlation_id(cause.correlation_id);
      out.set_causation_id(cause.id);
      out.set_traceparent(cause.traceparent);
      out.set_data(event.data);
    }
  }
  for (auto log = packed.begin(); log != packed.end();) {
    const int16_t number = log->first.first;
    std::vector<int32_t> slots, counts;
    std::vector<Bytes> rows;
    for (; log != packed.end() && log->first.first == number; ++log) {
      slots.push_back(log->first.second);
      counts.push_back(log->second.events_size());
      rows.push_back({log->second.SerializeAsString()});
    }
    tx.Send(kPublish, number, slots, counts, rows, now);
  }
}

}  // namespace tessera::engine
