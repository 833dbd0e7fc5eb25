// Brands and their programs.
#pragma once

#include "services/membership/domain/books.h"

namespace tessera::membership {

Outcome Decide(Tables& tables, const BrandChanged& command, absl::Time now);
Outcome Decide(Tables& tables, const PutProgram& command, absl::Time now);

// A new version has come into force: the next page of members is judged by it, upwards.
Outcome RejudgeMembers(Tables& tables, const BrandId& brand, absl::Time now);

}  // namespace tessera::membership
