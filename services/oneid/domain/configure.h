// Decides changes of a brand group's configuration. Each change is a new configuration; rules are kept by version.
#pragma once

#include "services/oneid/domain/domain.h"

namespace tessera::oneid {

// Deterministic; touch nothing but the tables.
OneidOutcome DecideBrandGroup(Tables& tables, const PutBrandGroup& put);
OneidOutcome DecideNamespace(Tables& tables, const PutNamespace& put);

}  // namespace tessera::oneid
