#include "services/membership/store/codec.h"
#include "services/membership/store/save.h"

namespace tessera::membership::store {
namespace {

constexpr pg::Statement kInsertLots = {
    "insert_lots",
    "INSERT INTO lot (customer_id, brand_id, lot_id, currency_no, state, slides, warned, amount, remaining, held, "
    "forgiven, expired, earned_time, activation_time, expiry_time, program_version, rule_no, transaction_id, "
    "origin_lot_id) SELECT k.* FROM unnest($1::uuid[], $2::text[], $3::uuid[], $4::int2[], $5::int2[], $6::bool[], "
    "$7::bool[], $8::int8[], $9::int8[], $10::int8[], $11::int8[], $12::int8[], $13::timestamptz[], "
    "$14::timestamptz[], $15::timestamptz[], $16::int4[], $17::int2[], $18::uuid[], $19::uuid[]) AS k"};

constexpr pg::Statement kUpdateLots = {
    "update_lots",
    "UPDATE lot l SET state = k.state, warned = k.warned, remaining = k.remaining, held = k.held, "
    "forgiven = k.forgiven, expired = k.expired, activation_time = k.activation_time, expiry_time = k.expiry_time "
    "FROM unnest($1::uuid[], $2::text[], $3::uuid[], $4::int2[], $5::bool[], $6::int8[], $7::int8[], $8::int8[], "
    "$9::int8[], $10::timestamptz[], $11::timestamptz[]) AS k(customer_id, brand_id, lot_id, state, warned, "
    "remaining, held, forgiven, expired, activation_time, expiry_time) WHERE l.customer_id = k.customer_id AND "
    "l.brand_id = k.brand_id AND l.lot_id = k.lot_id"};

struct Columns {
  std::vector<CustomerId> customer;
  std::vector<BrandId> brand;
  std::vector<LotId> id;
  std::vector<int16_t> currency, state, rule;
  std::vector<bool> slides, warned;
  std::vector<int64_t> amount, remaining, held, forgiven, expired;
  std::vector<absl::Time> earned, activation, expiry;
  std::vector<int32_t> version;
  std::vector<TransactionId> transaction;
  std::vector<std::optional<LotId>> origin;

  void Add(const LotKey& key, const Lot& row) {
    customer.push_back(key.side.customer);
    brand.push_back(key.side.brand);
    id.push_back(key.lot);
    currency.push_back(row.currency);
    state.push_back(static_cast<int16_t>(row.state));
    slides.push_back(row.slides);
    warned.push_back(row.warned);
    amount.push_back(row.amount);
    remaining.push_back(row.remaining);
    held.push_back(row.held);
    forgiven.push_back(row.forgiven);
    expired.push_back(row.expired);
    earned.push_back(row.earned);
    activation.push_back(row.activation);
    expiry.push_back(row.expiry);
    version.push_back(row.program_version);
    rule.push_back(row.rule);
    transaction.push_back(row.transaction);
    origin.push_back(OrNull(row.origin));
  }
};

}  // namespace

void SaveLots(pg::Tx& tx, const Tables& tables) {
  Columns fresh, changed;
  tables.lot.EachDirty([&](const LotKey& key, const std::optional<Lot>& was, const std::optional<Lot>& now) {
    (was ? changed : fresh).Add(key, *now);
  });
  if (!fresh.id.empty()) {
    const Columns& c = fresh;
    tx.Send(kInsertLots, c.customer, c.brand, c.id, c.currency, c.state, c.slides, c.warned, c.amount, c.remaining,
            c.held, c.forgiven, c.expired, c.earned, c.activation, c.expiry, c.version, c.rule, c.transaction,
            c.origin);
  }
  if (!changed.id.empty()) {
    const Columns& c = changed;
    tx.Send(kUpdateLots, c.customer, c.brand, c.id, c.state, c.warned, c.remaining, c.held, c.forgiven, c.expired,
            c.activation, c.expiry);
  }
}

}  // namespace tessera::membership::store
