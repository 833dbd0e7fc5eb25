// Locks and reads what a batch needs. Errors stick to the Tx.
#pragma once

#include "pg/tx.h"
#include "services/oneid/domain/need.h"
#include "services/oneid/domain/tables.h"

namespace tessera::oneid {

// In the global order: configuration, ids of rows that do not exist yet, identifiers, roots, merges; each sorted.
void Lock(pg::Tx& tx, const Need& need);

// Reads, under the locks, what is not loaded yet. False if what was discovered no longer holds: then it is forgotten,
// and the batch has to start again.
bool Load(pg::Tx& tx, Need& need, Tables& tables);

}  // namespace tessera::oneid
