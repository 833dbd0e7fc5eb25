#include <string>

#include "services/membership/domain/earning.h"
#include "services/membership/store/codec.h"
#include "services/membership/store/load.h"

namespace tessera::membership::store {
namespace {

constexpr pg::Statement kOrders = {
    "load_orders",
    "SELECT o.order_id, o.order_source, o.brand_id, o.customer_id, o.paid_time, o.completed_time, "
    "o.paid_transaction_id, o.completed_transaction_id, o.purchase, o.awards, o.allocations, o.back FROM "
    "unnest($1::text[], $2::text[], $3::text[]) AS k(order_id, order_source, brand_id) JOIN shop_order o ON "
    "o.order_id = k.order_id AND o.order_source = k.order_source AND o.brand_id = k.brand_id"};

#define TESSERA_HOLD_COLUMNS                                                                                     \
  "h.customer_id, h.brand_id, h.hold_id, h.currency_no, h.state, h.amount, h.captured, h.refunded, h.end_time, " \
  "h.part_side_ids, h.part_lot_ids, h.part_amounts"

constexpr pg::Statement kHolds = {
    "load_holds",
    "SELECT " TESSERA_HOLD_COLUMNS
    " FROM unnest($1::uuid[], $2::text[], $3::uuid[]) AS k(customer_id, brand_id, hold_id) JOIN hold h ON "
    "h.customer_id = k.customer_id AND h.brand_id = k.brand_id AND h.hold_id = k.hold_id"};

constexpr pg::Statement kOpenHolds = {
    "load_open_holds",
    "SELECT h.* FROM unnest($1::uuid[], $2::text[], $3::int4[]) AS k(customer_id, brand_id, max_rows) CROSS JOIN "
    "LATERAL (SELECT " TESSERA_HOLD_COLUMNS
    " FROM hold h WHERE h.customer_id = k.customer_id AND h.brand_id = k.brand_id AND h.state = 0 "
    "ORDER BY h.end_time, h.hold_id LIMIT k.max_rows) h"};

#undef TESSERA_HOLD_COLUMNS

std::pair<HoldKey, Hold> DecodeHold(const pg::Row& row) {
  const HoldKey key = {{row.Get<CustomerId>(0), row.Get<BrandId>(1)}, row.Get<HoldId>(2)};
  Hold hold;
  hold.currency = row.Get<int16_t>(3);
  hold.state = static_cast<HoldState>(row.Get<int16_t>(4));
  hold.amount = row.Get<int64_t>(5);
  hold.captured = row.Get<int64_t>(6);
  hold.refunded = row.Get<int64_t>(7);
  hold.end = row.Get<absl::Time>(8);
  const auto sides = row.Get<std::vector<Uuid>>(9), lots = row.Get<std::vector<Uuid>>(10);
  const auto amounts = row.Get<std::vector<int64_t>>(11);
  for (size_t i = 0; i < amounts.size(); ++i) {
    hold.parts.push_back({{{{sides[i]}, key.side.brand}, {lots[i]}}, amounts[i]});
  }
  return {key, std::move(hold)};
}

void PutHold(Tables& tables, std::pair<HoldKey, Hold> row, Need& lots) {
  for (const HoldPart& part : row.second.parts) lots.lots.insert(part.lot);
  tables.hold.Put(row.first, std::move(row.second));
}

}  // namespace

engine::Loaded LoadOrders(pg::Tx& tx, const Need& need, Tables& tables, Need& lots) {
  std::vector<std::string> ids, sources;
  std::vector<BrandId> brands;
  for (const OrderKey& key : need.orders) {
    if (tables.order.Loaded(key)) continue;
    ids.push_back(key.order_id);
    sources.push_back(key.order_source);
    brands.push_back(key.brand);
  }
  if (ids.empty()) return engine::Loaded::kOk;
  for (const pg::Row row : tx.Run(kOrders, ids, sources, brands)) {
    const OrderKey key = {row.Get<std::string>(0), row.Get<std::string>(1), row.Get<BrandId>(2)};
    Order order;
    order.side = row.Get<CustomerId>(3);
    // It came into being after its owner was looked for.
    if (!tables.member.Loaded({order.side, key.brand})) return engine::Loaded::kMoved;
    order.paid_time = OrFuture(row.Get<std::optional<absl::Time>>(4));
    order.completed_time = OrFuture(row.Get<std::optional<absl::Time>>(5));
    order.paid_transaction = row.Get<std::optional<TransactionId>>(6).value_or(TransactionId());
    order.completed_transaction = row.Get<std::optional<TransactionId>>(7).value_or(TransactionId());
    if (const auto purchase = row.Get<std::optional<pg::Bytes>>(8)) order.purchase = DecodePurchase(purchase->value);
    DecodeAwards(row.Get<std::vector<int64_t>>(9), row.Get<std::vector<int64_t>>(10), order);
    if (const auto back = row.Get<std::optional<std::vector<int64_t>>>(11)) {
      const auto middle = back->begin() + static_cast<ptrdiff_t>(back->size() / 2);
      order.back_pieces.assign(back->begin(), middle);
      order.back_money.assign(middle, back->end());
    }
    const NumberedNames& names = tables.brand.At(key.brand).names;
    for (const Award& award : order.awards) {
      if (!award.has_lot) continue;
      const std::string& rule = names.rules.at(static_cast<size_t>(award.rule - 1));
      const LotKey lot = {{order.side, key.brand}, LotOfAward(key, rule, award.time)};
      lots.lots.insert(lot);
      lots.children_of.insert(lot);
    }
    tables.order.Put(key, std::move(order));
  }
  for (const OrderKey& key : need.orders) tables.order.Put(key, std::nullopt);
  return engine::Loaded::kOk;
}

void LoadHolds(pg::Tx& tx, const Need& need, Tables& tables, Need& lots) {
  std::vector<CustomerId> customers;
  std::vector<BrandId> brands;
  std::vector<HoldId> ids;
  for (const HoldKey& named : need.holds) {
    for (const MemberKey& side : SidesOf(tables, named.side)) {
      const HoldKey key = {side, named.hold};
      if (tables.hold.Loaded(key)) continue;
      customers.push_back(side.customer);
      brands.push_back(side.brand);
      ids.push_back(named.hold);
    }
  }
  if (!ids.empty()) {
    for (const pg::Row row : tx.Run(kHolds, customers, brands, ids)) PutHold(tables, DecodeHold(row), lots);
    for (size_t i = 0; i < ids.size(); ++i) tables.hold.Put({{customers[i], brands[i]}, ids[i]}, std::nullopt);
  }

  std::map<MemberKey, int32_t> open;
  for (const auto& [key, count] : need.ranges) {
    if (key.kind != RangeKey::Kind::kOpenHolds) continue;
    const Frontier* loaded = tables.ranges.Find(key);
    if (loaded == nullptr || (!loaded->complete && loaded->count < count)) open[key.side] = count;
  }
  if (open.empty()) return;
  customers.clear();
  brands.clear();
  std::vector<int32_t> counts;
  std::map<MemberKey, Frontier> frontiers;
  for (const auto& [side, count] : open) {
    customers.push_back(side.customer);
    brands.push_back(side.brand);
    counts.push_back(count);
    frontiers[side] = {count, true, absl::InfinitePast(), Uuid()};
  }
  std::map<MemberKey, int32_t> found;
  for (const pg::Row row : tx.Run(kOpenHolds, customers, brands, counts)) {
    auto decoded = DecodeHold(row);
    Frontier& frontier = frontiers[decoded.first.side];
    frontier.time = decoded.second.end;
    frontier.id = decoded.first.hold.uuid;
    frontier.complete = ++found[decoded.first.side] < frontier.count;
    PutHold(tables, std::move(decoded), lots);
  }
  for (const auto& [side, frontier] : frontiers) {
    tables.ranges.Set({RangeKey::Kind::kOpenHolds, side, 0}, frontier);
  }
}

}  // namespace tessera::membership::store
