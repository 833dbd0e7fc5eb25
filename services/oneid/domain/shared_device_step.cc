#include "services/oneid/domain/resolution.h"

namespace tessera::oneid {

void SharedDeviceStep(Resolution& r) {
  if (!r.event->logged_in || !r.root || r.tables.customers.At(*r.root).anonymous) return;
  for (const Evidence& one : r.evidence) {
    if (!one.used() || !one.ns().weak() || one.shared) continue;
    const Identifier* row = r.tables.identifiers.Find(one.id());
    if (row == nullptr || !row->logged_in_customer) {
      EditIdentifier(r, *one.prepared).logged_in_customer = *r.origin;
      r.changed = true;
      continue;
    }
    const CustomerId before = r.RootIdOf(*row->logged_in_customer);
    if (before == *r.root) continue;
    EditIdentifier(r, *one.prepared).shared = true;
    r.touched.insert(before);
    r.changed = true;
  }
}

}  // namespace tessera::oneid
