#include "services/membership/domain/orders.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "services/membership/domain/clawback.h"
#include "services/membership/domain/due.h"
#include "services/membership/domain/earning.h"
#include "services/membership/domain/judge.h"
#include "services/membership/domain/lots.h"

namespace tessera::membership {
namespace {

// The wait of an event whose brand is still to be met.
std::optional<Wait> WaitIfUnknown(const Tables& tables, const BrandId& brand, absl::Time now) {
  if (tables.brand.Find(brand) != nullptr) return std::nullopt;
  return Wait{WaitForBrand(brand), now + kWait, Reason::kBrandUnknown};
}

// An order that another customer has: it is his until a merge makes the two one.
std::optional<Wait> WaitIfOfOther(const Books& books, const Order& order) {
  const MemberKey owner = books.KeyOf(order.side);
  const CustomerId root = books.tables().member.At(owner).root;
  if (root == books.root_key().customer) return std::nullopt;
  return Wait{WaitForRoot(root), books.now() + kWait, Reason::kOrderOfOther};
}

// What every event of a customer does, whatever it is.
void Meet(Books& books, EventType type) {
  BringUpToDate(books);
  if (books.stopped()) return;
  EnrolOn(books, type);
  SlideOn(books, type);
}

void AwardCompletion(Books& books, const OrderKey& key) {
  const absl::Time completed = books.tables().order.At(key).completed_time;
  AwardOrder(books, key, EventType::kOrderCompleted, completed);
  ClawBack(books, key);  // what came back before the completion
}

// The pending lots of the order that wait for its completion.
void ActivateCompleted(Books& books, const OrderKey& key) {
  const Order& order = books.tables().order.At(key);
  std::map<CurrencyNo, PointsActivated> told;
  for (const Award& award : order.awards) {
    if (!award.has_lot) continue;
    const LotKey lot_key = {books.KeyOf(order.side), LotOfAward(key, books.RuleName(award.rule), award.time)};
    const Lot lot = books.tables().lot.At(lot_key);
    const EarningRule* rule = books.Version(lot.program_version).FindRule(award.rule);
    const ActivationPolicy& activation =
        rule->activation ? *rule->activation : books.CurrencyOf(award.currency, lot.program_version).activation;
    if (lot.state != LotState::kPending || activation.kind != ActivationPolicy::Kind::kOnOrderCompleted) continue;
    ActivateLot(books, lot_key, std::clamp(order.completed_time, lot.earned, books.now()));
    PointsActivated& sum = told[award.currency];
    sum.currency = books.NameOf(award.currency);
    sum.amount += lot.remaining;
    sum.lots.push_back(lot_key.lot);
  }
  for (auto& [currency, what] : told) books.Tell(std::move(what));
}

Outcome End(Books& books, std::vector<engine::WaitKey> wakes = {}) {
  if (!books.stopped()) JudgeTier(books);
  return books.Finish({}, std::move(wakes));
}

}  // namespace

engine::WaitKey WaitForOrder(const OrderKey& order) {
  return {absl::StrCat("order/", order.brand.value, "/", order.order_source, "/", order.order_id)};
}

engine::WaitKey WaitForBrand(const BrandId& brand) { return {absl::StrCat("brand/", brand.value)}; }

engine::WaitKey WaitForRoot(const CustomerId& root) { return {absl::StrCat("root/", root.ToString())}; }

Outcome Decide(Tables& tables, const OrderPaid& command, absl::Time now) {
  if (auto wait = WaitIfUnknown(tables, command.side.brand, now)) return *wait;
  if (auto refusal = CheckPurchase(*command.purchase)) return *refusal;
  Books books(tables, command.side, command.cause, now);
  if (const Order* known = tables.order.Find(command.order)) {
    if (auto wait = WaitIfOfOther(books, *known)) return *wait;
    if (known->purchase != nullptr) {
      if (*known->purchase == *command.purchase) return Done{};
      return Refusal{Reason::kOrderChanged, "lines", "the order was paid before with other lines"};
    }
  } else {
    tables.order.Edit(command.order).side = command.side.customer;
  }
  Meet(books, EventType::kOrderPaid);
  if (books.stopped()) return books.Finish({});
  Order& order = books.EditOrder(command.order);
  order.side = command.side.customer;
  order.paid_time = books.cause_time();
  order.paid_transaction = books.transaction();
  order.purchase = command.purchase;
  ++books.Edit(command.side).own.orders;
  ++books.Edit(books.root_key()).all.orders;
  books.TakeSeq();
  books.Blame("lines");
  AwardOrder(books, command.order, EventType::kOrderPaid, books.cause_time());
  if (order.completed_time != absl::InfiniteFuture()) {
    order.completed_transaction = books.transaction();
    AwardCompletion(books, command.order);
  }
  return End(books, {WaitForOrder(command.order)});
}

Outcome Decide(Tables& tables, const OrderCompleted& command, absl::Time now) {
  if (auto wait = WaitIfUnknown(tables, command.side.brand, now)) return *wait;
  Books books(tables, command.side, command.cause, now);
  if (const Order* known = tables.order.Find(command.order)) {
    if (auto wait = WaitIfOfOther(books, *known)) return *wait;
    if (known->completed_time != absl::InfiniteFuture()) return Done{};
  } else {
    tables.order.Edit(command.order).side = command.side.customer;
  }
  Meet(books, EventType::kOrderCompleted);
  if (books.stopped()) return books.Finish({});
  Order& order = books.EditOrder(command.order);
  order.completed_time = books.cause_time();
  if (order.purchase != nullptr) {
    order.completed_transaction = books.transaction();
    ActivateCompleted(books, command.order);
    AwardCompletion(books, command.order);
  }
  return End(books);
}

Outcome Decide(Tables& tables, const OrderRefunded& command, absl::Time now) {
  if (auto wait = WaitIfUnknown(tables, command.side.brand, now)) return *wait;
  const Order* known = tables.order.Find(command.order);
  if (known == nullptr || known->purchase == nullptr) {
    return Wait{WaitForOrder(command.order), now + kWait, Reason::kOrderUnknown};
  }
  Books books(tables, command.side, command.cause, now);
  if (auto wait = WaitIfOfOther(books, *known)) return *wait;
  Meet(books, EventType::kOrderRefunded);
  if (books.stopped()) return books.Finish({});
  if (auto refusal = AddReturned(books.EditOrder(command.order), command)) return *refusal;
  ClawBack(books, command.order);
  return End(books);
}

Outcome Decide(Tables& tables, const CustomerActed& command, absl::Time now) {
  if (auto wait = WaitIfUnknown(tables, command.side.brand, now)) return *wait;
  Books books(tables, command.side, command.cause, now);
  Meet(books, command.type);
  if (!books.stopped()) AwardEvent(books, command.type);
  return End(books);
}

}  // namespace tessera::membership
