#include <algorithm>

#include "services/oneid/domain/resolution.h"

namespace tessera::oneid {

std::vector<CustomerId> RootsOf(const std::vector<const Evidence*>& evidence) {
  std::set<CustomerId> roots;
  for (const Evidence* one : evidence) {
    if (one->finds()) roots.insert(*one->root);
  }
  return {roots.begin(), roots.end()};
}

namespace {

// What would get an edge with the event's customer.
std::vector<const Evidence*> FreshOf(const std::vector<const Evidence*>& evidence) {
  std::vector<const Evidence*> fresh;
  for (const Evidence* one : evidence) {
    if (!one->root || one->moves) fresh.push_back(one);
  }
  return fresh;
}

// The weakest that takes part: it leads to a root of the conflict, or is itself one of the values that are too many.
// Of equals, the later in the event.
Evidence* WeakestPart(const std::vector<Evidence*>& strong, const Conflict& conflict) {
  Evidence* weakest = nullptr;
  for (Evidence* one : strong) {
    const bool leads = one->finds() && conflict.roots.contains(*one->root);
    const bool surplus = !one->finds() && conflict.values.contains(one->id());
    if (!leads && !surplus) continue;
    if (weakest == nullptr || one->ns().rank >= weakest->ns().rank) weakest = one;
  }
  return weakest;
}

void FindByWeak(Resolution& r) {
  std::vector<const Evidence*> weak;
  for (const Evidence& one : r.evidence) {
    if (one.usable_weak()) weak.push_back(&one);
  }
  r.candidates = RootsOf(weak);
  if (r.candidates.size() > 1) r.candidates.clear();  // they do not agree
}

}  // namespace

void FindCandidates(Resolution& r) {
  while (true) {
    std::vector<Evidence*> strong;
    for (Evidence& one : r.evidence) {
      if (one.usable_strong()) strong.push_back(&one);
    }
    if (strong.empty()) return FindByWeak(r);
    const std::vector<const Evidence*> view(strong.begin(), strong.end());
    r.candidates = RootsOf(view);
    const std::vector<const Evidence*> fresh = FreshOf(view);
    if (r.candidates.empty() || (r.candidates.size() == 1 && fresh.empty())) return;
    bool full = true;
    for (const CustomerId& root : r.candidates) full = HaveFull(r, root) && full;
    if (!full) return;
    const auto conflict = FindConflict(r, r.candidates, fresh);
    if (!conflict) return;
    Evidence* drop = WeakestPart(strong, *conflict);
    if (drop == nullptr || strong.size() == 1) return;  // one alone wins: it is its owner's
    LeaveOut(*drop, conflict->reason, conflict->rule);
  }
}

}  // namespace tessera::oneid
