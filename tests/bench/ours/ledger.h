// The ledger's rounds by the service's own writers.
#pragma once

#include "tests/bench/load/earn_load.h"

namespace tessera::bench::ours {

// The brand with the pet program, and its members, enrolled; in a migrated database.
void PrepareLedger(int64_t members, const std::string& program_path);

Round EarnPoints(const EarnLoad& load);

}  // namespace tessera::bench::ours
