// The sample's table: load and save of a batch, and read queries. Set-based: one statement each.
#pragma once

#include <map>
#include <set>

#include "engine/service.h"
#include "pg/tx.h"
#include "services/sample/domain/activity.h"

namespace tessera::sample {

void Lock(pg::Tx& tx, const Need& need);
engine::Loaded Load(pg::Tx& tx, const Need& need, Tables& tables);
void Save(pg::Tx& tx, const Tables& tables);

// The activities that exist among `keys`.
std::map<ActivityKey, Activity> FindActivities(pg::Tx& tx, const std::set<ActivityKey>& keys);

}  // namespace tessera::sample
