// Inside store/ only: between rows and columns.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "pg/params.h"
#include "pg/rows.h"
#include "services/membership/domain/rows.h"

namespace tessera::membership::store {

// Infinite times are null in the database, where a column says so.
std::optional<absl::Time> OrNull(absl::Time time);
absl::Time OrFuture(const std::optional<absl::Time>& time);
absl::Time OrPast(const std::optional<absl::Time>& time);

template <class Tag>
std::optional<Id<Tag>> OrNull(const Id<Tag>& id) {
  if (id.is_nil()) return std::nullopt;
  return id;
}

std::vector<int64_t> EncodeTotals(const Totals& totals);
Totals DecodeTotals(const std::vector<int64_t>& values);

// nullopt for none.
std::optional<pg::Bytes> EncodeHeldDebts(const std::vector<HeldDebt>& debts);
std::vector<HeldDebt> DecodeHeldDebts(const std::string& bytes);

std::string EncodePurchase(const Purchase& purchase);
std::shared_ptr<const Purchase> DecodePurchase(const std::string& bytes);

std::vector<int64_t> EncodeAwards(const Order& order);
std::vector<int64_t> EncodeAllocations(const Order& order);
// Sets the awards of an order whose purchase is set.
void DecodeAwards(const std::vector<int64_t>& awards, const std::vector<int64_t>& allocations, Order& order);

// "{uuid,uuid}", for a column that itself is an array.
std::string ArrayText(const std::vector<Uuid>& ids);

// The first eight bytes of the SHA-256 of the parts, the same in every process.
int64_t StableHash(std::initializer_list<std::string_view> parts);

// Reads the columns of a member row from `column` on, in the order of kMemberColumns.
inline constexpr char kMemberColumns[] =
    "m.customer_id, m.brand_id, m.root_id, m.member_seq, m.own_enrolled_time, m.enrolled_time, m.next_activation_time, "
    "m.next_expiry_time, m.next_warning_time, m.next_hold_end_time, m.tier_since_time, m.tier_hold_time, "
    "m.tier_grace_time, m.tier_due_time, m.tier_version, m.tier_level, m.growth_days_kept, m.own_sums, m.all_sums, "
    "m.held_debts, m.tier_reviewed_time";
struct MemberRow {
  MemberKey key;
  Member member;
  bool alone = false;  // a root without other sides
};
MemberRow DecodeMember(const pg::Row& row);

// The same for lots.
inline constexpr char kLotColumns[] =
    "l.customer_id, l.brand_id, l.lot_id, l.currency_no, l.state, l.slides, l.warned, l.amount, l.remaining, l.held, "
    "l.forgiven, l.expired, l.earned_time, l.activation_time, l.expiry_time, l.program_version, l.rule_no, "
    "l.transaction_id, l.origin_lot_id";
inline constexpr int kLotColumnCount = 19;
std::pair<LotKey, Lot> DecodeLot(const pg::Row& row);

}  // namespace tessera::membership::store
