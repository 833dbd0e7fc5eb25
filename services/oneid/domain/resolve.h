// Decides a channel event: oneid's main command.
#pragma once

#include "absl/time/time.h"
#include "services/oneid/domain/domain.h"

namespace tessera::oneid {

// Deterministic; touches nothing but the tables.
OneidOutcome DecideEvent(Tables& tables, const ResolveEventPtr& event, absl::Time now);

}  // namespace tessera::oneid
