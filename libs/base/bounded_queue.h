// A queue with a limit: full means "say no", never "grow". Thread-safe; any number of producers, one consumer.
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
    if (closed_ || items_.size() >= (patient ? limit_ - limit_ / 4 : limit_)) return false;
    if (weight > 0 && weight_ >= weight_limit_) return false;
    items_.push_back({std::move(item), weight});
    weight_ += weight;
    all_patient_ = all_patient_ && patient;
    return true;
  }

  // Takes up to `max` items. Waits until there is one, the queue is closed or `timeout` has passed; then, while all
  // that wait are patient and not too heavy, until there are `max` or `gather` has passed.
  std::vector<T> Take(size_t max, absl::Duration timeout, absl::Duration gather = absl::ZeroDuration()) {
    absl::MutexLock lock(&mutex_);
    mutex_.AwaitWithTimeout(absl::Condition(this, &BoundedQueue::Ready), timeout);
    enough_ = max;
    if (!items_.empty() && !Full()) mutex_.AwaitWithTimeout(absl::Condition(this, &BoundedQueue::Full), gather);
    std::vector<T> taken;
    taken.reserve(std::min(max, items_.size()));
    while (!items_.empty() && taken.size() < max) {
      taken.push_back(std::move(items_.front().item));
      weight_ -= items_.front().weight;
      items_.pop_front();
    }
    all_patient_ = items_.empty() || all_patient_;
    return taken;
  }

  // No further push succeeds; what is queued can still be taken.
  void Close() {
    absl::MutexLock lock(&mutex_);
    closed_ = true;
  }

  size_t size() const {
    absl::MutexLock lock(&mutex_);
    return items_.size();
  }

 private:
  bool Ready() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return closed_ || !items_.empty(); }
  bool Full() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    return closed_ || !all_patient_ || items_.size() >= enough_ || weight_ >= weight_limit_;
  }

  struct Weighed {
    T item;
    size_t weight;
  };

  const size_t limit_;
  const size_t weight_limit_;
  mutable absl::Mutex mutex_;
  std::deque<Weighed> items_ ABSL_GUARDED_BY(mutex_);
  size_t weight_ ABSL_GUARDED_BY(mutex_) = 0;
  size_t enough_ ABSL_GUARDED_BY(mutex_) = 0;  // of the taker that gathers
  bool all_patient_ ABSL_GUARDED_BY(mutex_) = true;
  bool closed_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace tessera
