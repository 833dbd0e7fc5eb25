// Reads and writes the configuration of brand groups. What is read is kept compiled, for all
// threads. Errors stick to the Tx.
#pragma once

#include <map>
#include <set>

#include "absl/time/time.h"
#include "pg/tx.h"
#include "services/oneid/domain/group_config.h"
#include "services/oneid/domain/tables.h"
#include "services/oneid/store/prepare.h"

namespace tessera::oneid {

// The configuration of each brand that is known; the others are left out.
std::map<BrandId, CompiledConfigPtr> ReadConfigs(pg::Tx& tx, const std::set<BrandId>& brands);

// The configurations of groups by id; unknown ones are left out.
std::map<GroupId, CompiledConfigPtr> ReadGroupConfigs(pg::Tx& tx, const std::set<GroupId>& groups);

// Compiles a configuration that is not stored yet, or answers the kept one if it is the same.
CompiledConfigPtr Compile(const GroupConfigPtr& config);

// Lets one batch at a time change configurations; until the transaction ends.
void LockConfiguration(pg::Tx& tx);

// Lets none change configurations, and any number rely on what is not there; until the transaction ends.
void ShareConfiguration(pg::Tx& tx);

// Writes what changed of groups, brands and rules.
void SaveConfigs(pg::Tx& tx, const Tables& tables, absl::Time now);

}  // namespace tessera::oneid
