#include "services/oneid/domain/resolution.h"

namespace tessera::oneid {

void FindOwners(Resolution& r) {
  for (Evidence& one : r.evidence) {
    const Identifier* row = r.tables.identifiers.Find(one.id());
    one.shared = row != nullptr && row->shared;
    one.holding = HoldingAt(r.tables.edges, one.id(), r.time());
    if (!one.holding) continue;
    one.root = r.RootIdOf(one.holding->customer);
    r.touched.insert(*one.root);
    r.record.steps[one.step].owner = one.holding->customer;
  }
}

}  // namespace tessera::oneid
