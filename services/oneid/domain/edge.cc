#include "services/oneid/domain/edge.h"

#include <utility>

namespace tessera::oneid {

std::optional<Holding> HoldingAt(const Edges& edges, const IdentifierId& id, absl::Time time) {
  std::optional<Holding> holding;
  bool first = true;
  EachEdge(edges, id, [&](const EdgeKey& key, const Edge& edge) {
    const bool started = key.from <= time;
    if (started) {
      holding.reset();
      if (edge.customer && time < edge.to) holding = Holding{key, *edge.customer, false};
    } else if (first && edge.customer) {
      holding = Holding{key, *edge.customer, true};
    }
    first = false;
  });
  return holding;
}

absl::Time EndOfNewEdge(const Edges& edges, const IdentifierId& id, absl::Time time) {
  absl::Time end = absl::InfiniteFuture();
  EachEdge(edges, id, [&](const EdgeKey& key, const Edge&) {
    if (key.from > time && key.from < end) end = key.from;
  });
  return end;
}

namespace {

int16_t NextSeq(const Edges& edges, const IdentifierId& id, absl::Time time) {
  int16_t next = 0;
  EachEdge(edges, id, [&](const EdgeKey& key, const Edge&) {
    if (key.from == time) next = static_cast<int16_t>(key.seq + 1);
  });
  return next;
}

}  // namespace

EdgeKey OpenEdge(Edges& edges, const IdentifierId& id, absl::Time time, Edge edge) {
  edge.to = EndOfNewEdge(edges, id, time);
  const EdgeKey key{id, time, NextSeq(edges, id, time)};
  edges.Insert(key, std::move(edge));
  return key;
}

std::optional<EdgeKey> CloseEdge(Edges& edges, const IdentifierId& id, const std::optional<Holding>& holding,
                                 absl::Time time, Edge empty) {
  if (holding && !holding->before_start) {
    edges.Edit(holding->key).to = time;
    return std::nullopt;
  }
  empty.customer.reset();
  empty.to = time;
  const EdgeKey key{id, time, NextSeq(edges, id, time)};
  edges.Insert(key, std::move(empty));
  return key;
}

}  // namespace tessera::oneid
