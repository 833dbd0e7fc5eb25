#include "services/sample/store/activity_store.h"

#include <optional>
#include <vector>

namespace tessera::sample {
namespace {

using pg::Statement;

struct Columns {
  std::vector<CustomerId> customers;
  std::vector<BrandId> brands;

  explicit Columns(const std::set<ActivityKey>& keys) {
    for (const ActivityKey& key : keys) {
      customers.push_back(key.customer);
      brands.push_back(key.brand);
    }
  }
};

}  // namespace

// The row may not exist yet and only success may create it, so the lock is on its key.
void Lock(pg::Tx& tx, const Need& need) {
  static constexpr Statement kLock = {
      "lock_activities",
      "SELECT count(pg_advisory_xact_lock(h)) FROM (SELECT hashtextextended(c::text || '/' || b, 0) AS h "
      "FROM unnest($1::uuid[], $2::text[]) AS k(c, b) ORDER BY h) AS sorted"};
  const Columns columns(need.activities);
  tx.Send(kLock, columns.customers, columns.brands);
}

engine::Loaded Load(pg::Tx& tx, const Need& need, Tables& tables) {
  const auto found = FindActivities(tx, need.activities);
  for (const ActivityKey& key : need.activities) {
    auto at = found.find(key);
    tables.activity.Put(key, at == found.end() ? std::nullopt : std::optional(at->second));
  }
  return engine::Loaded::kOk;
}

void Save(pg::Tx& tx, const Tables& tables) {
  static constexpr Statement kSave = {
      "save_activities",
      "INSERT INTO activity (customer_id, brand_id, event_count, last_event_time) "
      "SELECT * FROM unnest($1::uuid[], $2::text[], $3::int8[], $4::timestamptz[]) "
      "ON CONFLICT (customer_id, brand_id) DO UPDATE "
      "SET event_count = excluded.event_count, last_event_time = excluded.last_event_time"};
  std::set<ActivityKey> keys;
  std::vector<int64_t> counts;
  std::vector<absl::Time> times;
  tables.activity.EachDirty([&](const ActivityKey& key, const auto&, const std::optional<Activity>& now) {
    keys.insert(key);
    counts.push_back(now->event_count);
    times.push_back(now->last_event_time);
  });
  if (keys.empty()) return;
  const Columns columns(keys);
  tx.Send(kSave, columns.customers, columns.brands, counts, times);
}

std::map<ActivityKey, Activity> FindActivities(pg::Tx& tx, const std::set<ActivityKey>& keys) {
  static constexpr Statement kFind = {
      "find_activities",
      "SELECT a.customer_id, a.brand_id, a.event_count, a.last_event_time FROM activity a "
      "JOIN unnest($1::uuid[], $2::text[]) AS k(customer_id, brand_id) USING (customer_id, brand_id)"};
  const Columns columns(keys);
  std::map<ActivityKey, Activity> found;
  for (const pg::Row row : tx.Run(kFind, columns.customers, columns.brands)) {
    found[{row.Get<CustomerId>(0), row.Get<BrandId>(1)}] = {row.Get<int64_t>(2), row.Get<absl::Time>(3)};
  }
  return found;
}

}  // namespace tessera::sample
