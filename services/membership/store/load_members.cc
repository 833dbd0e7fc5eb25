#include <algorithm>
#include <map>
#include <string>

#include "services/membership/store/codec.h"
#include "services/membership/store/load.h"

namespace tessera::membership::store {
namespace {

const std::string kMembersSql = std::string("SELECT ") + kMemberColumns +
                                " FROM unnest($1::uuid[], $2::text[]) AS k(customer_id, brand_id) JOIN member m ON "
                                "m.customer_id = k.customer_id AND m.brand_id = k.brand_id";
const pg::Statement kMembers = {"load_members", kMembersSql.c_str()};

const std::string kAbsorbedSql = std::string("SELECT ") + kMemberColumns +
                                 " FROM unnest($1::uuid[], $2::text[]) AS k(root_id, brand_id) JOIN member m ON "
                                 "m.root_id = k.root_id AND m.brand_id = k.brand_id AND m.root_id <> m.customer_id";
const pg::Statement kAbsorbed = {"load_absorbed", kAbsorbedSql.c_str()};

// The ledger's sums by day of sides whose days were not kept. Pending growth (with a lot) counts from its activation.
constexpr pg::Statement kClearGrowth = {
    "clear_growth",
    "DELETE FROM growth_day g USING unnest($1::uuid[], $2::text[]) AS k(customer_id, brand_id) WHERE "
    "g.customer_id = k.customer_id AND g.brand_id = k.brand_id"};
constexpr pg::Statement kBuildGrowth = {
    "build_growth",
    "INSERT INTO growth_day (customer_id, brand_id, currency_no, day, amount) "
    "SELECT t.customer_id, t.brand_id, t.currency_no, "
    "(t.effective_time AT TIME ZONE k.time_zone)::date - '1970-01-01'::date, "
    "sum(CASE WHEN t.kind = 9 OR t.from_account <> 0 THEN t.amount ELSE -t.amount END) "
    "FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[]) AS k(customer_id, brand_id, time_zone, currencies) "
    "JOIN transfer t ON t.customer_id = k.customer_id AND t.brand_id = k.brand_id "
    "AND t.currency_no = ANY(k.currencies::int2[]) AND (t.kind = 9 OR t.lot_id IS NULL) GROUP BY 1, 2, 3, 4"};
constexpr pg::Statement kKeepGrowth = {
    "keep_growth",
    "UPDATE member m SET growth_days_kept = true FROM unnest($1::uuid[], $2::text[]) AS k(customer_id, brand_id) "
    "WHERE m.customer_id = k.customer_id AND m.brand_id = k.brand_id"};
constexpr pg::Statement kGrowth = {
    "load_growth",
    "SELECT g.customer_id, g.brand_id, g.currency_no, g.day, g.amount FROM unnest($1::uuid[], $2::text[]) AS "
    "k(customer_id, brand_id) JOIN growth_day g ON g.customer_id = k.customer_id AND g.brand_id = k.brand_id"};

struct Keys {
  std::vector<CustomerId> customers;
  std::vector<BrandId> brands;

