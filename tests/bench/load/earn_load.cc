#include "tests/bench/load/earn_load.h"

#include <random>

#include "absl/strings/str_cat.h"
#include "tests/bench/load/database.h"

namespace tessera::bench {
namespace {

constexpr int kGrowthEvery = 5;
// The second tier begins at 200: about every tenth request makes a member rise.
constexpr int64_t kAmountMax = 300;

void RequireEqual(const char* what, int64_t expected, int64_t found) {
  if (expected == found) return;
  Require(absl::InternalError(absl::StrCat(what, ": expected ", expected, ", found ", found)));
}

}  // namespace

CustomerId MemberOf(int64_t number) {
  return {UuidV7Of(absl::FromUnixSeconds(1'700'000'000 + number), {"bench", "member", std::to_string(number)})};
}

EarnRequests MakeRequests(const EarnLoad& load) {
  std::mt19937_64 random(load.seed);
  std::uniform_int_distribution<int64_t> member(0, load.members - 1), amount(1, kAmountMax);
  std::vector<std::string> members;
  for (int64_t i = 0; i < load.members; ++i) members.push_back(MemberOf(i).ToString());
  const absl::Time start = absl::FromUnixSeconds(1'750'000'000);
  EarnRequests requests(static_cast<size_t>(load.warm_up + load.operations));
  for (size_t i = 0; i < requests.size(); ++i) {
    const Uuid id = UuidV7Of(start + absl::Microseconds(i), {"bench", std::to_string(load.seed), std::to_string(i)});
    requests[i].set_brand_id(kBrand);
    requests[i].set_request_id(id.ToString());
    requests[i].set_customer_id(members[static_cast<size_t>(member(random))]);
    requests[i].set_currency(i % kGrowthEvery == 0 ? "growth" : "points");
    requests[i].set_amount(amount(random));
  }
  return requests;
}

LedgerCounts CountLedger(pg::Connection& connection) {
  return {.requests = Number(connection, "SELECT count(*) FROM request"),
          .lots = Number(connection, "SELECT count(*) FROM lot"),
          .transfers = Number(connection, "SELECT count(*) FROM transfer"),
          .transferred = Number(connection, "SELECT coalesce(sum(amount), 0)::int8 FROM transfer"),
          .available = Number(connection, "SELECT coalesce(sum(available), 0)::int8 FROM own_account"),
          .events = Number(connection, "SELECT coalesce(sum(event_count), 0)::int8 FROM outbox")};
}

void CheckEarned(pg::Connection& connection, const LedgerCounts& before, const EarnRequests& requests) {
  int64_t lots = 0, amount = 0;
  for (const auto& request : requests) {
    amount += request.amount();
    if (request.currency() == "points") ++lots;
  }
  const auto count = static_cast<int64_t>(requests.size());
  const LedgerCounts after = CountLedger(connection);
  RequireEqual("requests", count, after.requests - before.requests);
  RequireEqual("lots", lots, after.lots - before.lots);
  RequireEqual("transfers", count, after.transfers - before.transfers);
  RequireEqual("amount of transfers", amount, after.transferred - before.transferred);
  RequireEqual("sums of members", amount, after.available - before.available);
  if (after.events - before.events < count) RequireEqual("events", count, after.events - before.events);
}

}  // namespace tessera::bench
