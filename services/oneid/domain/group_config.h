// All that a brand group declares: its brands and its rules. Immutable once shared; each change makes a new one.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/time/time.h"
#include "services/oneid/domain/ids.h"
#include "services/oneid/domain/namespace.h"

namespace tessera::oneid {

struct Brand {
  BrandId id;
  int64_t version = 0;  // rises with each change; told in BrandChanged
  std::string time_zone;
  std::string region;
  std::string currency;
  std::map<std::string, std::string> order_sources;  // ce_source -> the name under which its order numbers are known
  absl::TimeZone zone;                               // of time_zone

  bool operator==(const Brand&) const = default;

  // The name under which orders of a channel are known; the channel itself where nothing is declared.
  const std::string& OrderSourceOf(const std::string& source) const {
    auto at = order_sources.find(source);
    return at == order_sources.end() ? source : at->second;
  }
};

struct GroupConfig {
  GroupId id;
  int64_t version = 0;                // rises with each change of brands or rules
  int64_t rule_version = 0;           // rises with each change of rules
  std::vector<Brand> brands;          // by id
  std::vector<Namespace> namespaces;  // by rank
  uint64_t fingerprint = 0;           // of all else; see Stamp

  bool operator==(const GroupConfig&) const = default;

  // Null if there is none.
  const Namespace* FindNamespace(std::string_view name) const;
  const Brand* FindBrand(const BrandId& id) const;
};

// Sorts brands and namespaces and sets the fingerprint: two configurations that differ have different ones.
void Stamp(GroupConfig& config);

using GroupConfigPtr = std::shared_ptr<const GroupConfig>;

}  // namespace tessera::oneid
