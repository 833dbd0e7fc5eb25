#include <algorithm>
#include <map>
#include <tuple>

#include "services/oneid/domain/resolution.h"

namespace tessera::oneid {
namespace {

// A time in which one of the roots has a value.
struct Span {
  IdentifierId id;
  CustomerId root;
  absl::Time from, to;
};

using Slot = std::tuple<int32_t, std::string, std::string>;  // rank, namespace, scope key
using Spans = std::map<Slot, std::vector<Span>>;

size_t DistinctValues(const std::vector<Span>& spans) {
  std::set<IdentifierId> ids;
  for (const Span& span : spans) ids.insert(span.id);
  return ids.size();
}

// The values that are held together at the busiest time.
std::set<IdentifierId> BusiestTogether(const std::vector<Span>& spans) {
  std::set<IdentifierId> most;
  for (const Span& at : spans) {
    std::set<IdentifierId> together;
    for (const Span& span : spans) {
      if (span.from <= at.from && at.from < span.to) together.insert(span.id);
    }
    if (together.size() > most.size()) most = std::move(together);
  }
  return most;
}

Spans SpansOf(const Resolution& r, const std::vector<CustomerId>& roots, size_t& identifiers) {
  const PreparedIdentifier* closed = ClosedBy(r);
  Spans spans;
  std::set<IdentifierId> distinct;
  auto add_side = [&](const CustomerId& root, const CustomerId& side) {
    for (const IdentifierId& id : r.tables.holdings.At(side).identifiers) {
      distinct.insert(id);
      EachEdge(r.tables.edges, id, [&](const EdgeKey& key, const Edge& edge) {
        if (edge.customer != side) return;
        const Namespace* ns = r.config.FindNamespace(edge.name);
        if (ns == nullptr || ns->at_most == 0) return;
        const bool closes = closed != nullptr && closed->usable() && closed->id == id && key.from <= r.time();
        const absl::Time to = closes ? std::min(edge.to, r.time()) : edge.to;
        spans[{ns->rank, edge.name, edge.scope}].push_back({id, root, key.from, to});
      });
    }
  };
  for (const CustomerId& root : roots) {
    add_side(root, root);
    for (const CustomerId& side : r.tables.sides.At(root).others) add_side(root, side);
  }
  identifiers = distinct.size();
  return spans;
}

Conflict MakeConflict(const Resolution& r, const Slot& slot, const std::vector<Span>& spans,
                      std::set<IdentifierId> values) {
  Conflict conflict;
  conflict.rule = r.config.FindNamespace(std::get<1>(slot))->LimitText();
  for (const Span& span : spans) {
    if (values.contains(span.id)) conflict.roots.insert(span.root);
  }
  conflict.values = std::move(values);
  return conflict;
}

std::optional<Conflict> TooMany(const Resolution& r, const std::vector<CustomerId>& roots,
                                const std::vector<const Evidence*>& fresh, size_t identifiers) {
  Conflict conflict;
  conflict.reason = LeftOut::kLimit;
  size_t sides = roots.size();
  for (const CustomerId& root : roots) sides += r.tables.sides.At(root).others.size();
  if (roots.size() > 1 && (sides > kSidesMax || identifiers > kIdentifiersMax)) {
    conflict.rule = sides > kSidesMax ? "200 sides" : "1000 identifiers";
    conflict.roots.insert(roots.begin(), roots.end());
    return conflict;
  }
  if (identifiers + fresh.size() <= kIdentifiersMax || fresh.empty()) return std::nullopt;
  conflict.rule = "1000 identifiers";
  for (const Evidence* one : fresh) conflict.values.insert(one->id());
  return conflict;
}

}  // namespace

std::optional<Conflict> FindConflict(const Resolution& r, const std::vector<CustomerId>& roots,
                                     const std::vector<const Evidence*>& fresh) {
  if (roots.empty() || (roots.size() == 1 && fresh.empty())) return std::nullopt;
  size_t identifiers = 0;
  Spans spans = SpansOf(r, roots, identifiers);
  std::map<Slot, std::vector<const Evidence*>> fresh_in;
  for (const Evidence* one : fresh) {
    if (one->ns().at_most > 0) fresh_in[{one->ns().rank, one->prepared->name, one->prepared->scope}].push_back(one);
  }
  for (const auto& [slot, held] : spans) {
    const size_t limit = static_cast<size_t>(r.config.FindNamespace(std::get<1>(slot))->at_most);
    if (roots.size() > 1 && DistinctValues(held) > limit) {
      std::set<IdentifierId> together = BusiestTogether(held);
      if (together.size() > limit) return MakeConflict(r, slot, held, std::move(together));
    }
    auto at = fresh_in.find(slot);
    if (at == fresh_in.end()) continue;
    for (const Evidence* one : at->second) {
      const absl::Time end = EndOfNewEdge(r.tables.edges, one->id(), r.time());
      std::set<IdentifierId> overlapping;
      for (const Evidence* other : at->second) overlapping.insert(other->id());
      for (const Span& span : held) {
        if (span.from < end && r.time() < span.to) overlapping.insert(span.id);
      }
      if (overlapping.size() > limit) return MakeConflict(r, slot, held, std::move(overlapping));
    }
  }
  return TooMany(r, roots, fresh, identifiers);
}

}  // namespace tessera::oneid
