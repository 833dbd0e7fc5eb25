#include "services/oneid/domain/need.h"

#include <algorithm>

namespace tessera::oneid {

void Need::Merge(const Need& more) {
  wakes.insert(more.wakes.begin(), more.wakes.end());
  events.insert(more.events.begin(), more.events.end());
  for (const auto& [event, configs_of] : more.further_configs) {
    further_configs[event].insert(configs_of.begin(), configs_of.end());
  }
  brands.insert(more.brands.begin(), more.brands.end());
  groups.insert(more.groups.begin(), more.groups.end());
  changes_configuration = changes_configuration || more.changes_configuration;
  merges.insert(more.merges.begin(), more.merges.end());
  customers.insert(more.customers.begin(), more.customers.end());
  full_roots.insert(more.full_roots.begin(), more.full_roots.end());
}

bool Need::MissesABrand() const {
  return std::any_of(configs.begin(), configs.end(), [](const auto& one) { return one.second == nullptr; });
}

bool Need::WantsLocksBeyond(const Need& held) const {
  const auto by_key = [](const auto& a, const auto& b) { return a.first < b.first; };
  return !std::includes(held.identifiers.begin(), held.identifiers.end(), identifiers.begin(), identifiers.end(),
                        by_key) ||
         !std::includes(held.roots.begin(), held.roots.end(), roots.begin(), roots.end()) ||
         !std::includes(held.merges.begin(), held.merges.end(), merges.begin(), merges.end()) ||
         (changes_configuration && !held.changes_configuration) ||
         (MissesABrand() && !held.MissesABrand() && !held.changes_configuration);
}

}  // namespace tessera::oneid
