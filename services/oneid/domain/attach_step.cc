#include <algorithm>

#include "services/oneid/domain/resolution.h"

namespace tessera::oneid {
namespace {

Edge NewEdge(const Resolution& r, const PreparedIdentifier& prepared, EdgeReason reason) {
  return {.group = r.group(),
          .name = prepared.name,
          .scope = prepared.scope,
          .customer = r.origin,
          .source = r.event->key.source,
          .event_id = r.event->key.event_id,
          .reason = reason,
          .rule_version = r.config.rule_version};
}

void Attach(Resolution& r, Evidence& one) {
  const PreparedIdentifier& prepared = *one.prepared;
  Step& step = r.record.steps[one.step];
  if (one.moves) {
    const auto closing =
        CloseEdge(r.tables.edges, one.id(), one.holding, r.time(), NewEdge(r, prepared, EdgeReason::kClosing));
    if (closing) r.new_edges.push_back(*closing);
    r.facts.emplace_back(IdentifierMoved{one.id(), prepared.name, one.holding->customer, *r.origin, r.time()});
    step.use = Use::kMoved;
  } else {
    r.facts.emplace_back(IdentifierAttached{one.id(), prepared.name, *r.origin, r.time()});
    step.use = Use::kAttached;
  }
  r.new_edges.push_back(OpenEdge(r.tables.edges, one.id(), r.time(),
                                 NewEdge(r, prepared, one.moves ? EdgeReason::kTransfer : EdgeReason::kEvent)));
  auto& held = r.tables.holdings.Edit(*r.origin).identifiers;
  if (std::find(held.begin(), held.end(), one.id()) == held.end()) held.push_back(one.id());
  EditIdentifier(r, prepared).value_to_seal.emplace(*r.origin, prepared.value);
  r.changed = true;
}

// Weak identifiers take no part in vetoes; each is attached only if no limit speaks against it.
bool MayAttachWeak(Resolution& r, Evidence& one) {
  if (!HaveFull(r, *r.root)) return false;
  const auto conflict = FindConflict(r, {*r.root}, {&one});
  if (!conflict) return true;
  LeaveOut(one, conflict->reason == LeftOut::kLimit ? LeftOut::kLimit : LeftOut::kOverLimit, conflict->rule);
  return false;
}

// Browsing before the login is joined.
void AbsorbAnonymous(Resolution& r) {
  std::set<CustomerId> anonymous;
  for (const Evidence& one : r.evidence) {
    if (one.usable_weak() && one.root && *one.root != *r.root && r.tables.customers.At(*one.root).anonymous) {
      anonymous.insert(*one.root);
    }
  }
  for (const CustomerId& absorbed : anonymous) {
    const bool survivor_full = HaveFull(r, *r.root);
    if (!HaveFull(r, absorbed) || !survivor_full) continue;
    const auto conflict = FindConflict(r, {*r.root, absorbed}, {});
    if (!conflict) {
      MergeInto(r, *r.root, absorbed);
      continue;
    }
    for (Evidence& one : r.evidence) {
      if (one.usable_weak() && one.root == absorbed) LeaveOut(one, conflict->reason, conflict->rule);
    }
  }
}

}  // namespace

void AttachStep(Resolution& r) {
  if (!r.root) return;
  const bool strong =
      std::any_of(r.evidence.begin(), r.evidence.end(), [](const Evidence& e) { return e.usable_strong(); });
  for (Evidence& one : r.evidence) {
    if (!one.used() || one.shared) continue;
    if (one.root && !one.moves) continue;
    if (!HaveFull(r, *r.root)) return;
    if (one.ns().strong() || MayAttachWeak(r, one)) Attach(r, one);
  }
  if (strong) AbsorbAnonymous(r);
}

const PreparedIdentifier* ClosedBy(const Resolution& r) {
  if (!r.prepared.closed) return nullptr;
  const PreparedIdentifier& closed = *r.prepared.closed;
  const bool opens = r.event->opened && r.prepared.identifiers.back().usable();
  return opens && closed.usable() && r.prepared.identifiers.back().id == closed.id ? nullptr : &closed;
}

void CloseStep(Resolution& r) {
  if (ClosedBy(r) == nullptr) return;
  const PreparedIdentifier& closed = *ClosedBy(r);
  Step step{.name = closed.name, .id = closed.usable() ? closed.id : IdentifierId{}};
  const auto holding = closed.usable() ? HoldingAt(r.tables.edges, closed.id, r.time()) : std::nullopt;
  if (!closed.usable()) {
    step.use = Use::kLeftOut;
    step.left_out = closed.left_out;
    r.record.steps.push_back(std::move(step));
    return;
  }
  if (holding && r.RootIdOf(holding->customer) != r.root) {
    step.use = Use::kLeftOut;
    step.left_out = LeftOut::kHeldByOther;
    r.touched.insert(r.RootIdOf(holding->customer));
    step.owner = holding->customer;
    r.record.steps.push_back(std::move(step));
    return;
  }
  const auto empty = CloseEdge(r.tables.edges, closed.id, holding, r.time(), NewEdge(r, closed, EdgeReason::kClosing));
  if (empty) r.new_edges.push_back(*empty);
  EditIdentifier(r, closed);
  r.changed = true;
  step.use = Use::kDetached;
  if (holding) step.owner = holding->customer;
  r.record.steps.push_back(std::move(step));
  r.facts.emplace_back(
      IdentifierDetached{closed.id, closed.name, holding ? std::optional(holding->customer) : std::nullopt, r.time()});
}

}  // namespace tessera::oneid
