#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "services/oneid/store/config_store.h"
#include "services/oneid/store/event_document.h"
#include "services/oneid/store/graph_rows.h"
#include "services/oneid/store/reads.h"
#include "services/oneid/store/vault.h"

namespace tessera::oneid {
namespace {

using pg::Bytes;
using pg::Statement;

std::map<CustomerId, Customer> CustomersById(pg::Tx& tx, const std::set<CustomerId>& ids) {
  std::map<CustomerId, Customer> customers;
  ReadCustomers(tx, {ids.begin(), ids.end()},
                [&](const CustomerId& id, const Customer& row) { customers.emplace(id, row); });
  return customers;
}

template <class Query>
std::map<BrandId, CompiledConfigPtr> ConfigsOf(pg::Tx& tx, const std::vector<Query>& queries) {
  std::set<BrandId> brands;
  for (const Query& query : queries) brands.insert(query.brand);
  return ReadConfigs(tx, brands);
}

// The root and the anonymity of each owner.
void AddRoots(pg::Tx& tx, std::vector<std::optional<std::vector<OwnerView>>>& answers) {
  std::set<CustomerId> origins, roots;
  for (const auto& answer : answers) {
    if (!answer) continue;
    for (const OwnerView& owner : *answer) {
      if (owner.origin) origins.insert(*owner.origin);
    }
  }
  const auto sides = CustomersById(tx, origins);
  for (const auto& [id, side] : sides) roots.insert(side.root);
  const auto living = CustomersById(tx, roots);
  for (auto& answer : answers) {
    if (!answer) continue;
    for (OwnerView& owner : *answer) {
      if (!owner.origin) continue;
      auto side = sides.find(*owner.origin);
      if (side == sides.end()) continue;
      owner.root = side->second.root;
      auto root = living.find(*owner.root);
      owner.anonymous = root != living.end() && root->second.anonymous;
    }
  }
}

}  // namespace

std::vector<std::optional<std::vector<OwnerView>>> ReadOwners(pg::Tx& tx, const std::vector<OwnersQuery>& queries) {
  const auto configs = ConfigsOf(tx, queries);
  std::vector<std::optional<std::vector<OwnerView>>> answers(queries.size());
  std::map<IdentifierId, GroupId> wanted;
  for (size_t i = 0; i < queries.size(); ++i) {
    auto config = configs.find(queries[i].brand);
    if (config == configs.end()) continue;
    const GroupConfig& group = *config->second->config();
    answers[i].emplace();
    for (const RawIdentifier& raw : queries[i].identifiers) {
      const auto prepared = config->second->Prepare(raw, *group.FindBrand(queries[i].brand), queries[i].time);
      answers[i]->push_back({.id = prepared.id, .left_out = prepared.left_out, .root = {}, .origin = {}});
      if (prepared.usable()) wanted.emplace(prepared.id, group.id);
    }
  }
  Edges edges;
  ReadEdges(tx, KeysOf(wanted), [&](const EdgeKey& key, const Edge& edge) { edges.Put(key, edge); });
  for (size_t i = 0; i < queries.size(); ++i) {
    if (!answers[i]) continue;
    for (OwnerView& owner : *answers[i]) {
      const auto holding = HoldingAt(edges, owner.id, queries[i].time);
      if (holding) owner.origin = holding->customer;
    }
  }
  AddRoots(tx, answers);
  return answers;
}

namespace {

// The sealed values of identifiers and for whom they are sealed, opened with the keys of those customers.
struct Sealed {
  GroupId group;
  bool quarantined = false, shared = false;
  std::optional<CustomerId> owner;
  std::string bytes;
};

std::map<IdentifierId, Sealed> ReadSealed(pg::Tx& tx, const IdentifierKeys& keys) {
  static constexpr Statement kRead = {
      "read_sealed",
      "SELECT i.identifier_id, i.group_id, i.quarantined, i.shared, i.sealed_for, i.sealed_value "
      "FROM unnest($1::text[], $2::uuid[]) AS k(group_id, identifier_id) "
      "JOIN identifier i ON i.group_id = k.group_id AND i.identifier_id = k.identifier_id"};
  std::map<IdentifierId, Sealed> sealed;
  if (keys.empty()) return sealed;
  const pg::Rows rows = tx.Run(kRead, keys.groups, keys.ids);
  for (const auto row : rows) {
    Sealed& one = sealed[row.Get<IdentifierId>(0)];
    one.group = {row.Get<std::string>(1)};
    one.quarantined = row.Get<bool>(2);
    one.shared = row.Get<bool>(3);
    one.owner = row.Get<std::optional<CustomerId>>(4);
    if (!row.IsNull(5)) one.bytes = row.Get<Bytes>(5).value;
  }
  return sealed;
}

std::map<CustomerId, std::string> ReadKeys(pg::Tx& tx, const std::map<IdentifierId, Sealed>& sealed) {
  static constexpr Statement kRead = {
      "read_opening_keys",
      "SELECT customer_id, person_key FROM customer WHERE customer_id = ANY($1) AND person_key IS NOT NULL"};
  std::set<CustomerId> owners;
  for (const auto& [id, one] : sealed) {
    if (one.owner) owners.insert(*one.owner);
  }
  std::map<CustomerId, std::string> keys;
  if (owners.empty()) return keys;
  const pg::Rows rows = tx.Run(kRead, std::vector<CustomerId>(owners.begin(), owners.end()));
  for (const auto row : rows) keys[row.Get<CustomerId>(0)] = row.Get<Bytes>(1).value;
  return keys;
}

// Everything about a set of roots.
class CustomerReader {
 public:
  CustomerReader(pg::Tx& tx, const std::set<CustomerId>& roots) : roots_(CustomersById(tx, roots)) {
    const std::vector<CustomerId> ids(roots.begin(), roots.end());
    std::vector<CustomerId> all = ids;
    ReadSides(tx, ids, [&](const CustomerId& side, const CustomerId& root) {
      sides_[root].push_back(side);
      all.push_back(side);
    });
    std::map<IdentifierId, GroupId> identifiers;
    ReadHoldings(tx, all, [&](const CustomerId&, const GroupId& group, const Holdings& holdings) {
      for (const IdentifierId& id : holdings.identifiers) identifiers.emplace(id, group);
    });
    const IdentifierKeys keys = KeysOf(identifiers);
    ReadEdges(tx, keys, [&](const EdgeKey& key, const Edge& edge) {
      if (edge.customer) edges_[*edge.customer].emplace(key, edge);
    });
    sealed_ = ReadSealed(tx, keys);
    keys_ = ReadKeys(tx, sealed_);
    ReadMergesOf(tx, all);
  }

