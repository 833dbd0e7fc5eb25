// The load of oneid's rounds: check-ins on a channel, each with two identifiers of an account.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "kafka/record.h"

namespace tessera::bench {

inline constexpr char kChannelTopic[] = "tessera.channel.events.v1";
inline constexpr char kChannel[] = "jd";

struct ChannelLoad {
  int64_t customers = 20'000;  // that are known; those of new events are numbered from there
  int64_t warm_up = 5'000;
  int64_t operations = 40'000;
  uint64_t seed = 1;
  bool are_new = false;  // every event is the first of its customer
};

// Names of namespaces, and values.
using Identifiers = std::vector<std::pair<std::string, std::string>>;

// A check-in, as an adapter writes it: keyed by the first identifier.
kafka::Record ChannelEventWith(const std::string& id, absl::Time time, const Identifiers& identifiers);

// warm_up + operations events, as adapters write them.
std::vector<kafka::Record> MakeChannelEvents(const ChannelLoad& load);

// The first event of each known customer, older than those of MakeChannelEvents.
std::vector<kafka::Record> MakeFirstEvents(int64_t customers);

}  // namespace tessera::bench
