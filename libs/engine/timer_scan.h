// Turns due timers, and waiting events whose time has passed, into work for the writers. Step is called by one thread;
// Wake by any.
#pragma once

#include <memory>
#include <set>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "base/clock.h"
#include "engine/lease.h"
#include "engine/service.h"
#include "engine/writer.h"
#include "pg/connection.h"
#include "pg/tx.h"

namespace tessera::engine {

class TimerScan {
 public:
  // Everything referred to outlives the scan. `wrapping_key` opens stored records.
  TimerScan(const Service& service, const Clock& clock, std::string wrapping_key, pg::ConnectionOptions connection,
            const LeaseKeeper& leases, std::vector<Writer*> writers);

  // Pushes what is due; the number pushed. Unavailable if the database is away.
  absl::StatusOr<int> Step();

  // Waits until something may be due, at most `timeout`.
  void Await(absl::Duration timeout);
  // A timer was set to `due`.
  void Wake(absl::Time due);

 private:
  int PushTimers(pg::Tx& tx, absl::Time now);
  int PushExpired(pg::Tx& tx, absl::Time now);
  Writer& WriterFor(std::string_view route) const;

  const Service& service_;
  const Clock& clock_;
  const std::string wrapping_key_;
  pg::Session session_;
  const LeaseKeeper& leases_;
  const std::vector<Writer*> writers_;

  absl::Mutex mutex_;
  std::set<TimerKey> in_flight_ ABSL_GUARDED_BY(mutex_);
  std::set<int64_t> expiring_ ABSL_GUARDED_BY(mutex_);
  bool awake_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace tessera::engine
