#include "services/oneid/domain/resolution.h"

namespace tessera::oneid {
namespace {

// No owner's event has carried it for the days that its namespace declares. Activity after the event counts too.
bool Dormant(const Resolution& r, const Evidence& one) {
  const ActivityKey key{one.id(), one.holding->customer};
  absl::Time last = one.holding->key.from;
  int64_t last_day = absl::ToUnixSeconds(last) / 86'400;
  if (const Activity* activity = FindIfThere(r.tables.activities, key)) {
    last_day = std::max(last_day, activity->last_day);
  }
  const int64_t day = absl::ToUnixSeconds(r.time()) / 86'400;
  return one.ns().dormant_days > 0 && day - last_day >= one.ns().dormant_days;
}

// The event names an account besides, and that does not lead to the owner.
bool OtherEvidenceLeadsElsewhere(const Resolution& r, const Evidence& one) {
  bool account = false;
  for (const Evidence& other : r.evidence) {
    if (&other == &one || !other.usable_strong()) continue;
    if (other.root == one.root) return false;
    account = true;
  }
  return account;
}

}  // namespace

void TransferStep(Resolution& r) {
  if (!r.event->verified) return;
  for (Evidence& one : r.evidence) {
    if (!one.ns().transferable || one.ns().normaliser != Normaliser::kPhone || !one.root) continue;
    one.moves = Dormant(r, one) && OtherEvidenceLeadsElsewhere(r, one);
  }
}

}  // namespace tessera::oneid
