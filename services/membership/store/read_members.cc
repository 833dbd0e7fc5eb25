#include <algorithm>
#include <map>

#include "base/check.h"
#include "pg/time_zone.h"
#include "services/membership/domain/calendar.h"
#include "services/membership/store/codec.h"
#include "services/membership/store/reads.h"

namespace tessera::membership::store {
namespace {

using OptionalTime = std::optional<absl::Time>;

constexpr absl::Duration kSoon = absl::Hours(24 * 30);

constexpr pg::Statement kBalances = {
    "read_balances",
    "SELECT k.n, r.customer_id, r.brand_id, r.member_seq, coalesce(r.all_sums, r.own_sums), "
    "least(r.next_expiry_time, a.next_expiry_time), least(r.next_activation_time, a.next_activation_time), now() "
    "FROM unnest($1::int4[], $2::uuid[], $3::text[]) AS k(n, customer_id, brand_id) "
    "JOIN member m ON m.customer_id = k.customer_id AND m.brand_id = k.brand_id "
    "JOIN member r ON r.customer_id = m.root_id AND r.brand_id = m.brand_id "
    "LEFT JOIN LATERAL (SELECT min(s.next_expiry_time) AS next_expiry_time, min(s.next_activation_time) AS "
    "next_activation_time FROM member s WHERE r.all_sums IS NOT NULL AND s.root_id = r.customer_id AND "
    "s.brand_id = r.brand_id AND s.root_id <> s.customer_id) a ON true"};

constexpr pg::Statement kNamesOf = {"read_currency_names",
                                    "SELECT brand_id, currency_names FROM brand WHERE brand_id = ANY($1)"};

constexpr pg::Statement kZone = {"read_time_zone", "SELECT time_zone FROM brand WHERE brand_id = $1"};

// Lots that the clock has passed though their timer has not run, and those that expire soon.
constexpr pg::Statement kDueLots = {
    "read_due_lots",
    "SELECT k.n, l.currency_no, l.state, l.remaining - l.held, least(l.expiry_time, CASE WHEN l.slides THEN "
    "to_timestamp((coalesce(r.all_sums, r.own_sums))[l.currency_no * 12 + 3] / 1e6) END), l.activation_time "
    "FROM unnest($1::int4[], $2::uuid[], $3::text[]) AS k(n, root_id, brand_id) "
    "JOIN member r ON r.customer_id = k.root_id AND r.brand_id = k.brand_id "
    "CROSS JOIN LATERAL (SELECT r.customer_id UNION ALL SELECT s.customer_id FROM member s WHERE "
    "s.root_id = r.customer_id AND s.brand_id = r.brand_id AND s.root_id <> s.customer_id) s "
    // Lots after their member, never all lots first: hence OFFSET 0.
    "CROSS JOIN LATERAL (SELECT l.* FROM lot l WHERE l.customer_id = s.customer_id AND l.brand_id = k.brand_id AND "
    "((l.state = 1 AND (l.slides OR l.expiry_time <= now() + interval '30 days')) OR "
    "(l.state = 0 AND l.activation_time <= now())) OFFSET 0) l"};

#define TESSERA_VIEW_COLUMNS                                                                                        \
  "m.customer_id, m.member_seq, m.enrolled_time, m.tier_level, m.tier_version, m.tier_since_time, "                 \
  "m.tier_grace_time, m.tier_due_time, coalesce(m.all_sums, m.own_sums), ARRAY(SELECT s.customer_id FROM member s " \
  "WHERE s.root_id = m.customer_id AND s.brand_id = m.brand_id AND s.root_id <> s.customer_id ORDER BY 1)"

constexpr pg::Statement kMember = {
    "read_member",
    "SELECT " TESSERA_VIEW_COLUMNS
    " FROM member k JOIN member m ON m.customer_id = k.root_id AND m.brand_id = k.brand_id WHERE k.customer_id = $1 "
    "AND k.brand_id = $2"};

constexpr pg::Statement kMembersById = {
    "read_members_by_id",
    "SELECT " TESSERA_VIEW_COLUMNS
    " FROM member m WHERE m.brand_id = $1 AND m.root_id = m.customer_id AND m.enrolled_time IS NOT NULL AND "
    "($2::int2 = 0 OR m.tier_level = $2) AND ($3::uuid IS NULL OR m.customer_id > $3) ORDER BY m.customer_id LIMIT $4"};

// $5 is the place of the currency's first measure.
constexpr pg::Statement kMembersByBalance = {
    "read_members_by_balance",
    "SELECT " TESSERA_VIEW_COLUMNS
    " FROM (SELECT *, coalesce(sums[$5] + sums[$5 + 1] + sums[$5 + 2] - sums[$5 + 3], 0) AS balance FROM "
    "(SELECT *, coalesce(all_sums, own_sums) AS sums FROM member WHERE brand_id = $1 AND root_id = customer_id AND "
    "enrolled_time IS NOT NULL AND ($2::int2 = 0 OR tier_level = $2)) AS s) AS m WHERE $3::uuid IS NULL OR "
    "balance < $6 OR (balance = $6 AND customer_id > $3) ORDER BY balance DESC, customer_id LIMIT $4"};

#undef TESSERA_VIEW_COLUMNS

constexpr pg::Statement kSides = {
    "read_sides",
    "SELECT m.root_id FROM member m WHERE m.customer_id = $1 AND m.brand_id = $2 UNION ALL "
    "SELECT s.customer_id FROM member m JOIN member s ON s.root_id = m.root_id AND s.brand_id = m.brand_id AND "
    "s.root_id <> s.customer_id WHERE m.customer_id = $1 AND m.brand_id = $2"};

BalanceView ViewOf(const std::string& currency, const Account& account) {
  return {currency, account[Measure::kAvailable], account[Measure::kPending], account[Measure::kHeld],
          account[Measure::kDebt]};
}

std::vector<BalanceView> ViewsOf(const std::vector<std::string>& names, const Totals& totals) {
  std::vector<BalanceView> views;
  for (size_t i = 0; i < names.size(); ++i) {
    views.push_back(ViewOf(names[i], totals.Of(static_cast<CurrencyNo>(i + 1))));
  }
  return views;
}

// One lot that is due by the clock, or soon.
void Adjust(BalanceView& view, LotState state, int64_t free, absl::Time expiry, absl::Time now) {
  if (state == LotState::kPending) {
    const int64_t paid = std::min(free, view.debt);
    view.pending -= free;
    view.debt -= paid;
    view.available += free - paid;
  } else if (expiry <= now) {
    view.available -= free;
  } else if (expiry <= now + kSoon && free > 0) {
    view.expiring += free;
    view.next_expiry = std::min(view.next_expiry, expiry);
  }
}

MemberView DecodeView(const pg::Row& row, const std::vector<std::string>& names) {
  MemberView view;
  view.root = row.Get<CustomerId>(0);
  view.member_seq = row.Get<int64_t>(1);
  view.enrolled_time = OrFuture(row.Get<OptionalTime>(2));
  view.tier.level = row.Get<int16_t>(3);
  view.tier.version = row.Get<int32_t>(4);
  view.tier.since = OrPast(row.Get<OptionalTime>(5));
  view.tier.grace_from = OrPast(row.Get<OptionalTime>(6));
  view.tier.due = OrFuture(row.Get<OptionalTime>(7));
  const Totals totals = DecodeTotals(row.Get<std::vector<int64_t>>(8));
  view.balances = ViewsOf(names, totals);
  view.orders = totals.orders;
  view.sides = {view.root};
  for (const Uuid& side : row.Get<std::vector<Uuid>>(9)) view.sides.push_back({side});
  return view;
}

// What the view tells by the program version that judged the member.
class TierNames {
 public:
  TierNames(pg::Tx& tx, const BrandId& brand, ReadProgram read_program)
      : tx_(tx), brand_(brand), read_program_(read_program) {}

