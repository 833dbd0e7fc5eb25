// What a service keeps of its domain, to see that nothing of it was changed.
#pragma once

#include <string>

#include "testing/postgres.h"

namespace tessera::hostile {

// Count and checksum of every table that the service's own migrations made, and of the timers: "table:count:sum ...".
std::string DomainRows(testing::TestDatabase& database);

}  // namespace tessera::hostile
