// A writer: a bounded queue of work and the loop that takes batches from it, one transaction each. Push is thread-safe;
// Step is called by one thread, or by hand in tests.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "base/bounded_queue.h"
#include "base/clock.h"
#include "engine/answerer.h"
#include "engine/batch_runner.h"
#include "engine/service.h"
#include "engine/suspects.h"
#include "engine/work.h"
#include "engine/writer_metrics.h"
#include "pg/connection.h"

namespace tessera::engine {

// No batch is larger, so that no more records than this can have been under way in a partition.
constexpr size_t kBatchMax = 1'000;

struct WriterLimits {
  size_t queue = 2'000;            // commands waiting
  size_t queue_bytes = 16 << 20;   // bytes of records waiting
  size_t batch = kBatchMax;        // commands in one transaction
  size_t batch_bytes = 4'000'000;  // bytes of records in one transaction
  // After a large batch, how long records wait for more of them; what a batch costs by itself is then shared by more.
  // Calls and timers end the wait at once.
  absl::Duration gather = absl::Milliseconds(100);
};

// Who is to know of a commit, called on the writer's thread.
struct WriterSignals {
  TellAnswers answers = TellHere;
  std::function<void()> published = [] {};
  std::function<void(absl::Time)> timer_set = [](absl::Time) {};
};

class Writer {
 public:
  // Everything referred to outlives the writer.
  Writer(const Service& service, BatchConfig config, const Clock& clock, pg::ConnectionOptions connection,
         WriterLimits limits, WriterSignals signals);

  // False, and the work untouched, if the queue is full or closed.
  bool Push(Work& work) { return queue_.TryPush(work, std::holds_alternative<RecordOrigin>(work.origin), work.bytes); }

  // Whether calls had better go to other writers as well: many wait, or a batch has taken long. Thread-safe.
  bool Crowded() const;

  // Takes what waits, at most one batch, calls and timers before records, and carries it out. False if nothing came
  // within `wait`.
  bool Step(absl::Duration wait);

  // No more work is taken in; what is queued is still carried out by Step.
  void Close() { queue_.Close(); }
  // The queue's length is told when this is called.
  const WriterMetrics& Observe() const;

 private:
  void Carry(std::vector<Work>& taken);
  void Understand(Work& work);
  bool Expired(Work& work);
  void RunAll(const std::vector<Work*>& work);
  void RunSuspects(const std::vector<Work*>& work);
  void RunSuspect(Work& work, const RecordOrigin& record);
  void RunBatch(const std::vector<Work*>& work);
  AttemptResult Attempt(BatchRunner& runner);
  void Finish(BatchRunner& runner, size_t commands);
  void RunHalves(const std::vector<Work*>& work);
  void GiveUp(const std::vector<Work*>& work, const absl::Status& why);
  bool CommittedAfterAll(int64_t batch_no);

  const Service& service_;
  const BatchConfig config_;
  const Clock& clock_;
  pg::Session session_;
  Suspects suspects_;
  const WriterLimits limits_;
  const WriterSignals signals_;
  BoundedQueue<Work> queue_;
  std::atomic<int64_t> busy_since_us_ = 0;  // when what is carried out was taken; 0: nothing is
  int64_t batch_no_ = 0;
  size_t last_taken_ = 0;
  const WriterMetrics metrics_;
};

}  // namespace tessera::engine
