// A ledger with a past: many rows of the shape that real ones have, made in the database.
#pragma once

#include <cstdint>

#include "pg/connection.h"

namespace tessera::bench {

// About `rows` more requests, lots and transfers, spread evenly over the first `members` members.
void SeedLedger(pg::Connection& connection, int64_t rows, int64_t members);

}  // namespace tessera::bench
