// One batch's transaction, from BEGIN to COMMIT. Owned and used by one writer's thread.
//
// The work items are decided in order. What an item must not do (a duplicate, a call that was answered before, a record
// of a blocked key) is settled without deciding it. Nothing is answered before the commit.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "engine/answerer.h"
#include "engine/effects.h"
#include "engine/engine_store.h"
#include "engine/phases.h"
#include "engine/service.h"
#include "engine/work.h"
#include "pg/connection.h"
#include "pg/tx.h"

namespace tessera::engine {

struct BatchConfig {
  std::string service;       // "membership"
  std::string wrapping_key;  // seals stored records
  Uuid writer_id;
  int32_t counter_shard = 0;
};

enum class AttemptResult {
  kCommitted,
  kRestart,     // what was discovered has moved, or more locks are needed: the same batch again
  kData,        // a data error: halve the batch
  kRetry,       // a conflict or a restarting server: the same batch again, later
  kConnection,  // the session is lost, surely not committed
  kInDoubt,     // the session is lost, perhaps committed: ask for `batch_no`
  kOther,       // a bug or a misconfiguration
};

class BatchRunner {
 public:
  // `work` and everything else outlive the runner.
  BatchRunner(const Service& service, const BatchConfig& config, std::vector<Work*> work);

  // One attempt. After kRestart, kRetry, kConnection the runner can be run again.
  AttemptResult Run(pg::Connection& connection, int64_t batch_no, absl::Time now);

  // After a commit: advances the feeds. Once, before the answers are taken and told.
  void Finish();
  std::vector<ReadyAnswer> TakeAnswers();

  const absl::Status& error() const { return error_; }
  // Events or timers were written: wake the relay, the timer scan.
  bool published() const { return !effects_.events.empty(); }
  std::optional<absl::Time> earliest_timer() const;
  size_t decided() const { return decided_; }
  // Of the last attempt, for metrics.
  const Effects& effects() const { return effects_; }
  const Phases& phases() const { return phases_; }

 private:
  struct Woken {
    std::string key;
    std::unique_ptr<Work> work;
    bool present = false;  // in this attempt
  };

  void Reset();
  void StartAnew();
  bool LockAndDedupe(pg::Tx& tx);
  void TakeMarks(pg::Tx& tx);
  void LockKnownIds(pg::Tx& tx);
  void LockStoredRows(pg::Tx& tx);
  bool Live(const Work& work) const;
  bool MustDecide(const Work& work) const;
  void AddKeys(pg::Tx& tx);
  bool Widen(pg::Tx& tx);
  bool FindWoken(pg::Tx& tx);
  bool JoinWoken(const std::vector<WaitingRow>& rows);
  bool DecideAll(pg::Tx& tx, absl::Time now);
  bool Settle(pg::Tx& tx, Work& work, absl::Time now);
  bool SettleCall(pg::Tx& tx, Work& work, CallOrigin& call, absl::Time now);
  bool SettleRecord(pg::Tx& tx, Work& work, absl::Time now);
  bool SettleStored(pg::Tx& tx, Work& work, StoredOrigin& stored, absl::Time now);
  bool Wake(pg::Tx& tx, const std::vector<WaitKey>& keys, absl::Time now);
  bool WakeStored(pg::Tx& tx, int64_t id, Woken& woken, absl::Time now);
  // The decision with everything loaded that it asks for; nullopt: the attempt is over (see result_).
  std::optional<Decided> Decide(pg::Tx& tx, const Work& work, absl::Time now);
  bool SeenBefore(Work& work);
  bool KeyIsParked(const Work& work) const;
  void Keep(const Work& work, Decided decided);
  void Refuse(const Work& work, const absl::Status& refusal);
  bool AdvanceMark(const RecordOrigin& record);
  void Count(const std::string& brand, const char* what) { ++effects_.counters[{brand, what}]; }
  AttemptResult Commit(pg::Tx& tx, absl::Time now);
  AttemptResult ResultOf(const pg::Tx& tx);

  const Service& service_;
  const BatchConfig& config_;
  const std::vector<Work*> work_;
  std::unique_ptr<Batch> batch_;
  std::map<int64_t, Woken> woken_;  // by waiting_id; found without locks, or in an earlier attempt
  bool keys_added_ = false;

  // of one attempt
  Effects effects_;
  Phases phases_;
  AttemptResult result_ = AttemptResult::kCommitted;
  absl::Status error_;
  std::map<PartitionKey, Mark> marks_;
  std::set<RecordKeyAt> parked_keys_;
  std::map<RequestKey, KnownRequest> requests_;
  std::map<IdentityKey, uint64_t> identities_;
  std::set<int64_t> stored_waiting_, stored_parked_, stored_dead_letters_;
  std::vector<std::pair<Answer*, absl::StatusOr<std::string>>> answers_;
  absl::Status replay_refusal_;
  size_t decided_ = 0;
};

}  // namespace tessera::engine