  CustomerView View(const CustomerId& root) const {
    const Customer& row = roots_.at(root);
    CustomerView view{
        .root = root, .group = row.group, .anonymous = row.anonymous, .others = {}, .owned = {}, .merges = {}};
    if (auto at = sides_.find(root); at != sides_.end()) view.others = at->second;
    std::vector<CustomerId> all = view.others;
    all.push_back(root);
    for (const CustomerId& side : all) {
      if (auto at = edges_.find(side); at != edges_.end()) AddOwned(at->second, view);
      if (auto at = merge_of_.find(side); at != merge_of_.end()) {
        view.merges.insert(view.merges.end(), at->second.begin(), at->second.end());
      }
    }
    std::sort(view.owned.begin(), view.owned.end(),
              [](const OwnedView& a, const OwnedView& b) { return a.key < b.key; });
    std::sort(view.merges.begin(), view.merges.end());
    return view;
  }

  bool Knows(const CustomerId& root) const { return roots_.contains(root); }

 private:
  void ReadMergesOf(pg::Tx& tx, const std::vector<CustomerId>& sides) {
    static constexpr Statement kRead = {"read_merges_of",
                                        "SELECT merge_id, absorbed_id FROM merge WHERE absorbed_id = ANY($1)"};
    const pg::Rows rows = tx.Run(kRead, sides);
    for (const auto row : rows) merge_of_[row.Get<CustomerId>(1)].push_back(row.Get<MergeId>(0));
  }

