// The load of the ledger's rounds: EarnPoints for members in a random order that the seed fixes, so that both sides
// are asked the same.
#pragma once

#include <cstdint>
#include <vector>

#include "base/ids.h"
#include "pg/connection.h"
#include "tessera/membership/v1/points_service.pb.h"
#include "tests/bench/load/round.h"

namespace tessera::bench {

inline constexpr char kBrand[] = "bench";
inline constexpr char kEarnMethod[] = "tessera.membership.v1.PointsService/EarnPoints";

using EarnRequests = std::vector<membership::v1::EarnPointsRequest>;

struct EarnLoad {
  int64_t members = 20'000;
  int64_t warm_up = 5'000;  // before the clock starts
  int64_t operations = 60'000;
  uint64_t seed = 1;
};

CustomerId MemberOf(int64_t number);

// warm_up + operations requests. Every fifth earns growth value, by which the tier is judged; the others make a lot.
EarnRequests MakeRequests(const EarnLoad& load);

// What a database's ledger holds.
struct LedgerCounts {
  int64_t requests = 0, lots = 0, transfers = 0, transferred = 0, available = 0, events = 0;
};
LedgerCounts CountLedger(pg::Connection& connection);

// Ends the process unless the database has, beyond `before`, just the rows of these requests, and the members' sums say
// the same as the ledger.
void CheckEarned(pg::Connection& connection, const LedgerCounts& before, const EarnRequests& requests);

}  // namespace tessera::bench
