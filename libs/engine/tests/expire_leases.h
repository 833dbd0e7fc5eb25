// For tests of what happens to the leases of an instance that is gone.
#pragma once

#include "testing/postgres.h"

namespace tessera::engine {

// As if `kLeaseTime` had passed without a renewal.
inline void ExpireLeases(testing::TestDatabase& database) {
  database.Text("UPDATE lease SET until_time = now() - interval '1 second'");
  database.Text("UPDATE instance SET until_time = now() - interval '1 second'");
}

}  // namespace tessera::engine
