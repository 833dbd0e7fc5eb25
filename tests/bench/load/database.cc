#include "tests/bench/load/database.h"

#include <cstdio>
#include <cstdlib>

#include "absl/strings/numbers.h"
#include "base/clock.h"
#include "base/strings.h"

namespace tessera::bench {

void Require(const absl::Status& status) {
  if (status.ok()) return;
  std::fprintf(stderr, "tessera_bench: %s\n", status.ToString().c_str());
  std::exit(1);
}

std::string RequiredEnvironment(const std::string& name) {
  const char* value = std::getenv(name.c_str());
  if (value == nullptr) Require(absl::InvalidArgumentError(name + " is not set; tools/dev bench sets it"));
  return value;
}

pg::ConnectionOptions DatabaseOptions(bool key_access_only) {
  return {
      .dsn = RequiredEnvironment("TESSERA_BENCH_DSN"), .application_name = "bench", .key_access_only = key_access_only};
}

std::unique_ptr<pg::Connection> Connect() { return Require(pg::Connection::Open(DatabaseOptions())); }

std::unique_ptr<pg::Connection> ConnectAsAdmin() {
  return Require(pg::Connection::Open(
      {.dsn = RequiredEnvironment("TESSERA_BENCH_ADMIN_DSN"), .application_name = "bench", .key_access_only = false}));
}

int64_t Number(pg::Connection& connection, const std::string& sql) {
  const pg::Rows rows = Require(connection.Execute(sql));
  int64_t number = 0;
  if (rows.empty() || !absl::SimpleAtoi(ToAbsl(rows.TextAt(0, 0)), &number)) {
    Require(absl::InternalError("no number: " + sql));
  }
  return number;
}

void MakePartitions(pg::Connection& connection, std::vector<engine::PartitionedTable> tables) {
  for (const engine::PartitionedTable& table : engine::EnginePartitionedTables()) tables.push_back(table);
  Require(engine::MaintainPartitions(connection, tables, Clock::System().Now()));
}

}  // namespace tessera::bench
