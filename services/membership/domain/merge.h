// Merges: two customers' facts become one's (oneid.md section 4). Facts stay keyed by their sides; only what exists
// once per living customer moves.
#pragma once

#include "services/membership/domain/books.h"

namespace tessera::membership {

Outcome Decide(Tables& tables, const CustomersMerged& command, absl::Time now);

// What a merge waits for that must be applied before it, and what it wakes.
engine::WaitKey WaitForMerge(const MergeId& merge);

}  // namespace tessera::membership
