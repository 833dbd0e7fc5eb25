#include "engine/lease.h"

#include <algorithm>
#include <optional>

#include "base/fault_point.h"
#include "base/log.h"
#include "base/status.h"
#include "base/strings.h"

namespace tessera::engine {
namespace {

using pg::Statement;

// Earlier than the database lets the lease run out, so that two instances never both believe to hold it.
const auto kLocalLeaseTime = absl::ToChronoMilliseconds(kLeaseTime - absl::Seconds(1));

}  // namespace

LeaseKeeper::LeaseKeeper(pg::ConnectionOptions connection, Uuid instance_id, std::string instance_name,
                         std::vector<LeaseGroup> groups, SteadyNow now)
    : session_(std::move(connection)),
      instance_id_(instance_id),
      instance_name_(std::move(instance_name)),
      groups_(std::move(groups)),
      now_(std::move(now)) {}

absl::Status LeaseKeeper::CreateRows() {
  static constexpr Statement kCreate = {
      "create_leases",
      "INSERT INTO lease (kind, slot, until_time) SELECT $1, s, '-infinity' FROM generate_series(0, $2 - 1) AS s "
      "ON CONFLICT (kind, slot) DO NOTHING"};
  pg::Tx tx(*session_, "create_leases");
  for (const LeaseGroup& group : groups_) tx.Send(kCreate, group.kind, group.count);
  if (tx.Commit() != pg::CommitResult::kCommitted) return tx.status();
  rows_created_ = true;
  return absl::OkStatus();
}

std::set<LeaseKeeper::Key> LeaseKeeper::Wanted(pg::Tx& tx) const {
  static constexpr Statement kBeat = {
      "instance_heartbeat",
      "INSERT INTO instance (instance_id, name, until_time) VALUES ($1, $2, now() + $3 * interval '1 second') "
      "ON CONFLICT (instance_id) DO UPDATE SET until_time = excluded.until_time"};
  static constexpr Statement kForget = {"forget_instances",
                                        "DELETE FROM instance WHERE until_time < now() - interval '1 hour'"};
  static constexpr Statement kLive = {"live_instances",
                                      "SELECT instance_id FROM instance WHERE until_time > now() ORDER BY instance_id"};
  tx.Send(kBeat, instance_id_, instance_name_, absl::ToInt64Seconds(kLeaseTime));
  tx.Send(kForget);
  const pg::Rows live = tx.Run(kLive);
  std::set<Key> wanted;
  for (int rank = 0; rank < live.size(); ++rank) {
    if (live[rank].Get<Uuid>(0) != instance_id_) continue;
    for (const LeaseGroup& group : groups_) {
      for (int32_t slot = rank; slot < group.count; slot += live.size()) wanted.emplace(group.kind, slot);
    }
  }
  return wanted;
}

absl::Status LeaseKeeper::Step() {
  static constexpr Statement kLock = {
      "lock_leases", "SELECT kind, slot, owner_id, until_time < now() FROM lease ORDER BY kind, slot FOR UPDATE"};
  static constexpr Statement kSave = {
      "save_leases",
      "UPDATE lease l SET owner_id = CASE WHEN k.mine THEN $4::uuid END, until_time = now() + $5 * interval '1 second' "
      "FROM unnest($1::text[], $2::int4[], $3::bool[]) AS k(kind, slot, mine) "
      "WHERE l.kind = k.kind AND l.slot = k.slot"};
  TESSERA_RETURN_IF_ERROR(session_.Ensure());
  if (!rows_created_) TESSERA_RETURN_IF_ERROR(CreateRows());
  const auto start = now_();
  pg::Tx tx(*session_, "leases");
  const std::set<Key> wanted = Wanted(tx);
  std::set<Key> held, from_dead;
  std::vector<std::string> kinds;
  std::vector<int32_t> slots;
  std::vector<bool> mine;
  for (const pg::Row row : tx.Run(kLock)) {
    const Key key{row.Get<std::string>(0), row.Get<int32_t>(1)};
    const auto owner = row.Get<std::optional<Uuid>>(2);
    const bool expired = row.Get<bool>(3), is_mine = owner == instance_id_, is_wanted = wanted.contains(key);
    const bool take = is_wanted && (is_mine || !owner || expired);
    if (!take && !is_mine) continue;
    if (take) held.insert(key);
    if (take && owner && !is_mine) from_dead.insert(key);
    kinds.push_back(key.first);
    slots.push_back(key.second);
    mine.push_back(take);
  }
  tx.Send(kSave, kinds, slots, mine, instance_id_, absl::ToInt64Seconds(kLeaseTime));
  if (tx.Commit() != pg::CommitResult::kCommitted) return tx.status();
  if (!from_dead.empty()) FaultPoint("lease.taken_over");
  absl::MutexLock lock(&mutex_);
  if (!from_dead.empty()) LogWarning("leases taken over", {{"count", static_cast<int64_t>(from_dead.size())}});
  for (const Key& key : held) {
    if (!held_.contains(key)) from_dead.contains(key) ? (void)from_dead_.insert(key) : (void)from_dead_.erase(key);
  }
  held_ = std::move(held);
  held_until_ = start + kLocalLeaseTime;
  return absl::OkStatus();
}

void LeaseKeeper::ReleaseAll() {
  static constexpr Statement kRelease = {"release_leases", "UPDATE lease SET owner_id = NULL WHERE owner_id = $1"};
  static constexpr Statement kLeave = {"leave", "DELETE FROM instance WHERE instance_id = $1"};
  {
    absl::MutexLock lock(&mutex_);
    held_.clear();
  }
  if (!session_.Ensure().ok()) return;
  pg::Tx tx(*session_, "release_leases");
  tx.Send(kRelease, instance_id_);
  tx.Send(kLeave, instance_id_);
  tx.Commit();
}

std::set<int32_t> LeaseKeeper::Held(const std::string& kind) const {
  absl::MutexLock lock(&mutex_);
  std::set<int32_t> slots;
  if (now_() > held_until_) return slots;
  for (auto at = held_.lower_bound({kind, 0}); at != held_.end() && at->first == kind; ++at) slots.insert(at->second);
  return slots;
}

bool LeaseKeeper::TookOverFromDead(const std::string& kind, int32_t slot) const {
  absl::MutexLock lock(&mutex_);
  return from_dead_.contains({kind, slot});
}

}  // namespace tessera::engine