  void AddOwned(const std::map<EdgeKey, Edge>& edges, CustomerView& view) const {
    for (const auto& [key, edge] : edges) {
      OwnedView& owned = view.owned.emplace_back();
      owned.key = key;
      owned.edge = edge;
      auto at = sealed_.find(key.identifier);
      if (at == sealed_.end()) continue;
      owned.quarantined = at->second.quarantined;
      owned.shared = at->second.shared;
      if (at->second.owner != edge.customer) continue;
      auto person = keys_.find(*edge.customer);
      if (person == keys_.end()) continue;
      owned.value =
          OpenValue(at->second.group, *edge.customer, person->second, key.identifier, at->second.bytes).value_or("");
    }
  }

  const std::map<CustomerId, Customer> roots_;
  std::map<CustomerId, std::vector<CustomerId>> sides_;
  std::map<CustomerId, std::map<EdgeKey, Edge>> edges_;
  std::map<IdentifierId, Sealed> sealed_;
  std::map<CustomerId, std::string> keys_;
  std::map<CustomerId, std::vector<MergeId>> merge_of_;
};

}  // namespace

std::vector<std::optional<CustomerView>> ReadCustomerViews(pg::Tx& tx, const std::vector<CustomerQuery>& queries) {
  const auto configs = ConfigsOf(tx, queries);
  std::set<CustomerId> wanted, roots;
  for (const CustomerQuery& query : queries) wanted.insert(query.customer);
  const auto sides = CustomersById(tx, wanted);
  for (const auto& [id, side] : sides) roots.insert(side.root);
  const CustomerReader reader(tx, roots);
  std::vector<std::optional<CustomerView>> answers(queries.size());
  for (size_t i = 0; i < queries.size(); ++i) {
    auto config = configs.find(queries[i].brand);
    auto side = sides.find(queries[i].customer);
    if (config == configs.end() || side == sides.end()) continue;
    if (side->second.group != config->second->config()->id || !reader.Knows(side->second.root)) continue;
    answers[i] = reader.View(side->second.root);
  }
  return answers;
}

std::vector<std::optional<EventView>> ReadEvents(pg::Tx& tx, const std::vector<EventQuery>& queries) {
  static constexpr Statement kRead = {
      "read_identifier_events",
      "SELECT brand_id, source, event_id, event_time, decision_number, changed_graph, root_id, origin_customer_id, "
      "steps, posted_time FROM identifier_event WHERE event_hash = ANY($1) ORDER BY posted_time"};
  std::map<std::tuple<BrandId, std::string, std::string>, EventView> found;
  std::vector<int64_t> hashes;
  for (const EventQuery& query : queries) hashes.push_back(EventHash(query.brand, query.source, query.event_id));
  const pg::Rows rows = tx.Run(kRead, hashes);
  std::set<CustomerId> origins;
  for (const auto row : rows) {
    EventView view;
    view.record.event_time = row.Get<absl::Time>(3);
    view.record.decision_number = row.Get<int64_t>(4);
    view.record.changed_graph = row.Get<bool>(5);
    view.record.root = row.Get<std::optional<CustomerId>>(6);
    view.record.origin = row.Get<std::optional<CustomerId>>(7);
    view.posted_time = row.Get<absl::Time>(9);
    DecodeSteps(row.Get<Bytes>(8).value, view.record);
    if (view.record.origin) origins.insert(*view.record.origin);
    found.insert_or_assign({row.Get<BrandId>(0), row.Get<std::string>(1), row.Get<std::string>(2)}, std::move(view));
  }
  const auto sides = CustomersById(tx, origins);
  std::vector<std::optional<EventView>> answers(queries.size());
  for (size_t i = 0; i < queries.size(); ++i) {
    auto at = found.find({queries[i].brand, queries[i].source, queries[i].event_id});
    if (at == found.end()) continue;
    answers[i] = at->second;
    if (!at->second.record.origin) continue;
    if (auto side = sides.find(*at->second.record.origin); side != sides.end()) {
      answers[i]->root_now = side->second.root;
    }
  }
  return answers;
}

}  // namespace tessera::oneid
