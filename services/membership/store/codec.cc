#include "services/membership/store/codec.h"

#include <cstring>

#include "base/check.h"
#include "base/crypto.h"
#include "tessera/membership/v1/stored.pb.h"

namespace tessera::membership::store {
namespace {

constexpr size_t kCounts = 3, kAwardFields = 8;

}  // namespace

std::optional<absl::Time> OrNull(absl::Time time) {
  if (time == absl::InfiniteFuture() || time == absl::InfinitePast()) return std::nullopt;
  return time;
}

absl::Time OrFuture(const std::optional<absl::Time>& time) { return time.value_or(absl::InfiniteFuture()); }
absl::Time OrPast(const std::optional<absl::Time>& time) { return time.value_or(absl::InfinitePast()); }

std::vector<int64_t> EncodeTotals(const Totals& totals) {
  std::vector<int64_t> values = {totals.lots, totals.entries, totals.orders};
  values.reserve(kCounts + totals.accounts.size() * kMeasures);
  for (const Account& account : totals.accounts) {
    values.insert(values.end(), account.values.begin(), account.values.end());
  }
  return values;
}

Totals DecodeTotals(const std::vector<int64_t>& values) {
  TESSERA_CHECK(values.size() >= kCounts && (values.size() - kCounts) % kMeasures == 0);
  Totals totals;
  totals.lots = values[0];
  totals.entries = values[1];
  totals.orders = values[2];
  totals.accounts.resize((values.size() - kCounts) / kMeasures);
  auto at = values.begin() + kCounts;
  for (Account& account : totals.accounts) {
    std::copy_n(at, kMeasures, account.values.begin());
    at += kMeasures;
  }
  return totals;
}

std::string EncodePurchase(const Purchase& purchase) {
  v1::StoredOrder stored;
  stored.set_freight_minor(purchase.freight_minor);
  stored.set_points_minor(purchase.points_minor);
  for (const OrderLine& line : purchase.lines) {
    v1::StoredLine& to = *stored.add_lines();
    to.set_code(line.code);
    to.set_quantity(line.quantity);
    to.set_list_minor(line.list_minor);
    to.set_paid_minor(line.paid_minor);
    to.set_category(line.category);
    to.mutable_tags()->Assign(line.tags.begin(), line.tags.end());
    to.set_points_minor(line.points_minor);
  }
  return stored.SerializeAsString();
}

std::shared_ptr<const Purchase> DecodePurchase(const std::string& bytes) {
  v1::StoredOrder stored;
  TESSERA_CHECK(stored.ParseFromString(bytes));
  auto purchase = std::make_shared<Purchase>();
  purchase->freight_minor = stored.freight_minor();
  purchase->points_minor = stored.points_minor();
  for (v1::StoredLine& from : *stored.mutable_lines()) {
    OrderLine line;
    line.code = std::move(*from.mutable_code());
    line.quantity = from.quantity();
    line.list_minor = from.list_minor();
    line.paid_minor = from.paid_minor();
    line.category = std::move(*from.mutable_category());
    line.tags.assign(from.tags().begin(), from.tags().end());
    line.points_minor = from.points_minor();
    purchase->lines.push_back(std::move(line));
  }
  return purchase;
}

std::vector<int64_t> EncodeAwards(const Order& order) {
  std::vector<int64_t> values;
  values.reserve(order.awards.size() * kAwardFields);
  for (const Award& award : order.awards) {
    for (int64_t value : {int64_t{award.rule}, int64_t{award.currency}, award.amount, award.back, award.expired,
                          award.time, int64_t{award.has_lot}, int64_t{award.of_completion}}) {
      values.push_back(value);
    }
  }
  return values;
}

std::vector<int64_t> EncodeAllocations(const Order& order) {
  std::vector<int64_t> values;
  for (const Award& award : order.awards) values.insert(values.end(), award.lines.begin(), award.lines.end());
  return values;
}

void DecodeAwards(const std::vector<int64_t>& awards, const std::vector<int64_t>& allocations, Order& order) {
  const size_t count = awards.size() / kAwardFields;
  const size_t lines = order.purchase == nullptr ? 0 : order.purchase->line_count();
  TESSERA_CHECK(awards.size() % kAwardFields == 0 && allocations.size() == count * lines);
  for (size_t i = 0; i < count; ++i) {
    const int64_t* at = &awards[i * kAwardFields];
    Award award;
    award.rule = static_cast<RuleNo>(at[0]);
    award.currency = static_cast<CurrencyNo>(at[1]);
    award.amount = at[2];
    award.back = at[3];
    award.expired = at[4];
    award.time = at[5];
    award.has_lot = at[6] != 0;
    award.of_completion = at[7] != 0;
    const auto first = allocations.begin() + static_cast<ptrdiff_t>(i * lines);
    award.lines.assign(first, first + static_cast<ptrdiff_t>(lines));
    order.awards.push_back(std::move(award));
  }
}

std::string ArrayText(const std::vector<Uuid>& ids) {
  std::string text = "{";
  for (size_t i = 0; i < ids.size(); ++i) {
    if (i > 0) text.push_back(',');
    text += ids[i].ToString();
  }
  return text + "}";
}

int64_t StableHash(std::initializer_list<std::string_view> parts) {
  const std::string digest = Sha256OfParts(parts);
  int64_t hash = 0;
  std::memcpy(&hash, digest.data(), sizeof(hash));
  return hash;
}

std::optional<pg::Bytes> EncodeHeldDebts(const std::vector<HeldDebt>& debts) {
  if (debts.empty()) return std::nullopt;
  v1::StoredHeldDebts stored;
  for (const HeldDebt& debt : debts) {
    auto* one = stored.add_debts();
    one->set_currency_no(debt.currency);
    one->set_lot_id(debt.lot.uuid.bytes.data(), debt.lot.uuid.bytes.size());
    one->set_amount(debt.amount);
  }
  return pg::Bytes{stored.SerializeAsString()};
}

std::vector<HeldDebt> DecodeHeldDebts(const std::string& bytes) {
  v1::StoredHeldDebts stored;
  TESSERA_CHECK(stored.ParseFromString(bytes));
  std::vector<HeldDebt> debts;
  for (const v1::StoredHeldDebt& one : stored.debts()) {
    HeldDebt& debt = debts.emplace_back();
    debt.currency = static_cast<CurrencyNo>(one.currency_no());
    const auto lot = Uuid::FromBytes(one.lot_id());
    TESSERA_CHECK(lot.has_value());
    debt.lot = {*lot};
    debt.amount = one.amount();
  }
  return debts;
}

MemberRow DecodeMember(const pg::Row& row) {
  using OptionalTime = std::optional<absl::Time>;
  const MemberKey key = {row.Get<CustomerId>(0), row.Get<BrandId>(1)};
  Member member;
  member.root = row.Get<CustomerId>(2);
  member.member_seq = row.Get<int64_t>(3);
  member.own_enrolled_time = OrFuture(row.Get<OptionalTime>(4));
  member.enrolled_time = OrFuture(row.Get<OptionalTime>(5));
  member.next_activation = OrFuture(row.Get<OptionalTime>(6));
  member.next_expiry = OrFuture(row.Get<OptionalTime>(7));
  member.next_warning = OrFuture(row.Get<OptionalTime>(8));
  member.next_hold_end = OrFuture(row.Get<OptionalTime>(9));
  member.tier.since = OrPast(row.Get<OptionalTime>(10));
  member.tier.hold_until = OrPast(row.Get<OptionalTime>(11));
  member.tier.grace_from = OrPast(row.Get<OptionalTime>(12));
  member.tier.due = OrFuture(row.Get<OptionalTime>(13));
  member.tier.version = row.Get<int32_t>(14);
  member.tier.level = row.Get<int16_t>(15);
  member.growth_days_kept = row.Get<bool>(16);
  member.own = DecodeTotals(row.Get<std::vector<int64_t>>(17));
  const bool alone = member.root == key.customer && row.IsNull(18);
  if (alone) {
    member.all = member.own;
  } else if (auto all = row.Get<std::optional<std::vector<int64_t>>>(18)) {
    member.all = DecodeTotals(*all);
  }
  member.tier.reviewed = OrPast(row.Get<OptionalTime>(20));
  if (const auto debts = row.Get<std::optional<pg::Bytes>>(19)) member.held_debts = DecodeHeldDebts(debts->value);
  return {key, std::move(member), alone};
}

std::pair<LotKey, Lot> DecodeLot(const pg::Row& row) {
  const LotKey key = {{row.Get<CustomerId>(0), row.Get<BrandId>(1)}, row.Get<LotId>(2)};
  Lot lot;
  lot.currency = row.Get<int16_t>(3);
  lot.state = static_cast<LotState>(row.Get<int16_t>(4));
  lot.slides = row.Get<bool>(5);
  lot.warned = row.Get<bool>(6);
  lot.amount = row.Get<int64_t>(7);
  lot.remaining = row.Get<int64_t>(8);
  lot.held = row.Get<int64_t>(9);
  lot.forgiven = row.Get<int64_t>(10);
  lot.expired = row.Get<int64_t>(11);
  lot.earned = row.Get<absl::Time>(12);
  lot.activation = row.Get<absl::Time>(13);
  lot.expiry = row.Get<absl::Time>(14);
  lot.program_version = row.Get<int32_t>(15);
  lot.rule = row.Get<int16_t>(16);
  lot.transaction = row.Get<TransactionId>(17);
  lot.origin = row.Get<std::optional<LotId>>(18).value_or(LotId());
  return {key, lot};
}

}  // namespace tessera::membership::store
