// The events of a transaction, and the outbox as an ordinary service writes it: a row for each event, its number taken
// from the slot's row.
#pragma once

#include <vector>

#include "engine/service.h"
#include "pg/tx.h"

namespace tessera::bench::naive {

// What a transaction tells the world.
struct Told {
  std::vector<engine::Published> events;
  engine::Cause cause;
};

void Publish(pg::Tx& tx, const engine::Published& event, const engine::Cause& cause, absl::Time now);

}  // namespace tessera::bench::naive
