#include <map>
#include <set>

#include "services/oneid/domain/resolution.h"

namespace tessera::oneid {
namespace {

bool Quarantined(const Resolution& r, const IdentifierId& id) {
  const Identifier* row = r.tables.identifiers.Find(id);
  return row != nullptr && row->quarantined;
}

size_t AddStep(Resolution& r, const PreparedIdentifier& prepared, LeftOut left_out) {
  r.record.steps.push_back({.name = prepared.name,
                            .id = prepared.usable() ? prepared.id : IdentifierId{},
                            .use = left_out == LeftOut::kNot ? Use::kUnused : Use::kLeftOut,
                            .left_out = left_out});
  return r.record.steps.size() - 1;
}

// What the event ends is no evidence, unless it has an owner and the event names nothing else.
bool IsClosing(const Resolution& r, const PreparedIdentifier& prepared) {
  const PreparedIdentifier* closed = ClosedBy(r);
  if (closed == nullptr || !closed->usable() || closed->id != prepared.id) return false;
  if (!HoldingAt(r.tables.edges, prepared.id, r.time())) return true;
  for (const PreparedIdentifier& other : r.prepared.identifiers) {
    if (other.usable() && other.id != prepared.id && !Quarantined(r, other.id)) return true;
  }
  return false;
}

}  // namespace

void NormaliseStep(Resolution& r) {
  std::set<IdentifierId> seen;
  std::map<std::pair<const Namespace*, std::string>, int64_t> counts;
  for (const PreparedIdentifier& prepared : r.prepared.identifiers) {
    if (!prepared.usable()) {
      AddStep(r, prepared, prepared.left_out);
      continue;
    }
    if (!seen.insert(prepared.id).second) continue;
    LeftOut left_out = LeftOut::kNot;
    if (Quarantined(r, prepared.id)) {
      left_out = LeftOut::kQuarantined;
    } else if (IsClosing(r, prepared)) {
      left_out = LeftOut::kClosing;
    } else if (prepared.ns->at_most > 0 && ++counts[{prepared.ns, prepared.scope}] > prepared.ns->at_most) {
      left_out = LeftOut::kOverLimit;
    }
    const size_t step = AddStep(r, prepared, left_out);
    if (left_out == LeftOut::kOverLimit) r.record.steps[step].rule = prepared.ns->LimitText();
    if (left_out != LeftOut::kNot) continue;
    if (prepared.ns->strength == Strength::kTransaction) {
      r.transactions.emplace_back(&prepared, step);
      continue;
    }
    Evidence evidence;
    evidence.prepared = &prepared;
    evidence.step = step;
    r.evidence.push_back(std::move(evidence));
  }
}

}  // namespace tessera::oneid
