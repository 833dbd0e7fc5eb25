#include "services/membership/domain/clawback.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "base/checked.h"
#include "services/membership/domain/earning.h"
#include "services/membership/domain/lots.h"
#include "services/membership/domain/rational.h"

namespace tessera::membership {
namespace {

Returned ReturnedOf(const Order& order, size_t line) {
  const Purchase& purchase = *order.purchase;
  Returned returned;
  if (line < purchase.lines.size()) {
    returned.quantity = purchase.lines[line].quantity;
    returned.amount = purchase.lines[line].paid_minor;
  } else {
    returned.amount = purchase.freight_minor;
  }
  if (!order.back_pieces.empty()) {
    returned.pieces = order.back_pieces[line];
    returned.money = order.back_money[line];
  }
  return returned;
}

Refusal TooMany(size_t i, int64_t left) {
  return {Reason::kTooManyPieces, absl::StrCat("lines[", i, "].pieces"), absl::StrCat("left ", left)};
}

Refusal TooMuch(std::string field, int64_t left) {
  return {Reason::kTooMuchMoney, std::move(field), absl::StrCat("left ", left)};
}

std::optional<Refusal> AddPieces(Order& order, const std::vector<RefundLine>& lines) {
  for (size_t i = 0; i < lines.size(); ++i) {
    const RefundLine& line = lines[i];
    if (line.line < 0 || static_cast<size_t>(line.line) >= order.purchase->line_count()) {
      return Refusal{Reason::kFieldInvalid, absl::StrCat("lines[", i, "].line"), "no such line"};
    }
    const auto at = static_cast<size_t>(line.line);
    const Returned returned = ReturnedOf(order, at);
    if (line.pieces < 0) return Refusal{Reason::kFieldInvalid, absl::StrCat("lines[", i, "].pieces"), "not negative"};
    if (line.pieces > returned.quantity - returned.pieces) return TooMany(i, returned.quantity - returned.pieces);
    order.back_pieces[at] += line.pieces;
  }
  return std::nullopt;
}

std::optional<Refusal> AddMoney(Order& order, const std::vector<RefundLine>& lines) {
  for (size_t i = 0; i < lines.size(); ++i) {
    const std::string field = absl::StrCat("lines[", i, "].money_minor");
    if (lines[i].money_minor < 0) return Refusal{Reason::kFieldInvalid, field, "not negative"};
    const auto at = static_cast<size_t>(lines[i].line);
    const int64_t left = MoneyLeft(ReturnedOf(order, at));
    if (lines[i].money_minor > left) return TooMuch(field, left);
    order.back_money[at] += lines[i].money_minor;
  }
  return std::nullopt;
}

std::optional<Refusal> SpreadMoney(Order& order, int64_t money) {
  if (money < 0) return Refusal{Reason::kFieldInvalid, "money_minor", "not negative"};
  if (money == 0) return std::nullopt;
  std::vector<int64_t> amounts, left;
  for (size_t i = 0; i < order.purchase->line_count(); ++i) {
    const Returned returned = ReturnedOf(order, i);
    amounts.push_back(returned.amount);
    left.push_back(MoneyLeft(returned));
  }
  const int64_t sum = CheckedSum(left).value_or(INT64_MAX);
  if (money > sum) return TooMuch("money_minor", sum);
  const std::vector<int64_t> shares = AllocateWithin(money, amounts, left);
  for (size_t i = 0; i < shares.size(); ++i) order.back_money[i] += shares[i];
  return std::nullopt;
}

// Takes back one award. Steps in the law's order; what each took is kept for the event.
class Taking {
 public:
  Taking(Books& books, const OrderKey& order, const Award& award)
      : books_(books),
        award_(award),
        side_(books.KeyOf(books.tables().order.At(order).side)),
        rule_id_(books.RuleName(award.rule)),
        transaction_(books.tables().order.At(order).TransactionOf(award)),
        lot_{side_, award.has_lot ? LotOfAward(order, rule_id_, award.time) : LotId()},
        version_(books.AtCause().version) {
    told_.rule_id = rule_id_;
    told_.currency = books.NameOf(award.currency);
  }

  // Points that have expired unspent count as taken back.
  int64_t Expired() const { return award_.has_lot ? books_.tables().lot.At(lot_).expired : 0; }

  void Take(int64_t amount) {
    told_.amount = left_ = amount;
    books_.Change(side_, award_.currency, Measure::kClawedBack, amount);
    const Currency& currency = books_.CurrencyOf(award_.currency, version_);
    if (award_.has_lot) FromPending();
    if (!currency.has_lots()) return FromGrowth();
    const bool pending_only = currency.negative.kind == NegativePolicy::Kind::kPendingOnly;
    if (!pending_only) FromOwnLots();
    if (!pending_only && left_ > 0 && !books_.stopped()) FromOtherLots();
    if (left_ > 0 && !books_.stopped()) Owe(currency.negative);
  }

  const ClawedBackPoints& told() const { return told_; }

 private:
  // The side whose account it leaves may be another than the order's, as one customer's sides pay for each other.
  void Post(const MemberKey& from, int64_t amount, LotId lot) {
    if (from != side_) {
      books_.Change(side_, award_.currency, Measure::kClawedBack, -amount);
      books_.Change(from, award_.currency, Measure::kClawedBack, amount);
    }
    Transfer transfer;
    transfer.kind = TransferKind::kClawedBack;
    transfer.currency = award_.currency;
    transfer.amount = amount;
    transfer.to = AccountKind::kIssuance;
    transfer.lot = lot;
    transfer.rule = award_.rule;
    transfer.program_version = version_;
    transfer.corrects = transaction_;
    books_.Post(from, transfer);
  }

