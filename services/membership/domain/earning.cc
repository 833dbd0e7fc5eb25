#include "services/membership/domain/earning.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "base/checked.h"
#include "services/membership/domain/calendar.h"
#include "services/membership/domain/calls.h"
#include "services/membership/domain/due.h"
#include "services/membership/domain/judge.h"
#include "services/membership/domain/lots.h"
#include "services/membership/domain/rational.h"

namespace tessera::membership {
namespace {

__extension__ using Int128 = __int128;
using Base = EarningRule::Base;

constexpr size_t kLinesMax = 2'000;

Refusal Invalid(const std::string& field, const std::string& detail) { return {Reason::kFieldInvalid, field, detail}; }

bool Excluded(const EarningRule& rule, const OrderLine& line) {
  if (rule.excluded_codes.contains(line.code) || rule.excluded_categories.contains(line.category)) return true;
  return std::any_of(line.tags.begin(), line.tags.end(),
                     [&rule](const std::string& tag) { return rule.excluded_tags.contains(tag); });
}

// What was paid, by line and with freight as the last one.
std::vector<int64_t> Paid(const Purchase& purchase, bool include_points) {
  std::vector<int64_t> paid;
  for (const OrderLine& line : purchase.lines) {
    paid.push_back(include_points ? line.paid_minor : line.paid_minor - line.points_minor);
  }
  if (purchase.freight_minor > 0) paid.push_back(purchase.freight_minor);
  if (include_points || purchase.points_minor == 0) return paid;
  const std::vector<int64_t> points = Allocate(purchase.points_minor, paid);
  for (size_t i = 0; i < paid.size(); ++i) paid[i] -= points[i];
  return paid;
}

// FIXED weighs by paid amount, else by quantity; all 0 if all lines are excluded.
std::vector<int64_t> FixedWeights(const EarningRule& rule, const Purchase& purchase) {
  std::vector<int64_t> paid, quantity;
  for (const OrderLine& line : purchase.lines) {
    const bool excluded = Excluded(rule, line);
    paid.push_back(excluded ? 0 : line.paid_minor);
    quantity.push_back(excluded ? 0 : line.quantity);
  }
  std::vector<int64_t>* weights = CheckedSum(paid).value_or(0) > 0 ? &paid : &quantity;
  if (purchase.freight_minor > 0) weights->push_back(0);
  return std::move(*weights);
}

Int128 Rounded(EarningRule::Rounding rounding, Int128 numerator, int64_t denominator) {
  switch (rounding) {
    case EarningRule::Rounding::kFloor:
      return numerator / denominator;
    case EarningRule::Rounding::kHalfUp:
      return numerator / denominator + (numerator % denominator * 2 >= denominator ? 1 : 0);
    case EarningRule::Rounding::kCeil:
      return numerator / denominator + (numerator % denominator > 0 ? 1 : 0);
  }
  return 0;
}

void TellEarned(Books& books, std::vector<AwardedPoints> awards, std::optional<OrderKey> order) {
  if (!awards.empty()) books.Tell(PointsEarned{std::move(awards), std::move(order)});
}

}  // namespace

std::optional<Refusal> CheckPurchase(const Purchase& purchase) {
  if (purchase.lines.size() > kLinesMax) return Invalid("lines", absl::StrCat("at most ", kLinesMax));
  std::vector<int64_t> quantities, list, paid = {purchase.freight_minor}, points = {purchase.points_minor};
  for (size_t i = 0; i < purchase.lines.size(); ++i) {
    const OrderLine& line = purchase.lines[i];
    const auto field = [i](const char* name) { return absl::StrCat("lines[", i, "].", name); };
    if (line.quantity < 1) return Invalid(field("quantity"), "at least 1");
    if (line.list_minor < 0) return Invalid(field("list_minor"), "not negative");
    if (line.paid_minor < 0) return Invalid(field("paid_minor"), "not negative");
    if (line.points_minor < 0 || line.points_minor > line.paid_minor) {
      return Invalid(field("points_minor"), "0 to paid_minor");
    }
    quantities.push_back(line.quantity);
    list.push_back(line.list_minor);
    paid.push_back(line.paid_minor);
    points.push_back(line.points_minor);
  }
  if (purchase.freight_minor < 0) return Invalid("freight_minor", "not negative");
  if (purchase.points_minor < 0) return Invalid("points_minor", "not negative");
  const auto paid_sum = CheckedSum(paid), points_sum = CheckedSum(points);
  if (!paid_sum || !points_sum || !CheckedSum(list) || !CheckedSum(quantities)) {
    return Refusal{Reason::kAmountOverflow, "lines", "of the order"};
  }
  if (*points_sum > *paid_sum) return Invalid("points_minor", "more than was paid");
  return std::nullopt;
}

std::vector<int64_t> BasesOf(const EarningRule& rule, const Purchase& purchase) {
  if (rule.base == Base::kFixed) return FixedWeights(rule, purchase);
  std::vector<int64_t> bases;
  if (rule.base == Base::kGoodsPaid || rule.base == Base::kOrderPaid) {
    bases = Paid(purchase, rule.include_points_paid);
  } else {
    for (const OrderLine& line : purchase.lines) {
      bases.push_back(rule.base == Base::kQuantity ? line.quantity : line.list_minor);
    }
    if (purchase.freight_minor > 0) bases.push_back(0);
  }
  for (size_t i = 0; i < purchase.lines.size(); ++i) {
    if (Excluded(rule, purchase.lines[i])) bases[i] = 0;
  }
  if (rule.base == Base::kGoodsPaid && purchase.freight_minor > 0) bases.back() = 0;
  return bases;
}

std::optional<Award> AwardOf(const EarningRule& rule, const Purchase& purchase) {
  Award award;
  award.rule = rule.number;
  award.currency = rule.currency;
  const std::vector<int64_t> bases = BasesOf(rule, purchase);
  const int64_t sum = CheckedSum(bases).value_or(0);
  if (rule.base == Base::kFixed) {
    award.amount = purchase.lines.empty() || sum > 0 ? rule.points : 0;
  } else {
    const Int128 amount = Rounded(rule.rounding, static_cast<Int128>(sum) * rule.points, rule.per);
    if (amount > INT64_MAX) return std::nullopt;
    award.amount = static_cast<int64_t>(amount);
  }
  if (sum == 0) award.lines.resize(bases.size());
  if (sum == 0) return award;
  award.lines = Allocate(award.amount, bases);
  return award;
}

LotId LotOfAward(const OrderKey& order, const std::string& rule_id, int64_t time_us) {
  return {
      UuidV7Of(absl::FromUnixMicros(time_us), {order.brand.value, order.order_source, order.order_id, "lot", rule_id})};
}

void EnrolOn(Books& books, EventType type) {
  if (books.root().enrolled_time != absl::InfiniteFuture()) return;
  const InForce in_force = books.AtCause();
  if (in_force.program == nullptr || !in_force.program->enrol_on.test(static_cast<size_t>(type))) return;
  books.TakeSeq();
  books.Edit(books.side()).own_enrolled_time = books.cause_time();
  books.Edit(books.root_key()).enrolled_time = books.cause_time();
  StartTier(books);
  const std::string_view tier = in_force.program->TierIdOf(books.root().tier.level);
  books.Tell(MemberEnrolled{books.cause_time(), books.cause().source, std::string(tier)});
}

void SlideOn(Books& books, EventType type) {
  const InForce in_force = books.AtCause();
  if (in_force.program == nullptr) return;
  for (const Currency& currency : in_force.program->currencies) {
    if (!currency.slides() || !currency.expiry.activities.test(static_cast<size_t>(type))) continue;
    books.Slide(currency.number, ExpiryOf(currency.expiry, books.cause_time(), books.zone()));
  }
}

AwardedPoints Earn(Books& books, const Earning& earning) {
  const Currency& currency = books.CurrencyOf(earning.currency, earning.version);
  absl::Time activation = earning.time;
  if (earning.activation.kind != ActivationPolicy::Kind::kAtOnce && !earning.order_completed) {
    activation = AddDays(earning.time, earning.activation.days, books.zone());
  }
  const bool pending = activation > books.now();
  if (currency.slides()) books.Slide(currency.number, ExpiryOf(currency.expiry, earning.time, books.zone()));
  const bool has_lot = currency.has_lots() || pending;

  books.Change(earning.side, earning.currency, Measure::kEarned, earning.amount);
  Transfer transfer;
  transfer.kind = TransferKind::kEarned;
  transfer.currency = earning.currency;
  transfer.amount = earning.amount;
  transfer.from = AccountKind::kIssuance;
  transfer.rule = earning.rule;
  transfer.program_version = earning.version;
  transfer.effective_time = earning.time;
  if (has_lot) transfer.lot = earning.lot;
  books.Post(earning.side, transfer);

  AwardedPoints told;
  told.rule_id = books.RuleName(earning.rule);
  told.currency = currency.name;
  told.amount = earning.amount;
  told.pending = pending;
  if (!has_lot) {
    books.ChangeGrowth(earning.side, earning.currency, earning.amount, earning.time);
    return told;
  }
  Lot lot;
  lot.currency = earning.currency;
  lot.state = pending ? LotState::kPending : LotState::kActive;
  lot.slides = currency.slides();
  lot.amount = lot.remaining = earning.amount;
  lot.earned = earning.time;
  lot.activation = activation;
  if (currency.has_lots() && !lot.slides) lot.expiry = ExpiryOf(currency.expiry, activation, books.zone());
  lot.program_version = earning.version;
  lot.rule = earning.rule;
  lot.transaction = books.transaction();
  const LotKey key = {earning.side, earning.lot};
  told.lot = earning.lot;
  if (pending) told.activation = activation;
  told.expiry = ExpiryOfLot(books, lot);
  OpenLot(books, key, lot);
  return told;
}

void AwardOrder(Books& books, const OrderKey& key, EventType trigger, absl::Time time) {
  if (books.root().enrolled_time == absl::InfiniteFuture()) return;
  const InForce in_force = ProgramAt(books.tables(), key.brand, time);
  if (in_force.program == nullptr) return;
  const int64_t time_us = absl::ToUnixMicros(time);
  std::vector<AwardedPoints> told;
  for (const EarningRule& rule : in_force.program->rules) {
    if (rule.trigger != trigger) continue;
    Order& order = books.EditOrder(key);
    std::optional<Award> award = AwardOf(rule, *order.purchase);
    if (!award) return books.Overflow();
    if (award->amount == 0) continue;
    const Currency& currency = *in_force.program->FindCurrency(rule.currency);
    Earning earning;
    earning.side = books.KeyOf(order.side);
    earning.currency = rule.currency;
    earning.amount = award->amount;
    earning.rule = rule.number;
    earning.activation = rule.activation.value_or(currency.activation);
    earning.order_completed = order.completed_time != absl::InfiniteFuture() &&
                              earning.activation.kind == ActivationPolicy::Kind::kOnOrderCompleted;
    earning.version = in_force.version;
    earning.time = time;
    earning.lot = LotOfAward(key, rule.id, time_us);
    told.push_back(Earn(books, earning));
    award->time = time_us;
    award->has_lot = !told.back().lot.is_nil();
    award->of_completion = trigger == EventType::kOrderCompleted;
    order.awards.push_back(std::move(*award));
  }
  TellEarned(books, std::move(told), key);
}

void AwardEvent(Books& books, EventType trigger) {
  if (books.root().enrolled_time == absl::InfiniteFuture()) return;
  const InForce in_force = books.AtCause();
  if (in_force.program == nullptr) return;
  std::vector<AwardedPoints> told;
  for (const EarningRule& rule : in_force.program->rules) {
    if (rule.trigger != trigger) continue;
    Earning earning;
    earning.side = books.side();
    earning.currency = rule.currency;
    earning.amount = rule.points;
    earning.rule = rule.number;
    earning.activation = rule.activation.value_or(in_force.program->FindCurrency(rule.currency)->activation);
    earning.version = in_force.version;
    earning.time = books.cause_time();
    earning.lot = {
        UuidV7Of(earning.time, {books.side().brand.value, books.cause().source, books.cause().id, "lot", rule.id})};
    told.push_back(Earn(books, earning));
  }
  TellEarned(books, std::move(told), std::nullopt);
}

Outcome Decide(Tables& tables, const EarnPoints& command, absl::Time now) {
  if (auto refusal = CheckCustomer(tables, command.customer)) return *refusal;
  Books books(tables, command.customer, command.cause, now);
  if (books.root().enrolled_time == absl::InfiniteFuture()) return Refusal{Reason::kNotEnrolled, "customer_id"};
  const InForce in_force = books.AtNow();
  const Currency* currency = in_force.program == nullptr ? nullptr : in_force.program->FindCurrency(command.currency);
  if (currency == nullptr) return Refusal{Reason::kCurrencyUnknown, "currency"};
  BringUpToDate(books);
  if (books.stopped()) return books.Finish({});
  books.Blame("amount");
  Earning earning;
  earning.side = command.customer;
  earning.currency = currency->number;
  earning.amount = command.amount;
  earning.activation = currency->activation;
  earning.version = in_force.version;
  earning.time = now;
  earning.lot = command.lot;
  AwardedPoints told = Earn(books, earning);
  const LotId lot = told.lot;
  TellEarned(books, {std::move(told)}, std::nullopt);
  JudgeTier(books);
  if (books.stopped()) return books.Finish({});
  PointsReply reply = ReplyOf(books, currency->number);
  reply.lot = lot;
  reply.amount = command.amount;
  return books.Finish(reply);
}

}  // namespace tessera::membership
