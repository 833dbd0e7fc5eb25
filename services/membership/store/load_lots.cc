#include <map>
#include <string>

#include "services/membership/store/codec.h"
#include "services/membership/store/load.h"

namespace tessera::membership::store {
namespace {

constexpr int32_t kFirstCount = 16;

const std::string kLotsSql = std::string("SELECT ") + kLotColumns +
                             " FROM unnest($1::uuid[], $2::text[], $3::uuid[]) AS k(customer_id, brand_id, lot_id) "
                             "JOIN lot l ON l.customer_id = k.customer_id AND l.brand_id = k.brand_id AND "
                             "l.lot_id = k.lot_id";
const pg::Statement kLots = {"load_lots", kLotsSql.c_str()};

const std::string kChildrenSql = std::string("SELECT ") + kLotColumns +
                                 " FROM unnest($1::uuid[], $2::text[], $3::uuid[]) AS k(customer_id, brand_id, "
                                 "lot_id) JOIN lot l ON l.customer_id = k.customer_id AND l.brand_id = k.brand_id "
                                 "AND l.origin_lot_id = k.lot_id";
const pg::Statement kChildren = {"load_lot_children", kChildrenSql.c_str()};

// $1 numbers the ranges; rows come in order within each.
const std::string kActiveSql =
    "SELECT l.*, k.n FROM unnest($1::int4[], $2::uuid[], $3::text[], $4::int2[], $5::int4[]) AS k(n, customer_id, "
    "brand_id, currency_no, max_rows) CROSS JOIN LATERAL (SELECT " +
    std::string(kLotColumns) +
    " FROM lot l WHERE l.customer_id = k.customer_id AND l.brand_id = k.brand_id AND l.currency_no = k.currency_no "
    "AND l.state = 1 ORDER BY l.expiry_time, l.lot_id LIMIT k.max_rows) l";
const pg::Statement kActive = {"load_active_lots", kActiveSql.c_str()};

const std::string kPendingSql =
    "SELECT l.*, k.n FROM unnest($1::int4[], $2::uuid[], $3::text[], $4::int2[], $5::int4[]) AS k(n, customer_id, "
    "brand_id, currency_no, max_rows) CROSS JOIN LATERAL (SELECT " +
    std::string(kLotColumns) +
    " FROM lot l WHERE l.customer_id = k.customer_id AND l.brand_id = k.brand_id AND l.state = 0 "
    "ORDER BY l.activation_time, l.lot_id LIMIT k.max_rows) l";
const pg::Statement kPending = {"load_pending_lots", kPendingSql.c_str()};

struct LotKeys {
  std::vector<CustomerId> customers;
  std::vector<BrandId> brands;
  std::vector<LotId> lots;

