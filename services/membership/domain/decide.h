// The domain's two entrances: what a command names, and what it does.
#pragma once

#include "services/membership/domain/commands.h"

namespace tessera::membership {

// Adds all that the command names to the need. Pure.
void Keys(const Command& command, Need& need);

// Decides over the loaded rows. Deterministic; touches nothing but the tables.
Outcome Decide(Tables& tables, const Command& command, absl::Time now);

}  // namespace tessera::membership
