#include "tests/bench/naive/earn.h"

#include <optional>
#include <vector>

#include "base/clock.h"
#include "base/crypto.h"
#include "base/status.h"
#include "engine/api.h"
#include "services/membership/api/program_document.h"
#include "services/membership/consumers/customer_topic.h"
#include "services/membership/domain/rows.h"
#include "services/membership/events/encode.h"
#include "tests/bench/load/database.h"
#include "tests/bench/load/earn_load.h"
#include "tests/bench/naive/outbox.h"

namespace tessera::bench::naive {
namespace {

using membership::AccountKind;
using membership::Measure;
using membership::TransferKind;
using membership::v1::EarnPointsRequest;
using membership::v1::EarnPointsResponse;

constexpr int32_t kVersion = 1;  // of the program

constexpr pg::Statement kFindRequest = {
    "naive_find_request",
    "SELECT input_hash, answer FROM request WHERE request_id = $1 AND method = $2 AND brand_id = $3"};
constexpr pg::Statement kLockMember = {
    "naive_lock_member",
    "SELECT member_seq, own_sums, tier_level, tier_since_time FROM member WHERE customer_id = $1 AND brand_id = $2 "
    "FOR UPDATE"};
constexpr pg::Statement kUpdateMember = {
    "naive_update_member",
    "UPDATE member SET member_seq = $3, own_sums = $4, tier_level = $5, tier_since_time = $6 WHERE customer_id = $1 "
    "AND brand_id = $2"};
constexpr pg::Statement kInsertLot = {
    "naive_insert_lot",
    "INSERT INTO lot (customer_id, brand_id, lot_id, currency_no, state, slides, warned, amount, remaining, held, "
    "forgiven, expired, earned_time, activation_time, expiry_time, program_version, rule_no, transaction_id) "
    "VALUES ($1, $2, $3, $4, 1, false, false, $5, $5, 0, 0, 0, $6, $6, 'infinity', $7, $8, $9)"};
constexpr pg::Statement kInsertTransfer = {
    "naive_insert_transfer",
    "INSERT INTO transfer (customer_id, brand_id, member_seq, number, kind, currency_no, amount, from_account, "
    "to_account, lot_id, rule_no, program_version, transaction_id, cause_source, cause_id, effective_time, "
    "posted_time) VALUES ($1, $2, $3, 0, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)"};
constexpr pg::Statement kInsertRequest = {
    "naive_insert_request",
    "INSERT INTO request (request_id, method, brand_id, input_hash, refused, answer, posted_time) "
    "VALUES ($1, $2, $3, $4, false, $5, $6)"};

struct MemberRow {
  int64_t seq = 0;
  std::vector<int64_t> sums;
  int16_t tier_level = 0;
  absl::Time tier_since;
};

// One earning on its way through its transaction.
struct Earning {
  const membership::Program& program;
  const membership::Currency& currency;
  std::string brand;
  CustomerId customer;
  int64_t amount = 0;
  membership::Cause cause;  // with its time
  absl::Time now;
  membership::LotId lot;  // of a currency that has lots
  membership::RuleNo rule = 0;
  std::string rule_id{};
  MemberRow row{};
  membership::TransactionId transaction{};
  std::vector<membership::MemberFact> facts{};

