// The untyped side of a service, as the engine's loops see it. service_of.h makes it from a typed domain.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "base/ids.h"
#include "engine/outcome.h"
#include "kafka/record.h"

namespace tessera::pg {
class Tx;
}

namespace tessera::engine {

// A service's logs, each a topic tessera.<service>.<log>.v1 with one partition per slot.
enum class Log : int16_t { kMain = 0, kAnswers = 1, kDeadLetters = 2, kCopies = 3 };
inline constexpr int kLogCount = 4;

// Where a command came from, for ids, correlation and logs.
struct Cause {
  std::string id;              // event id or request id
  std::string correlation_id;  // of the story that it is part of; the id itself where none was given
  std::string traceparent;     // W3C trace context, or ""
  absl::Time time;             // when it happened
  std::string brand;           // "" where none is known

  bool operator==(const Cause&) const = default;
};

// An event to publish.
struct Published {
  Log log = Log::kMain;
  std::string key;      // routes to the slot: lower-case text of a customer id, or of whatever the topic is keyed by
  std::string type;     // "com.tessera.membership.points_earned.v1"
  std::string subject;  // customer id, or ""
  std::string brand;
  absl::Time time;          // when it happened
  std::string data;         // serialised proto
  bool every_slot = false;  // one copy in each slot instead of key's

  bool operator==(const Published&) const = default;
};

class AnyCommand {
 public:
  virtual ~AnyCommand() = default;
};

// The answer of one decision.
struct Decided {
  enum class Kind { kDone, kRefused, kWait, kMore };
  Kind kind = Kind::kDone;
  std::string reply{};                // kDone: the serialised response of a call
  std::vector<Published> events{};    // kDone
  std::vector<TimerChange> timers{};  // kDone
  std::vector<WaitKey> wakes{};       // kDone
  absl::Status refusal{};             // kRefused; kWait: the refusal when `until` has passed
  WaitKey wait_key{};                 // kWait
  absl::Time wait_until{};            // kWait

  bool operator==(const Decided&) const = default;
};

enum class Loaded { kOk, kMoved };

// One attempt at one transaction over the commands added to it. Used by one thread.
class Batch {
 public:
  virtual ~Batch() = default;

  // Widens the need by what the command names.
  virtual void Add(const AnyCommand& command) = 0;
  // The keys that commands of this batch may wake.
  virtual const std::set<WaitKey>& MayWake() const = 0;
  // Unlocked reads that widen the need; true if it grew.
  virtual bool Discover(pg::Tx& tx) = 0;
  // Locks, in the global order, all that the need names.
  virtual void Lock(pg::Tx& tx) = 0;
  // Reads under the locks what is not loaded yet; kMoved if what was discovered no longer holds.
  virtual Loaded Load(pg::Tx& tx) = 0;
  // True if the need names rows outside the held locks: the attempt starts again with the larger need.
  virtual bool NeedsLock() const = 0;
  // Decides; keeps its edits if done, else undoes them.
  virtual Decided Decide(const AnyCommand& command, const Cause& cause, absl::Time now) = 0;
  // One statement per table with changed rows.
  virtual void Save(pg::Tx& tx, absl::Time now) = 0;
  // Forgets rows and locks, keeps the need: the next attempt starts.
  virtual void Restart() = 0;
};

// The identity of an event from a stranger, which has no sequence number: (brand, source, id) takes effect once.
struct EventIdentity {
  std::string brand, source, id;
  uint64_t content_hash = 0;

  auto operator<=>(const EventIdentity&) const = default;
};

// A record, understood.
struct Understood {
  std::unique_ptr<AnyCommand> command;    // null: the record concerns nobody here
  std::optional<EventIdentity> identity;  // set for strangers' events
  Cause cause;
};

class Service {
 public:
  virtual ~Service() = default;

  virtual std::unique_ptr<Batch> NewBatch() const = 0;

  // The command of a record. An error makes it a dead letter with the error's reason, under the brand and event that
  // its ErrorInfo's metadata name as brand_id and event_id, where they are known. Deterministic.
  virtual absl::StatusOr<Understood> FromRecord(const kafka::Record& record) const = 0;

  // The command that handles all that is due of this timer.
  virtual std::unique_ptr<AnyCommand> FromTimer(const TimerKey& key) const = 0;
};

}  // namespace tessera::engine
