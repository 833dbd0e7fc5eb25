#include "services/oneid/store/load.h"

#include <algorithm>
#include <cstring>
#include <utility>
#include <vector>

#include "engine/engine_store.h"
#include "services/oneid/store/answer_document.h"
#include "services/oneid/store/config_store.h"
#include "services/oneid/store/graph_rows.h"

namespace tessera::oneid {
namespace {

using pg::Statement;

int64_t LockNumber(const IdentifierId& id) {
  int64_t number;
  std::memcpy(&number, id.uuid.bytes.data(), sizeof(number));
  return number;
}

void LockIdentifiers(pg::Tx& tx, const Need& need) {
  static constexpr Statement kLock = {
      "lock_identifiers",
      "SELECT 1 FROM unnest($1::text[], $2::uuid[]) AS k(group_id, identifier_id) "
      "JOIN identifier i ON i.group_id = k.group_id AND i.identifier_id = k.identifier_id "
      "ORDER BY i.identifier_id FOR UPDATE OF i"};
  std::vector<int64_t> absent;
  IdentifierKeys stored;
  for (const auto& [id, group] : need.identifiers) {
    if (need.seen.stored.contains(id)) {
      stored.Add(group, id);
    } else {
      absent.push_back(LockNumber(id));
    }
  }
  std::sort(absent.begin(), absent.end());
  if (!absent.empty()) engine::LockIds(tx, absent);
  if (!stored.empty()) tx.Send(kLock, stored.groups, stored.ids);
}

// ---- configuration ----

bool SameConfigs(const Need& need, const std::map<BrandId, CompiledConfigPtr>& now) {
  for (const auto& [brand, seen] : need.configs) {
    auto at = now.find(brand);
    if ((at == now.end()) != (seen == nullptr)) return false;
    if (seen != nullptr && at->second->config()->fingerprint != seen->fingerprint) return false;
  }
  return true;
}

bool LoadConfigs(pg::Tx& tx, Need& need, Tables& tables) {
  // Read again, now that nobody else can change it.
  if ((need.changes_configuration || need.MissesABrand()) && !SameConfigs(need, ReadConfigs(tx, need.brands))) {
    need.configs.clear();
    return false;
  }
  if (need.changes_configuration) {
    need.group_configs.clear();
    for (const auto& [group, compiled] : ReadGroupConfigs(tx, need.groups)) {
      need.group_configs[group] = compiled->config();
    }
  }
  for (const auto& [brand, config] : need.configs) {
    tables.brands.Put(brand, config == nullptr ? std::nullopt : std::optional(BrandRow{config->id}));
  }
  for (const GroupId& group : need.groups) {
    auto at = need.group_configs.find(group);
    tables.groups.Put(group, at == need.group_configs.end() ? std::nullopt : std::optional(GroupRow{at->second}));
  }
  for (const auto& [key, prepared] : need.prepared) {
    tables.prepared.Put({key.event, key.config_fingerprint}, prepared);
  }
  return true;
}

// ---- identifiers ----

bool LoadIdentifiers(pg::Tx& tx, const Need& need, Tables& tables) {
  IdentifierKeys keys;
  for (const auto& [id, group] : need.identifiers) {
    if (!tables.identifiers.Loaded(id)) keys.Add(group, id);
  }
  bool holds = true;
  auto known = [&](const std::optional<CustomerId>& customer) {
    return !customer || need.customers.contains(*customer);
  };
  IdentifierKeys stored;
  ReadIdentifiers(tx, keys, [&](const IdentifierId& id, const Identifier& row) {
    stored.Add(row.group, id);
    holds = holds && need.seen.stored.contains(id) && row.shared == need.seen.shared.contains(id) &&
            known(row.logged_in_customer) && known(row.transaction_customer);
    tables.identifiers.Put(id, row);
  });
  ReadEdges(tx, stored, [&](const EdgeKey& key, const Edge& edge) {
    holds = holds && known(edge.customer);
    tables.edges.Put(key, edge);
  });
  for (const IdentifierId& id : keys.ids) tables.identifiers.Put(id, std::nullopt);
  return holds;
}

void LoadPresentations(pg::Tx& tx, const Need& need, Tables& tables) {
  static constexpr Statement kRead = {
      "read_presentations",
      "SELECT p.identifier_id, p.hour, p.customer_id, p.group_id, p.first_time, p.last_time "
      "FROM unnest($1::text[], $2::uuid[], $3::timestamptz[]) AS k(group_id, identifier_id, since) "
      "JOIN presentation p ON p.group_id = k.group_id AND p.identifier_id = k.identifier_id AND p.hour >= k.since"};
  if (need.presentations.empty()) return;
  IdentifierKeys keys;
  std::vector<absl::Time> since;
  for (const auto& [id, from] : need.presentations) {
    keys.Add(need.identifiers.at(id), id);
    since.push_back(from);
  }
  const pg::Rows rows = tx.Run(kRead, keys.groups, keys.ids, since);
  for (const auto row : rows) {
    tables.presentations.Put({row.Get<IdentifierId>(0), row.Get<absl::Time>(1), row.Get<CustomerId>(2)},
                             Presentation{{row.Get<std::string>(3)}, row.Get<absl::Time>(4), row.Get<absl::Time>(5)});
  }
}

void LoadActivities(pg::Tx& tx, const Need& need, Tables& tables) {
  static constexpr Statement kRead = {
      "read_activities",
      "SELECT a.identifier_id, a.customer_id, a.group_id, a.last_day "
      "FROM unnest($1::text[], $2::uuid[]) AS k(group_id, identifier_id) "
      "JOIN activity a ON a.group_id = k.group_id AND a.identifier_id = k.identifier_id"};
  if (need.activities.empty()) return;
  IdentifierKeys keys;
  for (const IdentifierId& id : need.activities) keys.Add(need.identifiers.at(id), id);
  const pg::Rows rows = tx.Run(kRead, keys.groups, keys.ids);
  for (const auto row : rows) {
    tables.activities.Put({row.Get<IdentifierId>(0), row.Get<CustomerId>(1)},
                          Activity{{row.Get<std::string>(2)}, row.Get<int64_t>(3)});
  }
}

// ---- customers ----

bool LoadCustomers(pg::Tx& tx, const Need& need, Tables& tables) {
  std::vector<CustomerId> unread;
  for (const CustomerId& customer : need.customers) {
    if (!tables.customers.Loaded(customer)) unread.push_back(customer);
  }
  bool holds = true;
  ReadCustomers(tx, unread, [&](const CustomerId& id, const Customer& row) {
    holds = holds && need.roots.contains(row.root) && need.customers.contains(row.root);
    tables.customers.Put(id, row);
  });
  for (const CustomerId& customer : unread) tables.customers.Put(customer, std::nullopt);
  return holds;
}

bool LoadSides(pg::Tx& tx, const Need& need, Tables& tables) {
  std::vector<CustomerId> roots, sides;
  for (const CustomerId& root : need.full_roots) {
    if (!tables.sides.Loaded(root)) roots.push_back(root);
  }
  if (roots.empty()) return true;
  std::map<CustomerId, Sides> sides_of;
  for (const CustomerId& root : roots) sides_of[root];
  bool holds = true;
  sides = roots;
  ReadSides(tx, roots, [&](const CustomerId& side, const CustomerId& root) {
    holds = holds && need.customers.contains(side);
    sides_of[root].others.push_back(side);
    sides.push_back(side);
  });
  for (auto& [root, others] : sides_of) tables.sides.Put(root, std::move(others));
  IdentifierKeys keys;
  ReadHoldings(tx, sides, [&](const CustomerId& side, const GroupId& group, Holdings holdings) {
    for (const IdentifierId& id : holdings.identifiers) {
      if (!tables.identifiers.Loaded(id)) keys.Add(group, id);
    }
    tables.holdings.Put(side, std::move(holdings));
  });
  for (const CustomerId& side : sides) tables.holdings.Put(side, Holdings{});
  ReadEdges(tx, keys, [&](const EdgeKey& key, const Edge& edge) { tables.edges.Put(key, edge); });
  return holds;
}

// ---- merges ----

void LoadMerges(pg::Tx& tx, const Need& need, Tables& tables) {
  static constexpr Statement kMerges = {
      "read_merges",
      "SELECT merge_id, group_id, survivor_id, absorbed_id, state, merge_time, brand_id, source, event_id, mismatch, "
      "closed_time FROM merge WHERE merge_id = ANY($1)"};
  static constexpr Statement kAnswers = {"read_merge_answers",
                                         "SELECT merge_id, service, answer FROM merge_answer WHERE merge_id = ANY($1)"};
  std::vector<MergeId> unread;
  for (const MergeId& merge : need.merges) {
    if (!tables.merges.Loaded(merge)) unread.push_back(merge);
  }
  if (unread.empty()) return;
  const pg::Rows merges = tx.Run(kMerges, unread);
  for (const auto row : merges) {
    tables.merges.Put(row.Get<MergeId>(0), Merge{.group = {row.Get<std::string>(1)},
                                                 .survivor = row.Get<CustomerId>(2),
                                                 .absorbed = row.Get<CustomerId>(3),
                                                 .state = static_cast<MergeState>(row.Get<int16_t>(4)),
                                                 .time = row.Get<absl::Time>(5),
                                                 .brand = row.Get<BrandId>(6),
                                                 .source = row.Get<std::string>(7),
                                                 .event_id = row.Get<std::string>(8),
                                                 .mismatch = row.Get<std::string>(9),
                                                 .closed_time = row.Get<std::optional<absl::Time>>(10)});
  }
  for (const MergeId& merge : unread) tables.merges.Put(merge, std::nullopt);
  const pg::Rows answers = tx.Run(kAnswers, unread);
  for (const auto row : answers) {
    tables.answers.Put({row.Get<MergeId>(0), row.Get<std::string>(1)}, DecodeAnswer(row.Get<pg::Bytes>(2).value));
  }
}

}  // namespace

void Lock(pg::Tx& tx, const Need& need) {
  static constexpr Statement kRoots = {
      "lock_roots", "SELECT 1 FROM customer WHERE customer_id = ANY($1) ORDER BY customer_id FOR UPDATE"};
  static constexpr Statement kMerges = {"lock_merges",
                                        "SELECT 1 FROM merge WHERE merge_id = ANY($1) ORDER BY merge_id FOR UPDATE"};
  if (need.changes_configuration) {
    LockConfiguration(tx);
  } else if (need.MissesABrand()) {
    ShareConfiguration(tx);
  }
  LockIdentifiers(tx, need);
  if (!need.roots.empty()) tx.Send(kRoots, std::vector<CustomerId>(need.roots.begin(), need.roots.end()));
  if (!need.merges.empty()) tx.Send(kMerges, std::vector<MergeId>(need.merges.begin(), need.merges.end()));
}

bool Load(pg::Tx& tx, Need& need, Tables& tables) {
  const bool holds = LoadConfigs(tx, need, tables) && LoadIdentifiers(tx, need, tables) &&
                     LoadCustomers(tx, need, tables) && LoadSides(tx, need, tables);
  if (!holds) {
    need.seen = {};
    return false;
  }
  LoadPresentations(tx, need, tables);
  LoadActivities(tx, need, tables);
  LoadMerges(tx, need, tables);
  return true;
}

}  // namespace tessera::oneid
