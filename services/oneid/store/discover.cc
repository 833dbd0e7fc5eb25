#include "services/oneid/store/discover.h"

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "services/oneid/domain/resolution.h"
#include "services/oneid/store/config_store.h"
#include "services/oneid/store/graph_rows.h"

namespace tessera::oneid {
namespace {

void DiscoverConfigs(pg::Tx& tx, Need& need) {
  std::set<BrandId> unread;
  for (const BrandId& brand : need.brands) {
    if (!need.configs.contains(brand)) unread.insert(brand);
  }
  if (unread.empty()) return;
  for (const auto& [brand, compiled] : ReadConfigs(tx, unread)) {
    need.configs[brand] = compiled->config();
    need.groups.insert(compiled->config()->id);
    need.group_configs[compiled->config()->id] = compiled->config();
  }
  for (const BrandId& brand : unread) need.configs.try_emplace(brand, nullptr);
}

// Identifiers whose rows the event may touch, and what of them.
void AddIdentifier(Need& need, const PreparedIdentifier& prepared, const Prepared& event, absl::Time time) {
  if (!prepared.usable()) return;
  need.identifiers.emplace(prepared.id, event.config->id);
  const Namespace& ns = *prepared.ns;
  if (ns.transferable) need.activities.insert(prepared.id);
  if (!ns.velocity) return;
  const absl::Time since =
      ns.velocity->window_hours == 0 ? absl::InfinitePast() : time - absl::Hours(ns.velocity->window_hours + 1);
  auto [at, fresh] = need.presentations.emplace(prepared.id, since);
  at->second = std::min(at->second, since);
}

void PrepareOne(Need& need, const EventKey& key, const ResolveEvent& event, const GroupConfigPtr& config) {
  auto [at, fresh] = need.prepared.try_emplace({key, config->fingerprint});
  if (!fresh) return;
  at->second = PrepareEvent(*Compile(config), event);
  for (const PreparedIdentifier& one : at->second->identifiers) AddIdentifier(need, one, *at->second, event.time);
  if (at->second->closed) AddIdentifier(need, *at->second->closed, *at->second, event.time);
  need.customers.insert(WouldBeId(config->id, event));
}

void PrepareEvents(Need& need) {
  for (const auto& [key, event] : need.events) {
    if (const auto& config = need.configs[key.brand]) PrepareOne(need, key, *event, config);
  }
  for (const auto& [key, configs] : need.further_configs) {
    for (const auto& [fingerprint, config] : configs) PrepareOne(need, key, *need.events.at(key), config);
  }
}

void DiscoverOwners(pg::Tx& tx, Need& need) {
  std::map<IdentifierId, GroupId> unread;
  for (const auto& [id, group] : need.identifiers) {
    if (!need.seen.owners.contains(id)) unread.emplace(id, group);
  }
  if (unread.empty()) return;
  const IdentifierKeys keys = KeysOf(unread);
  for (const auto& [id, group] : unread) need.seen.owners.try_emplace(id);
  IdentifierKeys stored;
  ReadIdentifiers(tx, keys, [&](const IdentifierId& id, const Identifier& row) {
    need.seen.stored.insert(id);
    stored.Add(row.group, id);
    if (row.shared) need.seen.shared.insert(id);
    if (row.logged_in_customer) need.customers.insert(*row.logged_in_customer);
    if (row.transaction_customer) need.customers.insert(*row.transaction_customer);
  });
  ReadEdges(tx, stored, [&](const EdgeKey& key, const Edge& edge) {
    if (!edge.customer) return;
    auto& owners = need.seen.owners[key.identifier];
    if (std::find(owners.begin(), owners.end(), *edge.customer) == owners.end()) owners.push_back(*edge.customer);
    need.customers.insert(*edge.customer);
  });
}

// An event on shared identifiers alone goes to the identifier's customer of the day.
void AddDayCustomers(Need& need) {
  if (need.seen.shared.empty()) return;
  for (const auto& [key, prepared] : need.prepared) {
    if (need.seen.judged.contains(key)) continue;
    const ResolveEvent& event = *need.events.at(key.event);
    for (const PreparedIdentifier& one : prepared->identifiers) {
      if (!one.usable() || !need.seen.shared.contains(one.id)) continue;
      const absl::TimeZone zone = prepared->config->FindBrand(event.key.brand)->zone;
      need.customers.insert(DayCustomerId(prepared->config->id, one.id, event.time, zone));
    }
  }
}

void DiscoverRoots(pg::Tx& tx, Need& need) {
  std::vector<CustomerId> unread;
  for (const CustomerId& customer : need.customers) {
    if (!need.seen.root_of.contains(customer)) unread.push_back(customer);
  }
  if (unread.empty()) return;
  for (const CustomerId& customer : unread) need.seen.root_of[customer] = customer;
  ReadRoots(tx, unread, [&](const CustomerId& customer, const CustomerId& root) {
    need.seen.root_of[customer] = root;
    need.customers.insert(root);
    need.seen.root_of.try_emplace(root, root);
  });
  for (const CustomerId& customer : unread) need.roots.insert(need.seen.root_of[customer]);
}

// Whether an event may attach, merge or close: then its roots are loaded in full.
bool MayChange(const Prepared& prepared, const ResolveEvent& event, const std::set<CustomerId>& roots, bool unowned) {
  return unowned || roots.size() > 1 || prepared.closed.has_value() || (event.verified && !roots.empty());
}

void AddFullRoots(Need& need) {
  for (const auto& [key, prepared] : need.prepared) {
    if (!need.seen.judged.insert(key).second) continue;
    std::set<CustomerId> roots;
    bool unowned = false;
    for (const PreparedIdentifier& one : prepared->identifiers) {
      if (!one.usable() || one.ns->strength == Strength::kTransaction) continue;
      const auto& owners = need.seen.owners[one.id];
      unowned = unowned || owners.empty();
      for (const CustomerId& owner : owners) roots.insert(need.seen.root_of[owner]);
    }
    if (MayChange(*prepared, *need.events.at(key.event), roots, unowned)) {
      need.full_roots.insert(roots.begin(), roots.end());
    }
  }
}

void DiscoverSides(pg::Tx& tx, Need& need) {
  std::vector<CustomerId> unread;
  for (const CustomerId& root : need.full_roots) {
    if (!need.seen.sides_of.contains(root)) unread.push_back(root);
  }
  if (unread.empty()) return;
  for (const CustomerId& root : unread) need.seen.sides_of.try_emplace(root);
  ReadSides(tx, unread, [&](const CustomerId& side, const CustomerId& root) {
    need.seen.sides_of[root].push_back(side);
    need.customers.insert(side);
    need.seen.root_of[side] = root;
  });
  need.customers.insert(unread.begin(), unread.end());
  need.roots.insert(unread.begin(), unread.end());
}

size_t SizeOf(const Need& need) {
  return need.configs.size() + need.prepared.size() + need.identifiers.size() + need.customers.size() +
         need.roots.size() + need.full_roots.size() + need.seen.owners.size() + need.seen.root_of.size() +
         need.seen.sides_of.size();
}

}  // namespace

bool Discover(pg::Tx& tx, Need& need) {
  const size_t before = SizeOf(need);
  DiscoverConfigs(tx, need);
  PrepareEvents(need);
  DiscoverOwners(tx, need);
  AddDayCustomers(need);
  DiscoverRoots(tx, need);
  AddFullRoots(need);
  DiscoverSides(tx, need);
  return SizeOf(need) != before;
}

}  // namespace tessera::oneid
