#include "engine/suspects.h"

#include "pg/tx.h"

namespace tessera::engine {
namespace {

using pg::Statement;

struct Columns {
  std::vector<std::string> topics;
  std::vector<int32_t> partitions;
  std::vector<int64_t> offsets;

  explicit Columns(const std::vector<const RecordOrigin*>& records) {
    for (const RecordOrigin* record : records) {
      topics.push_back(record->feed->topic);
      partitions.push_back(record->feed->partition);
      offsets.push_back(record->record.offset);
    }
  }
};

// One statement in a transaction of its own; no rows if it failed.
pg::Rows RunAlone(pg::Session& session, const Statement& statement, const Columns& records) {
  if (!session.Ensure().ok()) return {};
  pg::Tx tx(*session, statement.name);
  pg::Rows rows = tx.Run(statement, records.topics, records.partitions, records.offsets);
  if (tx.Commit() != pg::CommitResult::kCommitted) return {};
  return rows;
}

}  // namespace

RecordAt PlaceOf(const RecordOrigin& record) {
  return {record.feed->topic, record.feed->partition, record.record.offset};
}

const RecordOrigin* SuspectOf(const Work& work) {
  auto* record = std::get_if<RecordOrigin>(&work.origin);
  return record != nullptr && record->record.offset < record->feed->suspect_until_offset ? record : nullptr;
}

std::set<RecordAt> Suspects::Noted(const std::vector<const RecordOrigin*>& records) {
  static constexpr Statement kFind = {
      "find_suspects",
      "SELECT s.topic, s.partition, s.record_offset FROM unnest($1::text[], $2::int4[], $3::int8[]) "
      "AS k(topic, partition, record_offset) JOIN suspect s USING (topic, partition, record_offset)"};
  std::set<RecordAt> noted;
  if (records.empty()) return noted;
  for (const pg::Row row : RunAlone(session_, kFind, Columns(records))) {
    noted.emplace(row.Get<std::string>(0), row.Get<int32_t>(1), row.Get<int64_t>(2));
  }
  return noted;
}

void Suspects::NoteTogether(const std::vector<const RecordOrigin*>& records) {
  static constexpr Statement kNote = {"note_suspects",
                                      "INSERT INTO suspect (topic, partition, record_offset, met_alone) "
                                      "SELECT k.*, 0 FROM unnest($1::text[], $2::int4[], $3::int8[]) AS k "
                                      "ON CONFLICT (topic, partition, record_offset) DO NOTHING"};
  RunAlone(session_, kNote, Columns(records));
}

int Suspects::NoteAlone(const RecordOrigin& record) {
  static constexpr Statement kNote = {
      "note_suspect",
      "INSERT INTO suspect (topic, partition, record_offset, met_alone) "
      "SELECT k.*, 1 FROM unnest($1::text[], $2::int4[], $3::int8[]) AS k "
      "ON CONFLICT (topic, partition, record_offset) DO UPDATE SET met_alone = suspect.met_alone + 1 "
      "RETURNING met_alone"};
  const pg::Rows rows = RunAlone(session_, kNote, Columns({&record}));
  return rows.empty() ? 0 : rows[0].Get<int32_t>(0);
}

void Suspects::Clear(const std::vector<const RecordOrigin*>& records) {
  static constexpr Statement kClear = {
      "clear_suspects",
      "DELETE FROM suspect s USING unnest($1::text[], $2::int4[], $3::int8[]) AS k(topic, partition, record_offset) "
      "WHERE s.topic = k.topic AND s.partition = k.partition AND s.record_offset = k.record_offset"};
  RunAlone(session_, kClear, Columns(records));
}

}  // namespace tessera::engine
