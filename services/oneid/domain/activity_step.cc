#include "services/oneid/domain/resolution.h"

namespace tessera::oneid {

void ActivityStep(Resolution& r) {
  if (!r.root) return;
  const int64_t day = absl::ToUnixSeconds(r.time()) / 86'400;
  for (const Evidence& one : r.evidence) {
    if (!one.used() || !one.ns().transferable || one.shared) continue;
    CustomerId owner = *r.origin;
    if (one.root && !one.moves) {
      if (r.RootIdOf(one.holding->customer) != *r.root) continue;
      owner = one.holding->customer;
    }
    const ActivityKey key{one.id(), owner};
    auto& table = r.tables.activities;
    const Activity* activity = FindIfThere(table, key);
    if (activity != nullptr && activity->last_day >= day) continue;
    r.changed = true;  // later decisions judge by it
    if (activity == nullptr) {
      table.Insert(key, {r.group(), day});
    } else {
      table.Edit(key).last_day = day;
    }
  }
}

}  // namespace tessera::oneid
