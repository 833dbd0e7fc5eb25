// The outbox as an ordinary service writes it: a row for each event, its number taken from the slot's row.
#pragma once

#include "engine/service.h"
#include "pg/connection.h"

namespace tessera::bench::naive {

void Publish(pg::Tx& tx, const engine::Published& event, const engine::Cause& cause, absl::Time now);

}  // namespace tessera::bench::naive