  void Add(const LotKey& key) {
    customers.push_back(key.side.customer);
    brands.push_back(key.side.brand);
    lots.push_back(key.lot);
  }
};

void LoadByKey(pg::Tx& tx, const std::set<LotKey>& wanted, Tables& tables) {
  LotKeys keys;
  for (const LotKey& key : wanted) {
    if (!tables.lot.Loaded(key)) keys.Add(key);
  }
  if (keys.lots.empty()) return;
  for (const pg::Row row : tx.Run(kLots, keys.customers, keys.brands, keys.lots)) {
    auto [key, lot] = DecodeLot(row);
    tables.lot.Put(key, lot);
  }
  for (const LotKey& key : wanted) tables.lot.Put(key, std::nullopt);
}

void LoadChildren(pg::Tx& tx, const std::set<LotKey>& wanted, Tables& tables) {
  LotKeys keys;
  for (const LotKey& key : wanted) {
    if (!tables.ranges.HasChildren(key)) keys.Add(key);
  }
  if (keys.lots.empty()) return;
  for (const pg::Row row : tx.Run(kChildren, keys.customers, keys.brands, keys.lots)) {
    auto [key, lot] = DecodeLot(row);
    tables.lot.Put(key, lot);
  }
  for (const LotKey& key : wanted) tables.ranges.SetChildren(key);
}

// The ranges asked for, and those that purchases of points will begin with.
std::map<RangeKey, int32_t> WantedRanges(const Need& need, const Tables& tables) {
  std::map<RangeKey, int32_t> wanted;
  const auto add = [&](const RangeKey& key, int32_t count) {
    const Frontier* loaded = tables.ranges.Find(key);
    if (loaded != nullptr && (loaded->complete || loaded->count >= count)) return;
    wanted[key] = std::max(wanted[key], count);
  };
  for (const auto& [key, count] : need.ranges) {
    if (key.kind != RangeKey::Kind::kOpenHolds) add(key, count);
  }
  for (const Spending& spending : need.spendings) {
    const Brand* brand = tables.brand.Find(spending.customer.brand);
    if (brand == nullptr) continue;
    const auto& names = brand->names.currencies;
    const auto at = std::find(names.begin(), names.end(), spending.currency);
    if (at == names.end()) continue;
    const auto number = static_cast<CurrencyNo>(at - names.begin() + 1);
    for (const MemberKey& side : SidesOf(tables, spending.customer)) {
      add({RangeKey::Kind::kActiveLots, side, number}, kFirstCount);
    }
  }
  return wanted;
}

void LoadRanges(pg::Tx& tx, const std::map<RangeKey, int32_t>& wanted, RangeKey::Kind kind, Tables& tables) {
  std::vector<const RangeKey*> keys;
  std::vector<int32_t> numbers, counts;
  std::vector<CustomerId> customers;
  std::vector<BrandId> brands;
  std::vector<CurrencyNo> currencies;
  std::vector<Frontier> frontiers;
  for (const auto& [key, count] : wanted) {
    if (key.kind != kind) continue;
    numbers.push_back(static_cast<int32_t>(keys.size()));
    keys.push_back(&key);
    customers.push_back(key.side.customer);
    brands.push_back(key.side.brand);
    currencies.push_back(key.currency);
    counts.push_back(count);
    frontiers.push_back({count, true, absl::InfinitePast(), Uuid()});
  }
  if (keys.empty()) return;
  const bool active = kind == RangeKey::Kind::kActiveLots;
  std::vector<int32_t> found(keys.size());
  for (const pg::Row row : tx.Run(active ? kActive : kPending, numbers, customers, brands, currencies, counts)) {
    auto [key, lot] = DecodeLot(row);
    const auto n = static_cast<size_t>(row.Get<int32_t>(kLotColumnCount));
    Frontier& frontier = frontiers[n];
    frontier.time = active ? lot.expiry : lot.activation;
    frontier.id = key.lot.uuid;
    frontier.complete = ++found[n] < frontier.count;
    tables.lot.Put(key, lot);
  }
  for (size_t i = 0; i < keys.size(); ++i) tables.ranges.Set(*keys[i], frontiers[i]);
}

void LoadOrigins(pg::Tx& tx, Tables& tables) {
  std::set<LotKey> origins;
  tables.lot.Each([&](const LotKey& key, const Lot& lot) {
    if (!lot.origin.is_nil()) origins.insert({key.side, lot.origin});
  });
  LoadByKey(tx, origins, tables);
}

}  // namespace

void LoadLots(pg::Tx& tx, const Need& need, Tables& tables) {
  const std::map<RangeKey, int32_t> ranges = WantedRanges(need, tables);
  LoadByKey(tx, need.lots, tables);
  LoadChildren(tx, need.children_of, tables);
  LoadRanges(tx, ranges, RangeKey::Kind::kActiveLots, tables);
  LoadRanges(tx, ranges, RangeKey::Kind::kPendingLots, tables);
  LoadOrigins(tx, tables);
}

}  // namespace tessera::membership::store
