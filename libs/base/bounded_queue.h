// A queue with a limit: full means "say no", never "grow". Items are patient or not; each kind keeps its order, and
// neither makes the other wait for more than its own share. Thread-safe; any number of producers, one consumer.
#pragma once

#include <algorithm>
#include <deque>
#include <limits>
#include <optional>
#include <utility>
#include <vector>

#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"

namespace tessera {

template <class T>
class BoundedQueue {
 public:
  // At most `limit` items, of which patient ones leave a quarter to the others; and none that has a weight once that of
  // all is `weight_limit`, so that one may be heavier than that.
  explicit BoundedQueue(size_t limit, size_t weight_limit = std::numeric_limits<size_t>::max())
      : limit_(limit), weight_limit_(weight_limit) {}

  // False, and the item untouched, if the queue is full or closed. A patient item may be held back for others to come.
  bool TryPush(T& item, bool patient = false, size_t weight = 0) {
    absl::MutexLock lock(&mutex_);
    if (closed_ || Size() >= (patient ? limit_ - limit_ / 4 : limit_)) return false;
    if (weight > 0 && weight_ >= weight_limit_) return false;
    (patient ? patient_ : urgent_).push_back({std::move(item), weight});
    weight_ += weight;
    return true;
  }

  // Takes up to `max` items, patient ones last; half of them are patient if both kinds wait and not all have room.
  // Waits until there is one, the queue is closed or `timeout` has passed; then, while all that wait are patient and
  // not too heavy, until there are `max` or `gather` has passed.
  std::vector<T> Take(size_t max, absl::Duration timeout, absl::Duration gather = absl::ZeroDuration()) {
    absl::MutexLock lock(&mutex_);
    mutex_.AwaitWithTimeout(absl::Condition(this, &BoundedQueue::Ready), timeout);
    enough_ = max;
    if (Size() > 0 && !Full()) mutex_.AwaitWithTimeout(absl::Condition(this, &BoundedQueue::Full), gather);
    const size_t patient = std::min(patient_.size(), std::max(PatientShare(max), max - std::min(max, urgent_.size())));
    std::vector<T> taken;
    taken.reserve(std::min(max, Size()));
    Move(urgent_, max - patient, taken);
    Move(patient_, patient, taken);
    return taken;
  }

  // No further push succeeds; what is queued can still be taken.
  void Close() {
    absl::MutexLock lock(&mutex_);
    closed_ = true;
  }

  size_t size() const {
    absl::MutexLock lock(&mutex_);
    return Size();
  }

 private:
  struct Weighed {
    T item;
    size_t weight;
  };

  size_t Size() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return urgent_.size() + patient_.size(); }
  bool Ready() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return closed_ || Size() > 0; }
  bool Full() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    return closed_ || !urgent_.empty() || patient_.size() >= enough_ || weight_ >= weight_limit_;
  }

  // Half of `max`; of an odd number, the one in the middle goes to either kind in turn.
  size_t PatientShare(size_t max) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    patients_turn_ = !patients_turn_;
    return (max + (patients_turn_ ? 1 : 0)) / 2;
  }

  void Move(std::deque<Weighed>& from, size_t most, std::vector<T>& to) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    for (; most > 0 && !from.empty(); --most) {
      to.push_back(std::move(from.front().item));
      weight_ -= from.front().weight;
      from.pop_front();
    }
  }

  const size_t limit_;
  const size_t weight_limit_;
  mutable absl::Mutex mutex_;
  std::deque<Weighed> urgent_ ABSL_GUARDED_BY(mutex_);
  std::deque<Weighed> patient_ ABSL_GUARDED_BY(mutex_);
  size_t weight_ ABSL_GUARDED_BY(mutex_) = 0;
  size_t enough_ ABSL_GUARDED_BY(mutex_) = 0;  // of the taker that gathers
  bool patients_turn_ ABSL_GUARDED_BY(mutex_) = false;
  bool closed_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace tessera