  void Name(MemberView& view) {
    if (view.tier.version == 0) return;
    auto at = programs_.find(view.tier.version);
    if (at == programs_.end()) {
      const auto version = ReadProgramVersion(tx_, brand_, view.tier.version);
      if (!version) return;
      at = programs_.emplace(view.tier.version, read_program_(version->document)).first;
    }
    view.tier_id = at->second.TierIdOf(view.tier.level);
    if (view.tier.grace_from == absl::InfinitePast() || !at->second.tier_policy) return;
    view.grace_end = AddDays(view.tier.grace_from, at->second.tier_policy->grace_days, Zone());
  }

 private:
  absl::TimeZone Zone() {
    absl::TimeZone zone;
    for (const pg::Row row : tx_.Run(kZone, brand_)) zone = pg::ZoneOf(tx_, row.Get<std::string>(0));
    return zone;
  }

  pg::Tx& tx_;
  const BrandId& brand_;
  const ReadProgram read_program_;
  std::map<int32_t, Program> programs_;
};

void ReadDue(pg::Tx& tx, const std::vector<int32_t>& numbers, absl::Time now,
             std::vector<std::optional<BalancesView>>& views, const std::vector<MemberKey>& keys) {
  std::vector<CustomerId> roots;
  std::vector<BrandId> brands;
  for (int32_t n : numbers) {
    roots.push_back(views[static_cast<size_t>(n)]->root);
    brands.push_back(keys[static_cast<size_t>(n)].brand);
  }
  for (const pg::Row row : tx.Run(kDueLots, numbers, roots, brands)) {
    BalancesView& view = *views[static_cast<size_t>(row.Get<int32_t>(0))];
    const auto currency = static_cast<size_t>(row.Get<int16_t>(1));
    if (currency > view.balances.size()) continue;
    Adjust(view.balances[currency - 1], static_cast<LotState>(row.Get<int16_t>(2)), row.Get<int64_t>(3),
           row.Get<absl::Time>(4), now);
  }
}

}  // namespace

std::vector<std::optional<BalancesView>> ReadBalances(pg::Tx& tx, const std::vector<MemberKey>& keys) {
  std::vector<std::optional<BalancesView>> views(keys.size());
  std::vector<int32_t> numbers;
  std::vector<CustomerId> customers;
  std::vector<BrandId> brands;
  for (size_t i = 0; i < keys.size(); ++i) {
    numbers.push_back(static_cast<int32_t>(i));
    customers.push_back(keys[i].customer);
    brands.push_back(keys[i].brand);
  }
  const auto named = tx.Ask(kNamesOf, brands);
  const pg::Rows balances = tx.Run(kBalances, numbers, customers, brands);
  std::map<BrandId, std::vector<std::string>> names;
  for (const pg::Row row : *named) names[row.Get<BrandId>(0)] = row.Get<std::vector<std::string>>(1);
  std::vector<int32_t> due;
  absl::Time now;
  for (const pg::Row row : balances) {
    const int32_t n = row.Get<int32_t>(0);
    BalancesView& view = views[static_cast<size_t>(n)].emplace();
    view.root = row.Get<CustomerId>(1);
    view.balances = ViewsOf(names[row.Get<BrandId>(2)], DecodeTotals(row.Get<std::vector<int64_t>>(4)));
    view.member_seq = row.Get<int64_t>(3);
    now = row.Get<absl::Time>(7);
    const absl::Time expiry = OrFuture(row.Get<OptionalTime>(5)), activation = OrFuture(row.Get<OptionalTime>(6));
    if (expiry <= now + kSoon || activation <= now) due.push_back(n);
  }
  if (!due.empty() && tx.ok()) ReadDue(tx, due, now, views, keys);
  return views;
}

std::optional<MemberView> ReadMember(pg::Tx& tx, const MemberKey& key, ReadProgram read_program) {
  const pg::Rows rows = tx.Run(kMember, key.customer, key.brand);
  if (rows.empty()) return std::nullopt;
  MemberView view = DecodeView(rows[0], ReadNames(tx, key.brand).currencies);
  TierNames(tx, key.brand, read_program).Name(view);
  const auto balances = ReadBalances(tx, {key});
  if (balances[0]) view.balances = balances[0]->balances;
  return view;
}

std::optional<std::vector<MemberView>> ReadMembers(pg::Tx& tx, const MemberFilter& filter, ReadProgram read_program) {
  const NumberedNames names = ReadNames(tx, filter.brand);
  int16_t level = 0;
  if (!filter.tier_id.empty()) {
    const auto version = ReadProgramVersion(tx, filter.brand, 0);
    if (!version) return std::nullopt;
    const Program program = read_program(version->document);
    for (size_t i = 0; i < program.tiers.size(); ++i) {
      if (program.tiers[i].id == filter.tier_id) level = static_cast<int16_t>(i + 1);
    }
    if (level == 0) return std::nullopt;
  }
  const auto currency = std::find(names.currencies.begin(), names.currencies.end(), filter.currency);
  TESSERA_CHECK(!filter.by_balance || currency != names.currencies.end());
  std::optional<CustomerId> after;
  if (filter.after) after = filter.after->customer;
  const int64_t limit = int64_t{filter.limit} + 1;
  const auto place = static_cast<int32_t>(4 + kMeasures * (currency - names.currencies.begin()));
  const pg::Rows rows = filter.by_balance ? tx.Run(kMembersByBalance, filter.brand, level, after, limit, place,
                                                   filter.after ? filter.after->balance : int64_t{0})
                                          : tx.Run(kMembersById, filter.brand, level, after, limit);
  std::vector<MemberView> views;
  for (const pg::Row row : rows) views.push_back(DecodeView(row, names.currencies));
  TierNames tiers(tx, filter.brand, read_program);
  for (MemberView& view : views) tiers.Name(view);
  return views;
}

std::vector<CustomerId> ReadSides(pg::Tx& tx, const MemberKey& key) {
  std::vector<CustomerId> sides;
  for (const pg::Row row : tx.Run(kSides, key.customer, key.brand)) sides.push_back(row.Get<CustomerId>(0));
  return sides;
}

}  // namespace tessera::membership::store
