#include <algorithm>
#include <map>

#include "services/membership/store/codec.h"
#include "services/membership/store/reads.h"

namespace tessera::membership::store {
namespace {

constexpr pg::Statement kVersion = {
    "read_program_version",
    "SELECT version, valid_from_time, created_time, document FROM program_version WHERE brand_id = $1 AND "
    "($2::int4 = version OR ($2 = 0 AND valid_from_time <= now())) ORDER BY valid_from_time DESC, version DESC LIMIT "
    "1"};

constexpr pg::Statement kCounts = {
    "read_member_counts",
    "SELECT count(*) FILTER (WHERE root_id = customer_id AND enrolled_time IS NOT NULL), "
    "count(*) FILTER (WHERE root_id = customer_id AND enrolled_time IS NULL), "
    "count(*) FILTER (WHERE root_id <> customer_id), coalesce(sum(own_sums[3]), 0)::int8, "
    "coalesce(sum(own_sums[2]), 0)::int8, coalesce(sum(own_sums[1]), 0)::int8 FROM member WHERE brand_id = $1"};

constexpr pg::Statement kSums = {
    "read_currency_sums",
    "SELECT currency_no, saturated(sum(available)), saturated(sum(pending)), "
    "saturated(sum(held)), saturated(sum(debt)), saturated(sum(held_debt)), "
    "saturated(sum(earned)), saturated(sum(clawed_back)), saturated(sum(forgiven)), "
    "saturated(sum(spent)), saturated(sum(returned)), saturated(sum(expired)), "
    "saturated(sum(available) + sum(pending) + sum(held) - sum(debt)) FROM own_account WHERE brand_id = $1 GROUP BY 1"};

constexpr pg::Statement kTiers = {
    "read_tier_counts",
    "SELECT tier_level, count(*) FROM member WHERE brand_id = $1 AND root_id = customer_id AND enrolled_time IS NOT "
    "NULL GROUP BY 1"};

}  // namespace

std::optional<ProgramView> ReadProgramVersion(pg::Tx& tx, const BrandId& brand, int32_t version) {
  const pg::Rows rows = tx.Run(kVersion, brand, version);
  if (rows.empty()) return std::nullopt;
  const pg::Row row = rows[0];
  return ProgramView{row.Get<int32_t>(0), row.Get<absl::Time>(1), row.Get<absl::Time>(2), row.Get<std::string>(3)};
}

bool KnowsBrand(pg::Tx& tx, const BrandId& brand) {
  static constexpr pg::Statement kKnown = {"read_brand", "SELECT 1 FROM brand WHERE brand_id = $1"};
  return !tx.Run(kKnown, brand).empty();
}

std::optional<StatisticsView> ReadStatistics(pg::Tx& tx, const BrandId& brand, ReadProgram read_program) {
  if (!KnowsBrand(tx, brand)) return std::nullopt;
  StatisticsView view;
  for (const pg::Row row : tx.Run(kCounts, brand)) {
    view.members = row.Get<int64_t>(0);
    view.known = row.Get<int64_t>(1);
    view.absorbed = row.Get<int64_t>(2);
    view.orders = row.Get<int64_t>(3);
    view.entries = row.Get<int64_t>(4);
    view.lots = row.Get<int64_t>(5);
  }
  for (const std::string& name : ReadNames(tx, brand).currencies) view.currencies.push_back({name, {}, 0});
  for (const pg::Row row : tx.Run(kSums, brand)) {
    const auto currency = static_cast<size_t>(row.Get<int16_t>(0));
    if (currency > view.currencies.size()) continue;
    for (int m = 0; m < kMeasures - 1; ++m) {
      view.currencies[currency - 1].sums.values[static_cast<size_t>(m)] = row.Get<int64_t>(m + 1);
    }
    view.currencies[currency - 1].balance = row.Get<int64_t>(kMeasures);
  }
  const auto version = ReadProgramVersion(tx, brand, 0);
  if (!version) return view;
  for (const Tier& tier : read_program(version->document).tiers) view.tiers.emplace_back(tier.id, 0);
  for (const pg::Row row : tx.Run(kTiers, brand)) {
    const auto level = static_cast<size_t>(row.Get<int16_t>(0));
    if (level >= 1 && level <= view.tiers.size()) view.tiers[level - 1].second = row.Get<int64_t>(1);
  }
  return view;
}

}  // namespace tessera::membership::store
