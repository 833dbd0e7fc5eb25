// Inside store/ only: the parts of Load, in their order.
#pragma once

#include "services/membership/store/store.h"

namespace tessera::membership::store {

void LoadBrands(pg::Tx& tx, const Need& need, Tables& tables, ReadProgram read_program);
// kMoved if a discovered root is another by now. Growth days of brands whose tiers are judged by a window are made up
// from the ledger where they were not kept.
engine::Loaded LoadMembers(pg::Tx& tx, const Need& need, Tables& tables);
// Growth days of the loaded members of such brands.
void LoadGrowth(pg::Tx& tx, const Need& need, Tables& tables);
void LoadMerges(pg::Tx& tx, const Need& need, Tables& tables);
// Adds the lots of awards to `lots`, also as those whose children are wanted. kMoved if an order has an owner by now
// that was not discovered.
engine::Loaded LoadOrders(pg::Tx& tx, const Need& need, Tables& tables, Need& lots);
// Adds the lots of parts to `lots`.
void LoadHolds(pg::Tx& tx, const Need& need, Tables& tables, Need& lots);
// By id, by range, by origin; with the lots that points first came from.
void LoadLots(pg::Tx& tx, const Need& need, Tables& tables);

// The root's own side and its others.
std::vector<MemberKey> SidesOf(const Tables& tables, const MemberKey& side);

}  // namespace tessera::membership::store
