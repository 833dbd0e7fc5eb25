// Who does what: leases in Postgres deal relay slots, partitions and the timer scan out to the running instances.
//
// With n live instances, sorted by id, the instance of rank r wants each slot s with s mod n = r. A lease that is not
// renewed for kLeaseTime is taken over, so the work of a killed instance goes on within that time. Leases only save
// double work: marks, cursors and row locks carry correctness.
//
// Step is called by one thread; Held and TookOverFromDead by any.
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "base/ids.h"
#include "pg/connection.h"
#include "pg/tx.h"

namespace tessera::engine {

inline constexpr absl::Duration kLeaseTime = absl::Seconds(5);
inline constexpr absl::Duration kLeaseRenewal = absl::Seconds(1);

struct LeaseGroup {
  std::string kind;  // "relay", "timer", "consume/<topic>"
  int32_t count = 1;
};

class LeaseKeeper {
 public:
  // Not the wall clock: if that were set back, an instance would believe in its leases for longer than the database.
  using SteadyNow = std::function<std::chrono::steady_clock::time_point()>;

  LeaseKeeper(pg::ConnectionOptions connection, Uuid instance_id, std::string instance_name,
              std::vector<LeaseGroup> groups, SteadyNow now = &std::chrono::steady_clock::now);

  // Renews, releases and takes leases. Unavailable if the database is away; what is held runs out by itself.
  absl::Status Step();

  // Gives everything back at once, so that others need not wait.
  void ReleaseAll();

  // The slots of `kind` that this instance holds now.
  std::set<int32_t> Held(const std::string& kind) const;

  // True if the last owner of the slot let its lease run out (it died) when this instance took it.
  bool TookOverFromDead(const std::string& kind, int32_t slot) const;

 private:
  using Key = std::pair<std::string, int32_t>;

  absl::Status CreateRows();
  std::set<Key> Wanted(pg::Tx& tx) const;

  pg::Session session_;
  const Uuid instance_id_;
  const std::string instance_name_;
  const std::vector<LeaseGroup> groups_;
  const SteadyNow now_;
  bool rows_created_ = false;

  mutable absl::Mutex mutex_;
  std::set<Key> held_ ABSL_GUARDED_BY(mutex_);
  std::set<Key> from_dead_ ABSL_GUARDED_BY(mutex_);
  std::chrono::steady_clock::time_point held_until_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace tessera::engine
