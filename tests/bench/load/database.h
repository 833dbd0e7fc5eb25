// The database of a round. Its DSN goes by environment, as it holds a password. A round that cannot go on ends the
// process with the reason: half a result is none.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "engine/partitions.h"
#include "pg/connection.h"

namespace tessera::bench {

// Ends the process with the reason unless ok.
void Require(const absl::Status& status);

template <class T>
T Require(absl::StatusOr<T> value) {
  Require(value.status());
  return *std::move(value);
}

// An environment variable that must be set.
std::string RequiredEnvironment(const std::string& name);

pg::ConnectionOptions DatabaseOptions(bool key_access_only = false);
std::unique_ptr<pg::Connection> Connect();

// To prepare what no running service may do.
std::unique_ptr<pg::Connection> ConnectAsAdmin();

// The first column of the first row, as a number.
int64_t Number(pg::Connection& connection, const std::string& sql);

// The time partitions that a running service keeps ahead: the engine's and these.
void MakePartitions(pg::Connection& connection, std::vector<engine::PartitionedTable> tables);

}  // namespace tessera::bench
