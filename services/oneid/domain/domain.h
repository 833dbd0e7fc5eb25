// The types of the domain by the names that the engine knows, and its two pure functions.
#pragma once

#include <variant>

#include "absl/time/time.h"
#include "engine/outcome.h"
#include "services/oneid/domain/command.h"
#include "services/oneid/domain/fact.h"
#include "services/oneid/domain/need.h"
#include "services/oneid/domain/reason.h"
#include "services/oneid/domain/tables.h"

namespace tessera::oneid {

struct DomainTypes {
  using Command = oneid::Command;
  using Reply = oneid::Reply;
  using Fact = oneid::Fact;
  using Reason = oneid::Reason;
  using Need = oneid::Need;
  using Tables = oneid::Tables;
};

using OneidOutcome = engine::Outcome<DomainTypes>;
using OneidDone = engine::Done<Reply, Fact>;
using OneidRefusal = engine::Refusal<Reason>;

// What the command names.
void Keys(const Command& command, Need& need);

// Deterministic; touches nothing but the tables.
OneidOutcome Decide(Tables& tables, const Command& command, absl::Time now);

// What waits for this is decided when the brand is known.
engine::WaitKey BrandWaitKey(const BrandId& brand);

}  // namespace tessera::oneid
