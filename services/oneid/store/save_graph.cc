#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "services/oneid/store/save.h"
#include "services/oneid/store/vault.h"

namespace tessera::oneid {
namespace {

using pg::Bytes;
using pg::Statement;
using Texts = std::vector<std::string>;
using PersonKeys = std::map<CustomerId, std::optional<std::string>>;  // wrapped

// A column that is an array is sent as text: unnest() would flatten an array of arrays.
std::string ArrayText(const std::vector<IdentifierId>& ids) {
  std::string text = "{";
  for (const IdentifierId& id : ids) {
    if (text.size() > 1) text += ',';
    text += id.ToString();
  }
  return text + "}";
}

struct CustomerColumns {
  std::vector<CustomerId> ids, roots;
  Texts groups;
  std::vector<bool> anonymous;
  std::vector<int64_t> numbers;
  std::vector<std::optional<MergeId>> last_changes;
  std::vector<std::optional<std::string>> holdings;
  std::vector<Bytes> keys;

  void Add(const CustomerId& id, const Customer& row) {
    ids.push_back(id);
    roots.push_back(row.root);
    groups.push_back(row.group.value);
    anonymous.push_back(row.anonymous);
    numbers.push_back(row.decision_number);
    last_changes.push_back(row.last_change.is_nil() ? std::nullopt : std::optional(row.last_change));
    holdings.emplace_back();
  }
};

// Attaching to a side changes its holdings and often its row: one update for both.
void SaveCustomers(pg::Tx& tx, const Tables& tables, PersonKeys& keys) {
  static constexpr Statement kInsert = {
      "insert_customers",
      "INSERT INTO customer (customer_id, group_id, root_id, anonymous, decision_number, last_change_id, person_key, "
      "identifier_ids) SELECT k.customer_id, k.group_id, k.root_id, k.anonymous, k.decision_number, "
      "k.last_change_id, k.person_key, k.identifier_ids::uuid[] "
      "FROM unnest($1::uuid[], $2::text[], $3::uuid[], $4::bool[], $5::int8[], $6::uuid[], $7::bytea[], $8::text[]) "
      "AS k(customer_id, group_id, root_id, anonymous, decision_number, last_change_id, person_key, identifier_ids)"};
  static constexpr Statement kUpdate = {
      "update_customers",
      "UPDATE customer c SET root_id = k.root_id, decision_number = k.decision_number, "
      "last_change_id = k.last_change_id, identifier_ids = coalesce(k.identifier_ids::uuid[], c.identifier_ids) "
      "FROM unnest($1::uuid[], $2::uuid[], $3::int8[], $4::uuid[], $5::text[]) "
      "AS k(customer_id, root_id, decision_number, last_change_id, identifier_ids) "
      "WHERE c.customer_id = k.customer_id"};
  CustomerColumns fresh, changed;
  std::map<CustomerId, size_t> place;  // of those in `changed`
  tables.customers.EachDirty(
      [&](const CustomerId& id, const std::optional<Customer>& was, const std::optional<Customer>& row) {
        if (was) {
          place[id] = changed.ids.size();
          changed.Add(id, *row);
          return;
        }
        fresh.Add(id, *row);
        fresh.holdings.back() = ArrayText(tables.holdings.At(id).identifiers);
        const std::string key = NewPersonKey(row->group, id);
        fresh.keys.push_back({key});
        keys[id] = key;
      });
  tables.holdings.EachDirty(
      [&](const CustomerId& id, const std::optional<Holdings>& was, const std::optional<Holdings>& row) {
        if (!was) return;  // written with the new customer
        auto [at, added] = place.try_emplace(id, changed.ids.size());
        if (added) changed.Add(id, tables.customers.At(id));
        changed.holdings[at->second] = ArrayText(row->identifiers);
      });
  if (!fresh.ids.empty()) {
    tx.Send(kInsert, fresh.ids, fresh.groups, fresh.roots, fresh.anonymous, fresh.numbers, fresh.last_changes,
            fresh.keys, fresh.holdings);
  }
  if (!changed.ids.empty()) {
    tx.Send(kUpdate, changed.ids, changed.roots, changed.numbers, changed.last_changes, changed.holdings);
  }
}

// The keys of customers that are not new but get values to seal.
void ReadPersonKeys(pg::Tx& tx, const Tables& tables, PersonKeys& keys) {
  static constexpr Statement kRead = {"read_person_keys",
                                      "SELECT customer_id, person_key FROM customer WHERE customer_id = ANY($1)"};
  std::vector<CustomerId> unread;
  tables.identifiers.EachDirty(
      [&](const IdentifierId&, const std::optional<Identifier>&, const std::optional<Identifier>& row) {
        if (!row->value_to_seal) return;
        if (keys.try_emplace(row->value_to_seal->first).second) unread.push_back(row->value_to_seal->first);
      });
  if (unread.empty()) return;
  const pg::Rows rows = tx.Run(kRead, unread);
  for (const auto row : rows) {
    if (!row.IsNull(1)) keys[row.Get<CustomerId>(0)] = row.Get<Bytes>(1).value;
  }
}

struct IdentifierColumns {
  std::vector<IdentifierId> ids;
  Texts groups, names, scopes;
  std::vector<int64_t> numbers;
  std::vector<bool> quarantined, shared;
  std::vector<std::optional<CustomerId>> logged_in, transactions, sealed_for;
  std::vector<std::optional<Bytes>> sealed;

