#include "services/oneid/store/graph_rows.h"

#include <utility>

namespace tessera::oneid {

using pg::Statement;

IdentifierKeys KeysOf(const std::map<IdentifierId, GroupId>& identifiers) {
  IdentifierKeys keys;
  for (const auto& [id, group] : identifiers) keys.Add(group, id);
  return keys;
}

void ReadIdentifiers(pg::Tx& tx, const IdentifierKeys& keys,
                     const std::function<void(const IdentifierId&, const Identifier&)>& f) {
  static constexpr Statement kRead = {
      "read_identifiers",
      "SELECT i.identifier_id, i.group_id, i.namespace, i.scope, i.decision_number, i.quarantined, i.shared, "
      "i.logged_in_customer_id, i.transaction_customer_id "
      "FROM unnest($1::text[], $2::uuid[]) AS k(group_id, identifier_id) "
      "JOIN identifier i ON i.group_id = k.group_id AND i.identifier_id = k.identifier_id"};
  if (keys.empty()) return;
  const pg::Rows rows = tx.Run(kRead, keys.groups, keys.ids);
  for (const auto row : rows) {
    Identifier identifier;
    identifier.group = {row.Get<std::string>(1)};
    identifier.name = row.Get<std::string>(2);
    identifier.scope = row.Get<std::string>(3);
    identifier.decision_number = row.Get<int64_t>(4);
    identifier.quarantined = row.Get<bool>(5);
    identifier.shared = row.Get<bool>(6);
    identifier.logged_in_customer = row.Get<std::optional<CustomerId>>(7);
    identifier.transaction_customer = row.Get<std::optional<CustomerId>>(8);
    f(row.Get<IdentifierId>(0), identifier);
  }
}

void ReadEdges(pg::Tx& tx, const IdentifierKeys& keys, const std::function<void(const EdgeKey&, const Edge&)>& f) {
  static constexpr Statement kRead = {
      "read_edges",
      "SELECT e.identifier_id, e.valid_from, e.seq, e.group_id, e.namespace, e.scope, e.customer_id, e.valid_to, "
      "e.source, e.event_id, e.reason, e.rule_version, e.decision_number "
      "FROM unnest($1::text[], $2::uuid[]) AS k(group_id, identifier_id) "
      "JOIN edge e ON e.group_id = k.group_id AND e.identifier_id = k.identifier_id"};
  if (keys.empty()) return;
  const pg::Rows rows = tx.Run(kRead, keys.groups, keys.ids);
  for (const auto row : rows) {
    f({row.Get<IdentifierId>(0), row.Get<absl::Time>(1), row.Get<int16_t>(2)},
      {.group = {row.Get<std::string>(3)},
       .name = row.Get<std::string>(4),
       .scope = row.Get<std::string>(5),
       .customer = row.Get<std::optional<CustomerId>>(6),
       .to = row.Get<absl::Time>(7),
       .source = row.Get<std::string>(8),
       .event_id = row.Get<std::string>(9),
       .reason = static_cast<EdgeReason>(row.Get<int16_t>(10)),
       .rule_version = row.Get<int64_t>(11),
       .decision_number = row.Get<int64_t>(12)});
  }
}

void ReadCustomers(pg::Tx& tx, const std::vector<CustomerId>& customers,
                   const std::function<void(const CustomerId&, const Customer&)>& f) {
  static constexpr Statement kRead = {
      "read_customers",
      "SELECT customer_id, group_id, root_id, anonymous, decision_number, last_change_id "
      "FROM customer WHERE customer_id = ANY($1)"};
  if (customers.empty()) return;
  const pg::Rows rows = tx.Run(kRead, customers);
  for (const auto row : rows) {
    f(row.Get<CustomerId>(0), {.group = {row.Get<std::string>(1)},
                               .root = row.Get<CustomerId>(2),
                               .anonymous = row.Get<bool>(3),
                               .decision_number = row.Get<int64_t>(4),
                               .last_change = row.Get<std::optional<MergeId>>(5).value_or(MergeId{})});
  }
}

void ReadRoots(pg::Tx& tx, const std::vector<CustomerId>& customers,
               const std::function<void(const CustomerId&, const CustomerId&)>& f) {
  static constexpr Statement kRead = {"read_roots",
                                      "SELECT customer_id, root_id FROM customer WHERE customer_id = ANY($1)"};
  if (customers.empty()) return;
  const pg::Rows rows = tx.Run(kRead, customers);
  for (const auto row : rows) f(row.Get<CustomerId>(0), row.Get<CustomerId>(1));
}

void ReadSides(pg::Tx& tx, const std::vector<CustomerId>& roots,
               const std::function<void(const CustomerId&, const CustomerId&)>& f) {
  static constexpr Statement kRead = {
      "read_sides",
      "SELECT customer_id, root_id FROM customer WHERE root_id = ANY($1) AND root_id <> customer_id "
      "ORDER BY customer_id"};
  if (roots.empty()) return;
  const pg::Rows rows = tx.Run(kRead, roots);
  for (const auto row : rows) f(row.Get<CustomerId>(0), row.Get<CustomerId>(1));
}

void ReadHoldings(pg::Tx& tx, const std::vector<CustomerId>& sides,
                  const std::function<void(const CustomerId&, const GroupId&, Holdings)>& f) {
  static constexpr Statement kRead = {
      "read_holdings", "SELECT customer_id, group_id, identifier_ids FROM customer WHERE customer_id = ANY($1)"};
  if (sides.empty()) return;
  const pg::Rows rows = tx.Run(kRead, sides);
  for (const auto row : rows) {
    Holdings holdings;
    for (const Uuid& id : row.Get<std::vector<Uuid>>(2)) holdings.identifiers.push_back({id});
    f(row.Get<CustomerId>(0), {row.Get<std::string>(1)}, std::move(holdings));
  }
}

}  // namespace tessera::oneid
