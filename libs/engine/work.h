// What waits in a writer's queue: a command and where it came from. Moved between threads, owned by one at a time.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <variant>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "base/ids.h"
#include "engine/service.h"
#include "kafka/record.h"

namespace tessera::engine {

// A serialised response, or the error. Called once, after the commit; on any thread.
using Answer = std::function<void(absl::StatusOr<std::string>)>;

// One assignment of a partition to this process. The consumer makes it, the partition's writer advances it.
struct Feed {
  std::string topic;
  int32_t partition = 0;
  std::atomic<int64_t> next_offset = 0;      // as committed
  std::atomic<int64_t> last_seq = -1;        // as committed; -1: none yet
  std::atomic<int64_t> reached_unix_ms = 0;  // time of the last record committed, or of the assignment
  int64_t suspect_until_offset = 0;  // records before it were perhaps under way when the last owner ended uncleanly
  std::atomic<bool> stale = false;   // another owner has advanced the mark: drop what is queued of this feed
};

struct CallOrigin {
  std::string method;
  BrandId brand;
  RequestId request_id;
  std::string input_hash;
  absl::Time deadline;
  Answer answer;
};

struct RecordOrigin {
  std::shared_ptr<Feed> feed;
  kafka::Record record;
  std::optional<int64_t> seq;  // ce_sequence of our own logs
};

struct TimerOrigin {
  TimerKey key;
  std::function<void()> finished;
};

// A record that the engine keeps, decided again.
struct StoredOrigin {
  enum class Kind {
    kWoken,       // waiting, its key was woken; made by the batch itself
    kExpired,     // waiting, its time has passed: refused
    kDropped,     // waiting, taken away by an operator: refused
    kParked,      // parked, tried again by an operator
    kDeadLetter,  // a dead letter, replayed by an operator
  };
  Kind kind = Kind::kWoken;
  int64_t id = 0;
  kafka::Record record;
  absl::Status refusal;  // kExpired, kDropped
  Answer answer;         // may be empty
};

struct Work {
  std::variant<CallOrigin, RecordOrigin, TimerOrigin, StoredOrigin> origin;
  std::unique_ptr<AnyCommand> command;  // null: nothing to decide
  std::optional<EventIdentity> identity;
  Cause cause;
  absl::Status understood;  // why a record could not be understood
  std::string park_reason;  // not empty: the item failed alone and is set aside instead of being decided
  size_t bytes = 0;         // of a record: its share of the limits of queue and batch
};

// The record of a work item, or null for calls and timers.
inline const kafka::Record* RecordOf(const Work& work) {
  if (auto* from_topic = std::get_if<RecordOrigin>(&work.origin)) return &from_topic->record;
  if (auto* stored = std::get_if<StoredOrigin>(&work.origin)) return &stored->record;
  return nullptr;
}

}  // namespace tessera::engine