  void FromPending() {
    const Lot lot = books_.tables().lot.At(lot_);
    const int64_t x = std::min(left_, lot.remaining);
    if (lot.state != LotState::kPending || x == 0) return;
    TakeFromLot(books_, lot_, x);
    books_.Change(side_, award_.currency, Measure::kPending, -x);
    Post(side_, x, lot_.lot);
    told_.from_pending += x;
    left_ -= x;
  }

  void FromActive(const LotKey& key) {
    const int64_t x = std::min(left_, books_.tables().lot.At(key).free());
    if (x == 0) return;
    TakeFromLot(books_, key, x);
    books_.Change(key.side, award_.currency, Measure::kAvailable, -x);
    Post(key.side, x, key.lot);
    told_.from_available += x;
    left_ -= x;
  }

  // The award's lot and those of points that were returned to it after its expiry, in spending order.
  void FromOwnLots() {
    if (!award_.has_lot || left_ == 0) return;
    if (!books_.tables().ranges.HasChildren(lot_)) {
      books_.missing().children_of.insert(lot_);
      return;
    }
    std::vector<std::pair<absl::Time, LotKey>> own;
    books_.tables().lot.Range({side_, {}}, {side_, {kLastUuid}}, [&](const LotKey& key, const Lot& lot) {
      if (lot.state == LotState::kActive && OriginOf(key, lot) == lot_) {
        own.emplace_back(ExpiryOfLot(books_, lot), key);
      }
    });
    std::sort(own.begin(), own.end());
    for (const auto& [expiry, key] : own) FromActive(key);
  }

  void FromOtherLots() {
    const int64_t available = books_.All(award_.currency)[Measure::kAvailable];
    const auto lots = SpendableLots(books_, award_.currency, std::min(left_, available));
    if (!lots) return;
    for (const LotKey& key : *lots) FromActive(key);
  }

  void FromGrowth() {
    if (left_ == 0) return;
    books_.ChangeGrowth(side_, award_.currency, -left_, absl::FromUnixMicros(award_.time));
    books_.GrowthReturned();
    Post(side_, left_, {});
    told_.from_available += left_;
    left_ = 0;
  }

  // Held parts stand in for as much debt until their hold ends; the rest falls under the policy. PENDING_ONLY would not
  // have taken what is held, so nothing is owed for it.
  void Owe(const NegativePolicy& policy) {
    const Account all = books_.All(award_.currency);
    const bool pending_only = policy.kind == NegativePolicy::Kind::kPendingOnly;
    const int64_t provisional = pending_only ? 0 : std::min(left_, all[Measure::kHeld] - all[Measure::kHeldDebt]);
    const int64_t rest = left_ - provisional;
    int64_t debt = 0;
    if (policy.kind == NegativePolicy::Kind::kDebt) debt = rest;
    if (policy.kind == NegativePolicy::Kind::kNegativeTo) {
      debt = std::clamp<int64_t>(policy.limit - (all[Measure::kDebt] - all[Measure::kHeldDebt]), 0, rest);
    }
    books_.Change(side_, award_.currency, Measure::kDebt, provisional + debt);
    books_.AddHeldDebt(side_, {award_.currency, lot_.lot, provisional});
    Post(side_, left_, {});
    told_.debt = provisional + debt;
    told_.forgiven = rest - debt;
    left_ = 0;
    if (told_.forgiven > 0) Forgive(told_.forgiven);
  }

  void Forgive(int64_t amount) {
    books_.EditLot(lot_).forgiven += amount;
    books_.Change(side_, award_.currency, Measure::kForgiven, amount);
    Transfer transfer;
    transfer.kind = TransferKind::kForgiven;
    transfer.currency = award_.currency;
    transfer.amount = amount;
    transfer.from = AccountKind::kBreakage;
    transfer.rule = award_.rule;
    transfer.program_version = version_;
    books_.Post(side_, transfer);
  }

  Books& books_;
  const Award& award_;
  const MemberKey side_;  // the order's
  const std::string rule_id_;
  const TransactionId transaction_;
  const LotKey lot_;  // nil without
  const int32_t version_;
  int64_t left_ = 0;
  ClawedBackPoints told_;
};

}  // namespace

std::optional<Refusal> AddReturned(Order& order, const OrderRefunded& refund) {
  order.back_pieces.resize(order.purchase->line_count());
  order.back_money.resize(order.purchase->line_count());
  if (auto refusal = AddPieces(order, refund.lines)) return refusal;
  if (auto refusal = AddMoney(order, refund.lines)) return refusal;
  return SpreadMoney(order, refund.money_minor);
}

int64_t DueBack(const Order& order, const Award& award) {
  int64_t due = 0;
  for (size_t i = 0; i < award.lines.size(); ++i) due += ClawbackOf(award.lines[i], ReturnedOf(order, i));
  return due;
}

void ClawBack(Books& books, const OrderKey& key) {
  std::vector<ClawedBackPoints> told;
  const size_t awards = books.tables().order.At(key).awards.size();
  for (size_t i = 0; i < awards; ++i) {
    Order& order = books.EditOrder(key);
    const Award award = order.awards[i];
    Taking taking(books, key, award);
    // back + expired <= amount always, and = amount once all has been returned.
    const int64_t expired = std::min(taking.Expired(), award.amount - award.back);
    order.awards[i].expired = expired;
    const int64_t amount = DueBack(order, award) - award.back - expired;
    if (amount <= 0) continue;
    order.awards[i].back += amount;
    taking.Take(amount);
    if (books.stopped()) return;
    told.push_back(taking.told());
  }
  if (!told.empty()) books.Tell(PointsClawedBack{std::move(told), key});
}

}  // namespace tessera::membership
