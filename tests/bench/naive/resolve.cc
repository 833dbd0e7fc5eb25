#include "tests/bench/naive/resolve.h"

#include <atomic>

#include "base/clock.h"
#include "base/status.h"
#include "engine/engine_store.h"
#include "tests/bench/load/database.h"
#include "tests/bench/naive/connections.h"
#include "tests/bench/naive/mark.h"
#include "tests/bench/naive/outbox.h"
#include "tests/bench/naive/resolver.h"

namespace tessera::bench::naive {
namespace {

absl::Status ResolveOne(const Resolver& resolver, pg::Connection& connection, const kafka::Record& record) {
  const absl::Time now = Clock::System().Now();
  pg::Tx tx(connection, "naive_resolve");
  TESSERA_ASSIGN_OR_RETURN(const Told told, resolver.Resolve(tx, record, now));
  NoteMark(tx, record.topic, record.partition, record.offset + 1);
  for (const engine::Published& event : told.events) Publish(tx, event, told.cause, now);
  return tx.Commit() == pg::CommitResult::kCommitted ? absl::OkStatus() : tx.status();
}

}  // namespace

Round Resolve(const ChannelLoad& load, int connections) {
  const Resolver resolver;
  std::vector<kafka::Record> records = MakeChannelEvents(load);
  // A partition for each connection, so that none waits for another's mark.
  std::vector<std::vector<size_t>> partitions(static_cast<size_t>(connections));
  for (size_t i = 0; i < records.size(); ++i) {
    auto& own = partitions[static_cast<size_t>(records[i].partition) % partitions.size()];
    records[i].offset = static_cast<int64_t>(own.size());
    records[i].partition = static_cast<int32_t>(&own - partitions.data());
    own.push_back(i);
  }
  Connections pool(connections);
  const auto run = [&](size_t from, size_t to) {
    pool.Run(0, partitions.size(), [&](pg::Connection& connection, size_t partition) {
      for (const size_t i : partitions[partition]) {
        if (i >= from && i < to) TESSERA_RETURN_IF_ERROR(ResolveOne(resolver, connection, records[i]));
      }
      return absl::OkStatus();
    });
  };
  const auto warm_up = static_cast<size_t>(load.warm_up);
  run(0, warm_up);
  const absl::Time start = absl::Now();
  run(warm_up, records.size());
  return {.operations = load.operations, .seconds = absl::ToDoubleSeconds(absl::Now() - start)};
}

}  // namespace tessera::bench::naive