  void Add(const MemberKey& key) {
    customers.push_back(key.customer);
    brands.push_back(key.brand);
  }
  bool empty() const { return customers.empty(); }
};

// Members by name and their roots that are not loaded yet.
std::set<MemberKey> Wanted(const Need& need, const Tables& tables) {
  std::set<MemberKey> wanted;
  const auto add = [&](const MemberKey& key) {
    if (!tables.member.Loaded(key)) wanted.insert(key);
  };
  for (const MemberKey& key : need.members) {
    add(key);
    if (const auto at = need.roots.find(key); at != need.roots.end() && at->second) add({*at->second, key.brand});
  }
  return wanted;
}

using Members = std::map<MemberKey, Member>;

// True if what was discovered of a loaded row no longer holds.
bool Moved(const Need& need, const Members& loaded) {
  for (const auto& [key, member] : loaded) {
    if (auto at = need.roots.find(key); at != need.roots.end() && at->second != member.root) return true;
    const auto root = loaded.find({member.root, key.brand});
    if (root != loaded.end() && root->second.root != member.root) return true;
  }
  return false;
}

// The rows of the keys, and of all sides of the roots among them.
Members ReadMembers(pg::Tx& tx, const Keys& keys) {
  Members members;
  Keys roots;
  for (const pg::Row row : tx.Run(kMembers, keys.customers, keys.brands)) {
    MemberRow read = DecodeMember(row);
    if (read.member.root == read.key.customer && !read.alone) roots.Add(read.key);
    members.emplace(read.key, std::move(read.member));
  }
  if (roots.empty()) return members;
  for (const pg::Row row : tx.Run(kAbsorbed, roots.customers, roots.brands)) {
    MemberRow read = DecodeMember(row);
    members.at({read.member.root, read.key.brand}).absorbed.push_back(read.key.customer);
    members.emplace(read.key, std::move(read.member));
  }
  for (auto& [key, member] : members) std::sort(member.absorbed.begin(), member.absorbed.end());
  return members;
}

// Brands whose tiers are judged by a window, now or in another version.
std::set<BrandId> Windowed(const Need& need, const Tables& tables) {
  std::set<BrandId> windowed = need.growth_of;
  tables.program.Each([&](const ProgramKey& key, const ProgramVersion& version) {
    if (version.program->windowed()) windowed.insert(key.brand);
  });
  return windowed;
}

// The numbers of a brand's growth currencies, "{2}".
std::string GrowthCurrencies(const Tables& tables, const BrandId& brand) {
  std::set<int64_t> numbers;
  tables.program.Each([&](const ProgramKey& key, const ProgramVersion& version) {
    if (key.brand != brand) return;
    for (const Currency& currency : version.program->currencies) {
      if (!currency.has_lots()) numbers.insert(currency.number);
    }
  });
  return pg::ArrayText(std::vector<int64_t>(numbers.begin(), numbers.end()));
}

void BuildGrowth(pg::Tx& tx, const Tables& tables, const Keys& sides) {
  if (sides.empty()) return;
  std::vector<std::string> zones, currencies;
  for (const BrandId& brand : sides.brands) {
    zones.push_back(tables.brand.At(brand).time_zone);
    currencies.push_back(GrowthCurrencies(tables, brand));
  }
  tx.Send(kClearGrowth, sides.customers, sides.brands);
  tx.Send(kBuildGrowth, sides.customers, sides.brands, zones, currencies);
  tx.Send(kKeepGrowth, sides.customers, sides.brands);
}

// Makes up the growth days of members of windowed brands that have not kept them.
void KeepGrowth(pg::Tx& tx, const Need& need, const Tables& tables, Members& members) {
  const std::set<BrandId> windowed = Windowed(need, tables);
  Keys build;
  for (auto& [key, member] : members) {
    if (member.growth_days_kept || !windowed.contains(key.brand)) continue;
    if (tables.brand.Find(key.brand) == nullptr) continue;
    build.Add(key);
    member.growth_days_kept = true;
  }
  BuildGrowth(tx, tables, build);
}

}  // namespace

engine::Loaded LoadMembers(pg::Tx& tx, const Need& need, Tables& tables) {
  const std::set<MemberKey> wanted = Wanted(need, tables);
  if (wanted.empty()) return engine::Loaded::kOk;
  Keys keys;
  for (const MemberKey& key : wanted) keys.Add(key);
  Members members = ReadMembers(tx, keys);
  if (!tx.ok()) return engine::Loaded::kOk;
  if (Moved(need, members)) return engine::Loaded::kMoved;
  KeepGrowth(tx, need, tables, members);
  for (auto& [key, member] : members) tables.member.Put(key, std::move(member));
  for (const MemberKey& key : wanted) tables.member.Put(key, std::nullopt);
  return engine::Loaded::kOk;
}

void LoadGrowth(pg::Tx& tx, const Need& need, Tables& tables) {
  const std::set<BrandId> windowed = Windowed(need, tables);
  if (windowed.empty()) return;
  Keys wanted;
  tables.member.Each([&](const MemberKey& key, const Member&) {
    if (windowed.contains(key.brand) && !tables.ranges.HasGrowth(key)) wanted.Add(key);
  });
  if (!wanted.empty()) {
    for (const pg::Row row : tx.Run(kGrowth, wanted.customers, wanted.brands)) {
      const MemberKey side = {row.Get<CustomerId>(0), row.Get<BrandId>(1)};
      tables.growth.Put({side, row.Get<int16_t>(2), row.Get<int32_t>(3)}, row.Get<int64_t>(4));
    }
  }
  for (size_t i = 0; i < wanted.customers.size(); ++i) {
    tables.ranges.SetGrowth({wanted.customers[i], wanted.brands[i]});
  }
  for (const MemberKey& key : need.members) {
    if (windowed.contains(key.brand)) tables.ranges.SetGrowth(key);  // one who is not known has none
  }
}

}  // namespace tessera::membership::store
