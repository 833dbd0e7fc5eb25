// Set-based SQL over the engine's tables, for one batch's transaction. Errors stick to the Tx.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "absl/time/time.h"
#include "engine/effects.h"
#include "engine/outcome.h"
#include "engine/work.h"
#include "pg/tx.h"

namespace tessera::engine {

inline constexpr int kSlots = 16;  // fixed at install, see migrations/0001_engine.sql

using PartitionKey = std::pair<std::string, int32_t>;  // topic, partition

struct Mark {
  int64_t next_offset = 0;
  int64_t last_seq = -1;

  bool operator==(const Mark&) const = default;
};

struct KnownRequest {
  std::string input_hash;
  bool refused;
  std::string answer;
};

struct WaitingRow {
  int64_t id;
  std::string key;
  std::string sealed_record;
};

using RequestKey = std::tuple<Uuid, std::string, std::string>;          // request_id, method, brand
using IdentityKey = std::tuple<std::string, std::string, std::string>;  // event id, source, brand
using RecordKeyAt = std::tuple<std::string, int32_t, std::string>;      // topic, partition, record key

inline RequestKey KeyOf(const CallOrigin& call) { return {call.request_id.uuid, call.method, call.brand.value}; }
inline IdentityKey KeyOf(const EventIdentity& identity) { return {identity.id, identity.source, identity.brand}; }

// Notes the batch in the writer's row.
void NoteBatch(pg::Tx& tx, const Uuid& writer_id, int64_t batch_no, absl::Time now);

// The last batch that the writer committed; waits for a transaction that still holds the row.
std::optional<int64_t> CommittedBatch(pg::Tx& tx, const Uuid& writer_id);

// Locks the marks, in order, and reads them.
std::map<PartitionKey, Mark> LockMarks(pg::Tx& tx, const std::set<PartitionKey>& partitions);
void SaveMarks(pg::Tx& tx, const std::map<PartitionKey, Mark>& marks);

// Those of the keys that have a parked record.
std::set<RecordKeyAt> ParkedKeys(pg::Tx& tx, const std::set<RecordKeyAt>& keys);

// Serialises the batches that carry the same request or event, until the transaction ends.
void LockIds(pg::Tx& tx, const std::vector<int64_t>& sorted_hashes);

std::map<RequestKey, KnownRequest> FindRequests(pg::Tx& tx, const std::set<RequestKey>& keys);
std::map<IdentityKey, uint64_t> FindIdentities(pg::Tx& tx, const std::set<IdentityKey>& keys);

// What waits for the keys, in arrival order.
std::vector<WaitingRow> SeeWaiting(pg::Tx& tx, const std::set<WaitKey>& keys);
std::vector<WaitingRow> LockWaitingFor(pg::Tx& tx, const std::set<WaitKey>& keys);
// Which of these rows still exist, locked.
std::set<int64_t> LockWaiting(pg::Tx& tx, const std::vector<int64_t>& ids);
std::set<int64_t> LockParked(pg::Tx& tx, const std::vector<int64_t>& ids);
std::set<int64_t> LockDeadLetters(pg::Tx& tx, const std::vector<int64_t>& ids);

// Writes everything but the events.
void SaveEffects(pg::Tx& tx, const Effects& effects, std::string_view wrapping_key, int32_t counter_shard,
                 absl::Time now);

// The batch's last statements: numbers from the slots, rows into the outbox. `events` in publishing order.
void Publish(pg::Tx& tx, const std::vector<std::pair<Published, Cause>>& events, absl::Time now);

}  // namespace tessera::engine
