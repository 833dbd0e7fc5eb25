// Set-based SQL of a batch: what the engine's facade asks of a domain (engine/service_of.h). Stateless but for a cache
// of immutable program versions; thread-safe as long as each transaction is used by one thread.
#pragma once

#include <memory>
#include <string>

#include "engine/service.h"
#include "pg/tx.h"
#include "services/membership/domain/tables.h"

namespace tessera::membership::store {

// Makes a program of a stored document. It was valid when it was stored.
using ReadProgram = Program (*)(const std::string& document);

// Owners of orders, roots of customers, pages of members: reads all of it anew, and is then complete: always false.
bool Discover(pg::Tx& tx, Need& need);

// Advisory locks on rows that may come into being, then the roots' rows, each sorted.
void Lock(pg::Tx& tx, const Need& need);

// Reads under the locks what is not loaded yet; kMoved if a root is another by now.
engine::Loaded Load(pg::Tx& tx, const Need& need, Tables& tables, ReadProgram read_program);

// One statement for the new and one for the changed rows of each table that has any.
void Save(pg::Tx& tx, const Tables& tables, absl::Time now);

}  // namespace tessera::membership::store
