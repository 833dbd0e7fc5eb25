#include "tests/bench/naive/ledger.h"

#include "base/clock.h"
#include "base/murmur2.h"
#include "engine/api.h"
#include "engine/engine_store.h"
#include "tests/bench/load/database.h"
#include "tests/bench/naive/connections.h"
#include "tests/bench/naive/earn.h"

namespace tessera::bench::naive {
namespace {

using membership::v1::EarnPointsRequest;

constexpr pg::Statement kLeastRequest = {
    "least_request",
    "INSERT INTO request (request_id, method, brand_id, input_hash, refused, answer, posted_time) "
    "VALUES ($1, $2, $3, $4, false, '', now())"};
constexpr pg::Statement kLeastMember = {
    "least_member",
    "UPDATE member SET member_seq = member_seq + 1, own_sums[4] = coalesce(own_sums[4], 0) + $3 "
    "WHERE customer_id = $1 AND brand_id = $2 RETURNING member_seq"};
constexpr pg::Statement kLeastTransfer = {
    "least_transfer",
    "INSERT INTO transfer (customer_id, brand_id, member_seq, number, kind, currency_no, amount, from_account, "
    "to_account, rule_no, program_version, transaction_id, cause_source, cause_id, effective_time, posted_time) "
    "VALUES ($1, $2, $3, 0, 1, 1, $4, 1, 0, 0, 1, $5, 'call', $6, now(), now())"};
constexpr pg::Statement kLeastOutbox = {
    "least_outbox",
    "INSERT INTO outbox (log, slot, base_seq, event_count, events, posted_time) VALUES (0, $1, $2, 1, $3, now())"};

absl::Status EarnLeastOnce(pg::Connection& connection, const EarnPointsRequest& request) {
  const auto id = RequestId::Parse(request.request_id());
  const auto customer = CustomerId::Parse(request.customer_id());
  if (!id || !customer) return absl::InvalidArgumentError("a field of the request");
  pg::Tx tx(connection, "least_earn");
  tx.Run(kLeastRequest, *id, kEarnMethod, request.brand_id(), pg::Bytes{engine::InputHash(request)});
  const pg::Rows rows = tx.Run(kLeastMember, *customer, request.brand_id(), request.amount());
  if (!tx.ok()) return tx.status();
  if (rows.empty()) return absl::NotFoundError("no such member");
  const auto seq = rows[0].Get<int64_t>(0);
  tx.Run(kLeastTransfer, *customer, request.brand_id(), seq, request.amount(), *id, request.request_id());
  tx.Run(kLeastOutbox, int32_t{KafkaPartition(request.customer_id(), engine::kSlots)}, seq,
         pg::Bytes{request.SerializeAsString()});
  if (tx.Commit() != pg::CommitResult::kCommitted) return tx.status();
  return absl::OkStatus();
}

using EarnOne = std::function<absl::Status(pg::Connection&, const EarnPointsRequest&)>;

Round Measure(const EarnLoad& load, const EarnRequests& requests, int connections, const EarnOne& earn) {
  Connections pool(connections);
  const auto handle = [&](pg::Connection& connection, size_t i) { return earn(connection, requests[i]); };
  const auto warm_up = static_cast<size_t>(load.warm_up);
  pool.Run(0, warm_up, handle);
  const absl::Time start = absl::Now();
  pool.Run(warm_up, requests.size(), handle);
  return {.operations = load.operations, .seconds = absl::ToDoubleSeconds(absl::Now() - start)};
}

}  // namespace

Round EarnPoints(const EarnLoad& load, int connections) {
  const EarnRequests requests = MakeRequests(load);
  const LedgerCounts before = CountLedger(*Connect());
  const Earner earner(*Connect());
  const Round round = Measure(load, requests, connections, [&](pg::Connection& connection, const auto& request) {
    return earner.Earn(connection, request).status();
  });
  CheckEarned(*Connect(), before, requests);
  return round;
}

Round EarnLeast(const EarnLoad& load, int connections) {
  const EarnRequests requests = MakeRequests(load);
  return Measure(load, requests, connections, &EarnLeastOnce);
}

}  // namespace tessera::bench::naive
