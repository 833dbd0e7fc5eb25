// Widens what a batch needs by unlocked reads: configuration -> identifiers -> owners -> roots -> sides.
#pragma once

#include "pg/tx.h"
#include "services/oneid/domain/need.h"

namespace tessera::oneid {

// True if the need grew. Errors stick to the Tx.
bool Discover(pg::Tx& tx, Need& need);

}  // namespace tessera::oneid
