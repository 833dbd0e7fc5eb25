// Writes what a batch changed: one statement per table and kind of change. Errors stick to the Tx.
#pragma once

#include "absl/time/time.h"
#include "pg/tx.h"
#include "services/oneid/domain/tables.h"

namespace tessera::oneid {

void Save(pg::Tx& tx, const Tables& tables, absl::Time now);

// ---- its parts ----

// Customers, identifiers with their sealed values, edges.
void SaveGraph(pg::Tx& tx, const Tables& tables);

// Presentations and activities.
void SaveTraces(pg::Tx& tx, const Tables& tables);

// Merges and answers.
void SaveMerges(pg::Tx& tx, const Tables& tables, absl::Time now);

// What was done with each event.
void SaveEvents(pg::Tx& tx, const Tables& tables, absl::Time now);

// The counts of what the other parts changed.
void SaveStatistics(pg::Tx& tx, const Tables& tables);

}  // namespace tessera::oneid
