// The seam through which time enters. Thread-safe.
#pragma once

#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"

namespace tessera {

class Clock {
 public:
  virtual ~Clock() = default;

  // The time, in whole microseconds (what the database can keep).
  virtual absl::Time Now() const = 0;

  // The process-wide system clock. Never destroyed. Where fault points are compiled in, it is off by the milliseconds
  // (int64 of the machine) in the file that TESSERA_CLOCK_OFFSET_FILE names, as they are at each call.
  static const Clock& System();
};

// A clock that tests move by hand.
class ManualClock final : public Clock {
 public:
  explicit ManualClock(absl::Time start) : now_(start) {}
  absl::Time Now() const override {
    absl::MutexLock lock(&mutex_);
    return now_;
  }
  void Advance(absl::Duration by) {
    absl::MutexLock lock(&mutex_);
    now_ += by;
  }

 private:
  mutable absl::Mutex mutex_;
  absl::Time now_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace tessera
