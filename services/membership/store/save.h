// Inside store/ only: the parts of Save that have a file of their own.
#pragma once

#include "services/membership/store/store.h"

namespace tessera::membership::store {

void SaveMembers(pg::Tx& tx, const Tables& tables);
void SaveOrders(pg::Tx& tx, const Tables& tables);
void SaveLots(pg::Tx& tx, const Tables& tables);
void SaveHolds(pg::Tx& tx, const Tables& tables);

}  // namespace tessera::membership::store
