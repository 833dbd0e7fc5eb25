// Set-based reads of the identity graph's rows by key. Errors stick to the Tx.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "pg/tx.h"
#include "services/oneid/domain/tables.h"

namespace tessera::oneid {

// Identifiers as two parallel arrays, sorted by id.
struct IdentifierKeys {
  std::vector<std::string> groups;
  std::vector<IdentifierId> ids;

  void Add(const GroupId& group, const IdentifierId& id) {
    groups.push_back(group.value);
    ids.push_back(id);
  }
  bool empty() const { return ids.empty(); }
};
IdentifierKeys KeysOf(const std::map<IdentifierId, GroupId>& identifiers);

void ReadIdentifiers(pg::Tx& tx, const IdentifierKeys& keys,
                     const std::function<void(const IdentifierId&, const Identifier&)>& f);

// Only identifiers that have a row have edges.
void ReadEdges(pg::Tx& tx, const IdentifierKeys& keys, const std::function<void(const EdgeKey&, const Edge&)>& f);

void ReadCustomers(pg::Tx& tx, const std::vector<CustomerId>& customers,
                   const std::function<void(const CustomerId&, const Customer&)>& f);

// f(customer, root).
void ReadRoots(pg::Tx& tx, const std::vector<CustomerId>& customers,
               const std::function<void(const CustomerId&, const CustomerId&)>& f);

// The sides of roots, without the roots themselves: f(side, root).
void ReadSides(pg::Tx& tx, const std::vector<CustomerId>& roots,
               const std::function<void(const CustomerId&, const CustomerId&)>& f);

// The identifiers with edges of sides: f(side, group, identifiers).
void ReadHoldings(pg::Tx& tx, const std::vector<CustomerId>& sides,
                  const std::function<void(const CustomerId&, const GroupId&, Holdings)>& f);

}  // namespace tessera::oneid
