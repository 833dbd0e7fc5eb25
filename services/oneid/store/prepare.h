// Brings the identifiers of events and look-ups into one form and gives them their ids, by the rules of a group. Pure
// but for the process' keys; thread-safe.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/time/time.h"
#include "services/oneid/domain/command.h"
#include "services/oneid/domain/prepared.h"

namespace re2 {
class RE2;
}

namespace tessera::oneid {

// A configuration with its patterns compiled. Immutable.
class CompiledConfig {
 public:
  explicit CompiledConfig(GroupConfigPtr config);
  ~CompiledConfig();

  const GroupConfigPtr& config() const { return config_; }

  PreparedIdentifier Prepare(const RawIdentifier& raw, const Brand& brand, absl::Time time) const;

 private:
  struct Rule {
    const Namespace* ns;
    absl::flat_hash_set<std::string> blocked_values;  // lower case
    std::vector<std::unique_ptr<re2::RE2>> blocked_patterns;
  };
  static bool Blocked(const Rule& rule, const std::string& value);

  const GroupConfigPtr config_;
  absl::flat_hash_map<std::string, Rule> rules_;
};

using CompiledConfigPtr = std::shared_ptr<const CompiledConfig>;

// The brand is one of the configuration's.
PreparedPtr PrepareEvent(const CompiledConfig& compiled, const ResolveEvent& event);

}  // namespace tessera::oneid