  void Add(const IdentifierId& id, const Identifier& row, const PersonKeys& keys) {
    ids.push_back(id);
    groups.push_back(row.group.value);
    names.push_back(row.name);
    scopes.push_back(row.scope);
    numbers.push_back(row.decision_number);
    quarantined.push_back(row.quarantined);
    shared.push_back(row.shared);
    logged_in.push_back(row.logged_in_customer);
    transactions.push_back(row.transaction_customer);
    sealed_for.emplace_back();
    sealed.emplace_back();
    if (!row.value_to_seal) return;
    const auto& [owner, value] = *row.value_to_seal;
    sealed_for.back() = owner;
    if (const auto& key = keys.at(owner)) {
      if (auto bytes = SealValue(row.group, owner, *key, id, value)) sealed.back() = Bytes{*std::move(bytes)};
    }
  }
};

void SaveIdentifiers(pg::Tx& tx, const Tables& tables, const PersonKeys& keys) {
  static constexpr Statement kInsert = {
      "insert_identifiers",
      "INSERT INTO identifier (group_id, identifier_id, namespace, scope, decision_number, quarantined, shared, "
      "logged_in_customer_id, transaction_customer_id, sealed_for, sealed_value) "
      "SELECT * FROM unnest($1::text[], $2::uuid[], $3::text[], $4::text[], $5::int8[], $6::bool[], $7::bool[], "
      "$8::uuid[], $9::uuid[], $10::uuid[], $11::bytea[])"};
  static constexpr Statement kUpdate = {
      "update_identifiers",
      "UPDATE identifier i SET decision_number = k.decision_number, quarantined = k.quarantined, shared = k.shared, "
      "logged_in_customer_id = k.logged_in, transaction_customer_id = k.transaction_customer, "
      "sealed_for = coalesce(k.sealed_for, i.sealed_for), "
      "sealed_value = CASE WHEN k.sealed_for IS NULL THEN i.sealed_value ELSE k.sealed_value END "
      "FROM unnest($1::text[], $2::uuid[], $3::int8[], $4::bool[], $5::bool[], $6::uuid[], $7::uuid[], $8::uuid[], "
      "$9::bytea[]) AS k(group_id, identifier_id, decision_number, quarantined, shared, logged_in, "
      "transaction_customer, sealed_for, sealed_value) "
      "WHERE i.group_id = k.group_id AND i.identifier_id = k.identifier_id"};
  IdentifierColumns fresh, changed;
  tables.identifiers.EachDirty(
      [&](const IdentifierId& id, const std::optional<Identifier>& was, const std::optional<Identifier>& row) {
        (was ? changed : fresh).Add(id, *row, keys);
      });
  if (!fresh.ids.empty()) {
    tx.Send(kInsert, fresh.groups, fresh.ids, fresh.names, fresh.scopes, fresh.numbers, fresh.quarantined, fresh.shared,
            fresh.logged_in, fresh.transactions, fresh.sealed_for, fresh.sealed);
  }
  if (!changed.ids.empty()) {
    tx.Send(kUpdate, changed.groups, changed.ids, changed.numbers, changed.quarantined, changed.shared,
            changed.logged_in, changed.transactions, changed.sealed_for, changed.sealed);
  }
}

struct EdgeColumns {
  std::vector<IdentifierId> ids;
  Texts groups, names, scopes, sources, events;
  std::vector<absl::Time> from, to;
  std::vector<int16_t> seqs, reasons;
  std::vector<std::optional<CustomerId>> customers;
  std::vector<int64_t> rule_versions, numbers;

