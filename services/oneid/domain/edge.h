// The ledger of who owns an identifier when. Rows are appended and closed only. Pure functions over loaded rows.
//
// An edge holds from its start until the identifier's next edge begins, or until it is closed. An edge without a
// customer is empty: it only ends what comes before it, because a closing arrived before the edge that it closes. The
// time before the first edge belongs to that edge's customer.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>

#include "absl/time/time.h"
#include "engine/table.h"
#include "services/oneid/domain/ids.h"

namespace tessera::oneid {

// Edges of one identifier with equal starts are ordered by arrival.
struct EdgeKey {
  IdentifierId identifier;
  absl::Time from;
  int16_t seq = 0;

  std::strong_ordering operator<=>(const EdgeKey&) const = default;
};

// Why an edge was written. Values are stored.
enum class EdgeReason { kEvent = 1, kTransfer = 2, kClosing = 3 };

struct Edge {
  GroupId group;
  std::string name;                    // of the namespace
  std::string scope;                   // key
  std::optional<CustomerId> customer;  // the side that it arrived with; nullopt: an empty edge
  absl::Time to = absl::InfiniteFuture();
  std::string source, event_id;  // evidence
  EdgeReason reason = EdgeReason::kEvent;
  int64_t rule_version = 0;
  int64_t decision_number = 0;

  bool operator==(const Edge&) const = default;
};

using Edges = engine::Table<EdgeKey, Edge>;

// Calls f(key, edge) for every edge of the identifier, in order of time.
template <class F>
void EachEdge(const Edges& edges, const IdentifierId& id, F f) {
  edges.Range({id, absl::InfinitePast(), 0}, {id, absl::InfiniteFuture(), 0}, f);
}

// The edge that speaks for the identifier at `time`: its key and whether the time lies before its start.
struct Holding {
  EdgeKey key;
  CustomerId customer;
  bool before_start = false;
};

// Who owns the identifier at `time`; nullopt if nobody does.
std::optional<Holding> HoldingAt(const Edges& edges, const IdentifierId& id, absl::Time time);

// Where an edge that starts at `time` would end: the start of the next one.
absl::Time EndOfNewEdge(const Edges& edges, const IdentifierId& id, absl::Time time);

// Appends an edge that starts at `time`; its end is set. Answers its key.
EdgeKey OpenEdge(Edges& edges, const IdentifierId& id, absl::Time time, Edge edge);

// Ends the holding at `time`: closes its edge, or, if the time lies before the edge's start or there is no holding,
// appends the empty edge `empty` and answers its key.
std::optional<EdgeKey> CloseEdge(Edges& edges, const IdentifierId& id, const std::optional<Holding>& holding,
                                 absl::Time time, Edge empty);

}  // namespace tessera::oneid
