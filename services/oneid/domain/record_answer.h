// Decides a service's answer to a merge.
#pragma once

#include "absl/time/time.h"
#include "services/oneid/domain/domain.h"

namespace tessera::oneid {

// Deterministic; touches nothing but the tables.
OneidOutcome DecideAnswer(Tables& tables, const RecordAnswer& answer, absl::Time now);

}  // namespace tessera::oneid
