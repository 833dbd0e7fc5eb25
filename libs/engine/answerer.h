// Tells callers their answers, on a thread of its own. To hand an answer to gRPC takes longer than to decide its call,
// and neither a writer nor a reader shall wait for it before what comes next (docs/performance.md). Tell is
// thread-safe; Step is called by one thread.
#pragma once

#include <functional>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "engine/work.h"

namespace tessera::engine {

struct ReadyAnswer {
  Answer answer;
  absl::StatusOr<std::string> result;
};
using TellAnswers = std::function<void(std::vector<ReadyAnswer>)>;

// On the thread that calls it.
void TellHere(std::vector<ReadyAnswer> answers);

class Answerer {
 public:
  // A few are told on the thread that calls it: nobody waits long for that, and each of them sooner.
  void Tell(std::vector<ReadyAnswer> answers);

  // Tells what waits; false if nothing came within `wait`.
  bool Step(absl::Duration wait);

 private:
  absl::Mutex mutex_;
  std::vector<ReadyAnswer> waiting_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace tessera::engine