  void Add(const EdgeKey& key, const Edge& edge) {
    ids.push_back(key.identifier);
    from.push_back(key.from);
    seqs.push_back(key.seq);
    groups.push_back(edge.group.value);
    names.push_back(edge.name);
    scopes.push_back(edge.scope);
    customers.push_back(edge.customer);
    to.push_back(edge.to);
    sources.push_back(edge.source);
    events.push_back(edge.event_id);
    reasons.push_back(static_cast<int16_t>(edge.reason));
    rule_versions.push_back(edge.rule_version);
    numbers.push_back(edge.decision_number);
  }
};

// Edges are appended, and closed; nothing else of one ever changes.
void SaveEdges(pg::Tx& tx, const Tables& tables) {
  static constexpr Statement kInsert = {
      "insert_edges",
      "INSERT INTO edge (group_id, identifier_id, valid_from, seq, valid_to, customer_id, namespace, scope, source, "
      "event_id, reason, rule_version, decision_number) "
      "SELECT * FROM unnest($1::text[], $2::uuid[], $3::timestamptz[], $4::int2[], $5::timestamptz[], $6::uuid[], "
      "$7::text[], $8::text[], $9::text[], $10::text[], $11::int2[], $12::int8[], $13::int8[])"};
  static constexpr Statement kClose = {
      "close_edges",
      "UPDATE edge e SET valid_to = k.valid_to "
      "FROM unnest($1::text[], $2::uuid[], $3::timestamptz[], $4::int2[], $5::timestamptz[]) "
      "AS k(group_id, identifier_id, valid_from, seq, valid_to) WHERE e.group_id = k.group_id "
      "AND e.identifier_id = k.identifier_id AND e.valid_from = k.valid_from AND e.seq = k.seq"};
  EdgeColumns fresh, closed;
  tables.edges.EachDirty([&](const EdgeKey& key, const std::optional<Edge>& was, const std::optional<Edge>& row) {
    (was ? closed : fresh).Add(key, *row);
  });
  if (!fresh.ids.empty()) {
    tx.Send(kInsert, fresh.groups, fresh.ids, fresh.from, fresh.seqs, fresh.to, fresh.customers, fresh.names,
            fresh.scopes, fresh.sources, fresh.events, fresh.reasons, fresh.rule_versions, fresh.numbers);
  }
  if (!closed.ids.empty()) tx.Send(kClose, closed.groups, closed.ids, closed.from, closed.seqs, closed.to);
}

}  // namespace

void SaveGraph(pg::Tx& tx, const Tables& tables) {
  PersonKeys keys;
  SaveCustomers(tx, tables, keys);
  ReadPersonKeys(tx, tables, keys);
  SaveIdentifiers(tx, tables, keys);
  SaveEdges(tx, tables);
}

}  // namespace tessera::oneid
