#include "services/oneid/domain/resolution.h"

namespace tessera::oneid {

void TransactionStep(Resolution& r) {
  if (!r.root) {
    const PreparedIdentifier* strongest = nullptr;
    for (const auto& [prepared, step] : r.transactions) {
      const Identifier* row = r.tables.identifiers.Find(prepared->id);
      if (row == nullptr || !row->transaction_customer) continue;
      if (strongest != nullptr && strongest->ns->rank <= prepared->ns->rank) continue;
      strongest = prepared;
      r.origin = row->transaction_customer;
    }
    if (strongest == nullptr) return;
    r.root = r.RootIdOf(*r.origin);
    r.touched.insert(*r.root);
  }
  for (const auto& [prepared, step] : r.transactions) {
    r.record.steps[step].use = Use::kJoined;
    const Identifier* row = r.tables.identifiers.Find(prepared->id);
    if (row != nullptr && row->transaction_customer) continue;
    EditIdentifier(r, *prepared).transaction_customer = *r.origin;
    r.changed = true;
  }
}

}  // namespace tessera::oneid
