// Keeps the time partitions of append-only tables ahead of the clock, and drops those of tables that are not kept for
// ever. Used by one thread.
#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "pg/connection.h"

namespace tessera::engine {

enum class PartitionPeriod { kDay, kWeek, kMonth };

// A table partitioned by range of a timestamptz, with a default partition named <table>_default.
struct PartitionedTable {
  std::string name;
  PartitionPeriod period = PartitionPeriod::kMonth;
  absl::Duration keep = absl::InfiniteDuration();  // after its end a partition is dropped once this has passed
};

// The engine's own.
std::vector<PartitionedTable> EnginePartitionedTables();

// Makes the partitions of the present period and the next two, drops what is past its keep. The outbox loses a
// partition only when the relay has passed it.
absl::Status MaintainPartitions(pg::Connection& connection, const std::vector<PartitionedTable>& tables,
                                absl::Time now);

}  // namespace tessera::engine
