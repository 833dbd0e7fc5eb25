#include "services/membership/store/codec.h"
#include "services/membership/store/save.h"

namespace tessera::membership::store {
namespace {

using OptionalTime = std::optional<absl::Time>;

#define TESSERA_MEMBER_ROWS                                                                                          \
  "unnest($1::uuid[], $2::text[], $3::uuid[], $4::int8[], $5::timestamptz[], $6::timestamptz[], $7::timestamptz[], " \
  "$8::timestamptz[], $9::timestamptz[], $10::timestamptz[], $11::timestamptz[], $12::timestamptz[], "               \
  "$13::timestamptz[], $14::timestamptz[], $15::int4[], $16::int2[], $17::bool[], $18::text[], $19::text[], "        \
  "$20::bytea[], $21::timestamptz[]) AS "                                                                            \
  "k(customer_id, brand_id, root_id, member_seq, own_enrolled_time, enrolled_time, next_activation_time, "           \
  "next_expiry_time, next_warning_time, next_hold_end_time, tier_since_time, tier_hold_time, tier_grace_time, "      \
  "tier_due_time, tier_version, tier_level, growth_days_kept, own_sums, all_sums, held_debts, "                      \
  "tier_reviewed_time)"

constexpr pg::Statement kInsert = {
    "insert_members",
    "INSERT INTO member (customer_id, brand_id, root_id, member_seq, own_enrolled_time, enrolled_time, "
    "next_activation_time, next_expiry_time, next_warning_time, next_hold_end_time, tier_since_time, tier_hold_time, "
    "tier_grace_time, tier_due_time, tier_version, tier_level, growth_days_kept, own_sums, all_sums, held_debts, "
    "tier_reviewed_time) SELECT k.customer_id, k.brand_id, k.root_id, k.member_seq, k.own_enrolled_time, "
    "k.enrolled_time, "
    "k.next_activation_time, k.next_expiry_time, k.next_warning_time, k.next_hold_end_time, k.tier_since_time, "
    "k.tier_hold_time, k.tier_grace_time, k.tier_due_time, k.tier_version, k.tier_level, k.growth_days_kept, "
    "k.own_sums::int8[], k.all_sums::int8[], k.held_debts, k.tier_reviewed_time FROM " TESSERA_MEMBER_ROWS};

constexpr pg::Statement kUpdate = {
    "update_members",
    "UPDATE member m SET root_id = k.root_id, member_seq = k.member_seq, own_enrolled_time = k.own_enrolled_time, "
    "enrolled_time = k.enrolled_time, next_activation_time = k.next_activation_time, "
    "next_expiry_time = k.next_expiry_time, next_warning_time = k.next_warning_time, "
    "next_hold_end_time = k.next_hold_end_time, tier_since_time = k.tier_since_time, "
    "tier_hold_time = k.tier_hold_time, tier_grace_time = k.tier_grace_time, tier_due_time = k.tier_due_time, "
    "tier_version = k.tier_version, tier_level = k.tier_level, growth_days_kept = k.growth_days_kept, "
    "own_sums = k.own_sums::int8[], all_sums = k.all_sums::int8[], held_debts = k.held_debts, "
    "tier_reviewed_time = k.tier_reviewed_time FROM " TESSERA_MEMBER_ROWS
    " WHERE m.customer_id = k.customer_id AND m.brand_id = k.brand_id"};

#undef TESSERA_MEMBER_ROWS

struct Columns {
  std::vector<CustomerId> customer, root;
  std::vector<BrandId> brand;
  std::vector<int64_t> seq;
  std::vector<OptionalTime> own_enrolled, enrolled, activation, expiry, warning, hold_end;
  std::vector<OptionalTime> tier_since, tier_hold, tier_grace, tier_due, tier_reviewed;
  std::vector<int32_t> tier_version;
  std::vector<int16_t> tier_level;
  std::vector<bool> growth_days_kept;
  std::vector<std::string> own;
  std::vector<std::optional<std::string>> all;
  std::vector<std::optional<pg::Bytes>> held_debts;

  void Add(const MemberKey& key, const Member& row) {
    customer.push_back(key.customer);
    brand.push_back(key.brand);
    root.push_back(row.root);
    seq.push_back(row.member_seq);
    own_enrolled.push_back(OrNull(row.own_enrolled_time));
    enrolled.push_back(OrNull(row.enrolled_time));
    activation.push_back(OrNull(row.next_activation));
    expiry.push_back(OrNull(row.next_expiry));
    warning.push_back(OrNull(row.next_warning));
    hold_end.push_back(OrNull(row.next_hold_end));
    tier_since.push_back(OrNull(row.tier.since));
    tier_hold.push_back(OrNull(row.tier.hold_until));
    tier_grace.push_back(OrNull(row.tier.grace_from));
    tier_due.push_back(OrNull(row.tier.due));
    tier_reviewed.push_back(OrNull(row.tier.reviewed));
    tier_version.push_back(row.tier.version);
    tier_level.push_back(row.tier.level);
    growth_days_kept.push_back(row.growth_days_kept);
    own.push_back(pg::ArrayText(EncodeTotals(row.own)));
    held_debts.push_back(EncodeHeldDebts(row.held_debts));
    const bool is_root = row.root == key.customer;
    const bool alone = is_root && row.absorbed.empty() && row.all == row.own;
    all.emplace_back();
    if (is_root && !alone) all.back() = pg::ArrayText(EncodeTotals(row.all));
  }

  void Run(pg::Tx& tx, const pg::Statement& statement) const {
    if (customer.empty()) return;
    tx.Send(statement, customer, brand, root, seq, own_enrolled, enrolled, activation, expiry, warning, hold_end,
            tier_since, tier_hold, tier_grace, tier_due, tier_version, tier_level, growth_days_kept, own, all,
            held_debts, tier_reviewed);
  }
};

}  // namespace

void SaveMembers(pg::Tx& tx, const Tables& tables) {
  Columns fresh, changed;
  tables.member.EachDirty([&](const MemberKey& key, const std::optional<Member>& was,
                              const std::optional<Member>& now) { (was ? changed : fresh).Add(key, *now); });
  fresh.Run(tx, kInsert);
  changed.Run(tx, kUpdate);
}

}  // namespace tessera::membership::store
