// What a batch writes to the engine's own tables, collected while deciding. Plain values of one attempt.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "engine/outcome.h"
#include "engine/service.h"
#include "engine/work.h"

namespace tessera::engine {

struct NewRequest {
  const CallOrigin* call;
  bool refused;
  std::string answer;  // response bytes, or an encoded status
};

struct NewWaiting {
  std::string key, refusal;
  absl::Time until;
  Work* work;
};

struct NewParked {
  std::string reason;
  const kafka::Record* record;
};

struct NewDeadLetter {
  std::string brand, event_id;
  absl::Status refusal;
  const kafka::Record* record;
};

struct Effects {
  std::vector<NewRequest> requests;
  std::vector<EventIdentity> identities;
  std::vector<NewWaiting> waiting;
  std::vector<std::pair<int64_t, std::string>> moved_waiting;  // id -> new key
  std::vector<int64_t> ended_waiting, ended_parked, replayed_dead_letters;
  std::vector<NewParked> parked;
  std::vector<NewDeadLetter> dead_letters;
  std::map<TimerKey, std::optional<absl::Time>> timers;
  std::map<std::pair<std::string, std::string>, int64_t> counters;  // (brand, name) -> plus
  std::vector<std::pair<Published, Cause>> events;
};

}  // namespace tessera::engine