  int64_t& Sum(membership::CurrencyNo number, Measure measure) {
    const size_t at = 3 + (static_cast<size_t>(number) - 1) * membership::kMeasures + static_cast<size_t>(measure);
    if (row.sums.size() <= at) row.sums.resize(3 + static_cast<size_t>(number) * membership::kMeasures);
    return row.sums[at];
  }
  bool has_lot() const { return currency.has_lots(); }
};

absl::Status LockMember(pg::Tx& tx, Earning& e) {
  const pg::Rows rows = tx.Run(kLockMember, e.customer, e.brand);
  if (!tx.ok()) return tx.status();
  if (rows.empty()) return absl::NotFoundError("no such member");
  const pg::Row row = rows[0];
  e.row = {row.Get<int64_t>(0), row.Get<std::vector<int64_t>>(1), row.Get<int16_t>(2), row.Get<absl::Time>(3)};
  return absl::OkStatus();
}

membership::BalanceAfter BalanceOf(Earning& e) {
  const membership::CurrencyNo number = e.currency.number;
  return {e.currency.name, e.Sum(number, Measure::kAvailable), e.Sum(number, Measure::kPending),
          e.Sum(number, Measure::kHeld), e.Sum(number, Measure::kDebt)};
}

void Tell(Earning& e, membership::MemberFact fact) {
  fact.brand = {e.brand};
  fact.root = fact.side = e.customer;
  fact.member_seq = e.row.seq;
  fact.transaction = e.transaction;
  fact.time = e.cause.time;
  fact.balances = {BalanceOf(e)};
  e.facts.push_back(std::move(fact));
}

void JudgeTier(Earning& e) {
  const int64_t sum = e.Sum(e.program.tier_policy->currency, Measure::kAvailable);
  const int16_t level = e.program.LevelOf(sum), before = e.row.tier_level;
  if (level <= before) return;
  e.row.tier_level = level;
  e.row.tier_since = e.now;
  membership::MemberFact fact;
  fact.what = membership::TierChanged{std::string(e.program.TierIdOf(before)),
                                      std::string(e.program.TierIdOf(level)),
                                      before,
                                      level,
                                      membership::TierCause::kPosting,
                                      sum};
  Tell(e, std::move(fact));
}

void Decide(Earning& e) {
  const std::string number = std::to_string(e.row.seq);
  e.transaction = {UuidV7Of(e.cause.time, {e.brand, e.cause.source, e.cause.id, number, "transaction"})};
  ++e.row.seq;
  e.Sum(e.currency.number, Measure::kAvailable) += e.amount;
  e.Sum(e.currency.number, Measure::kEarned) += e.amount;
  if (e.has_lot()) ++e.row.sums[0];
  ++e.row.sums[1];
  membership::MemberFact fact;
  membership::AwardedPoints award;
  award.rule_id = e.rule_id;
  award.currency = e.currency.name;
  award.amount = e.amount;
  if (e.has_lot()) award.lot = e.lot;
  fact.what = membership::PointsEarned{{award}, std::nullopt};
  Tell(e, std::move(fact));
  if (!e.has_lot()) JudgeTier(e);
}

std::string ResponseOf(Earning& e) {
  EarnPointsResponse response;
  response.set_transaction_id(e.transaction.ToString());
  response.set_member_seq(e.row.seq);
  if (e.has_lot()) response.set_lot_id(e.lot.ToString());
  const membership::BalanceAfter after = BalanceOf(e);
  auto& balance = *response.mutable_balance();
  balance.set_currency(after.currency);
  balance.set_available(after.available);
  balance.set_pending(after.pending);
  balance.set_held(after.held);
  balance.set_debt(after.debt);
  balance.set_balance(after.available + after.pending + after.held - after.debt);
  return response.SerializeAsString();
}

void Save(pg::Tx& tx, const Earning& e) {
  const membership::CurrencyNo number = e.currency.number;
  const std::optional<membership::LotId> lot = e.has_lot() ? std::optional(e.lot) : std::nullopt;
  tx.Run(kUpdateMember, e.customer, e.brand, e.row.seq, e.row.sums, e.row.tier_level, e.row.tier_since);
  if (lot) {
    tx.Run(kInsertLot, e.customer, e.brand, *lot, number, e.amount, e.cause.time, kVersion, e.rule, e.transaction);
  }
  tx.Run(kInsertTransfer, e.customer, e.brand, e.row.seq, static_cast<int16_t>(TransferKind::kEarned), number, e.amount,
         static_cast<int16_t>(AccountKind::kIssuance), static_cast<int16_t>(AccountKind::kCustomer), lot, e.rule,
         kVersion, e.transaction, e.cause.source, e.cause.id, e.cause.time, e.now);
}

std::vector<engine::Published> EventsOf(const Earning& e, const engine::Cause& cause) {
  std::vector<engine::Published> events;
  for (const membership::MemberFact& fact : e.facts) membership::events::EncodeFact(fact, cause, events);
  return events;
}

engine::Cause CauseOf(const Earning& e) {
  engine::Cause cause;
  cause.id = cause.correlation_id = e.cause.id;
  cause.time = e.cause.time;
  cause.brand = e.brand;
  return cause;
}

}  // namespace

Earner::Earner(pg::Connection& connection) {
  const pg::Rows rows = Require(connection.Execute("SELECT document FROM program_version"));
  program_ = membership::api::FromDocument(std::string(rows.TextAt(0, 0)));
  membership::NumberedNames names;
  membership::AssignNumbers(program_, names);
}

absl::StatusOr<std::string> Earner::Earn(pg::Connection& connection, const EarnPointsRequest& request) const {
  const auto request_id = RequestId::Parse(request.request_id());
  const auto customer = CustomerId::Parse(request.customer_id());
  const membership::Currency* currency = program_.FindCurrency(request.currency());
  if (!request_id || !customer || currency == nullptr || request.amount() < 1) {
    return absl::InvalidArgumentError("a field of the request");
  }
  const std::string input_hash = engine::InputHash(request);
  const absl::Time now = Clock::System().Now();
  const membership::LotId lot = {UuidV8Of(Sha256OfParts({"call", "lot", request.brand_id(), request_id->ToString()}))};
  Earning earning = {
      program_, *currency, request.brand_id(), *customer, request.amount(), {"call", request_id->ToString(), now},
      now,      lot};
  pg::Tx tx(connection, "naive_earn");
  for (const pg::Row known : tx.Run(kFindRequest, *request_id, kEarnMethod, request.brand_id())) {
    if (known.Get<pg::Bytes>(0).value != input_hash) return absl::InvalidArgumentError("request_id was used before");
    return known.Get<pg::Bytes>(1).value;
  }
  TESSERA_RETURN_IF_ERROR(LockMember(tx, earning));
  Decide(earning);
  std::string answer = ResponseOf(earning);
  Save(tx, earning);
  tx.Run(kInsertRequest, *request_id, kEarnMethod, earning.brand, pg::Bytes{input_hash}, pg::Bytes{answer}, now);
  const engine::Cause cause = CauseOf(earning);
  for (const engine::Published& event : EventsOf(earning, cause)) Publish(tx, event, cause, now);
  if (tx.Commit() != pg::CommitResult::kCommitted) return tx.status();
  return answer;
}

absl::StatusOr<Told> Earner::EarnByEvent(pg::Tx& tx, const kafka::Record& record, absl::Time now) const {
  TESSERA_ASSIGN_OR_RETURN(const membership::consumers::Read read, membership::consumers::ReadRecord(record));
  Told told{{}, read.cause};
  const auto* acted = read.command ? std::get_if<membership::CustomerActed>(&*read.command) : nullptr;
  if (acted == nullptr) return told;
  for (const membership::EarningRule& rule : program_.rules) {
    if (rule.trigger != acted->type) continue;
    const std::string& brand = acted->side.brand.value;
    const membership::Cause& cause = acted->cause;
    Earning earning = {program_,    *program_.FindCurrency(rule.currency),
                       brand,       acted->side.customer,
                       rule.points, cause,
                       now,         {UuidV7Of(cause.time, {brand, cause.source, cause.id, "lot", rule.id})},
                       rule.number, rule.id};
    TESSERA_RETURN_IF_ERROR(LockMember(tx, earning));
    Decide(earning);
    Save(tx, earning);
    for (engine::Published& event : EventsOf(earning, read.cause)) told.events.push_back(std::move(event));
  }
  return told;
}

}  // namespace tessera::bench::naive
