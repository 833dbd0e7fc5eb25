#include "services/membership/domain/holds.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "base/check.h"
#include "services/membership/domain/calendar.h"
#include "services/membership/domain/calls.h"
#include "services/membership/domain/due.h"
#include "services/membership/domain/lots.h"
#include "services/membership/domain/ranges.h"

namespace tessera::membership {
namespace {

// Parts of lots that make up `amount`, which is available; nullopt, noted as missing, if lots must be loaded.
std::optional<std::vector<HoldPart>> PartsOf(Books& books, CurrencyNo currency, int64_t amount) {
  const auto lots = SpendableLots(books, currency, amount);
  if (!lots) return std::nullopt;
  std::vector<HoldPart> parts;
  for (const LotKey& key : *lots) {
    const int64_t part = std::min(amount, books.tables().lot.At(key).free());
    parts.push_back({key, part});
    amount -= part;
  }
  TESSERA_CHECK(amount == 0);
  return parts;
}

void PostSpent(Books& books, const HoldPart& part) {
  const Lot& lot = books.tables().lot.At(part.lot);
  books.Change(part.lot.side, lot.currency, Measure::kSpent, part.amount);
  Transfer transfer;
  transfer.kind = TransferKind::kSpent;
  transfer.currency = lot.currency;
  transfer.amount = part.amount;
  transfer.to = AccountKind::kRedemption;
  transfer.lot = part.lot.lot;
  books.Post(part.lot.side, transfer);
}

// How much of provisional debt that nothing held stands for any longer remains debt.
int64_t DebtKept(const Books& books, CurrencyNo currency, int64_t excess) {
  const InForce in_force = books.AtNow();
  const NegativePolicy& policy = books.CurrencyOf(currency, in_force.version).negative;
  const Account& all = books.All(currency);
  switch (policy.kind) {
    case NegativePolicy::Kind::kPendingOnly:
    case NegativePolicy::Kind::kWithinBalance:
      return 0;
    case NegativePolicy::Kind::kNegativeTo:
      return std::clamp<int64_t>(policy.limit - (all[Measure::kDebt] - all[Measure::kHeldDebt]), 0, excess);
    case NegativePolicy::Kind::kDebt:
      return excess;
  }
  return 0;
}

void Forgive(Books& books, const MemberKey& side, CurrencyNo currency, int64_t amount) {
  if (amount == 0) return;
  books.Change(side, currency, Measure::kDebt, -amount);
  books.Change(side, currency, Measure::kForgiven, amount);
  Transfer transfer;
  transfer.kind = TransferKind::kForgiven;
  transfer.currency = currency;
  transfer.amount = amount;
  transfer.from = AccountKind::kBreakage;
  books.Post(side, transfer);
}

// What was captured can no longer pay the debt that was owed for it: it falls under the negative policy now. What that
// forgives is kept at the lots whose clawbacks were owed.
void SettleHeldDebt(Books& books, CurrencyNo currency) {
  const Account all = books.All(currency);
  const int64_t excess = all[Measure::kHeldDebt] - all[Measure::kHeld];
  if (excess <= 0) return;
  int64_t kept = DebtKept(books, currency, excess), forgiven = excess - kept;
  for (const MemberKey& side : books.Sides()) {
    const int64_t provisional = books.tables().member.At(side).own.Of(currency)[Measure::kHeldDebt];
    const int64_t x = std::min(provisional, kept), y = std::min(provisional - x, forgiven);
    books.EndHeldDebt(side, currency, x);
    for (const HeldDebt& debt : books.EndHeldDebt(side, currency, y)) {
      const LotKey lot = {side, debt.lot};
      if (IsLoaded(books, lot)) books.EditLot(lot).forgiven += debt.amount;
    }
    Forgive(books, side, currency, y);
    kept -= x;
    forgiven -= y;
  }
}

// The last part that a refund reaches comes first.
std::vector<HoldPart> PartsToReturn(const Hold& hold, int64_t amount) {
  std::vector<HoldPart> taken;
  int64_t left = hold.captured;
  for (const HoldPart& part : hold.parts) {
    const int64_t x = std::min(left, part.amount);
    if (x > 0) taken.push_back({part.lot, x});
    left -= x;
  }
  std::vector<HoldPart> returned;
  int64_t skip = hold.refunded;
  for (auto part = taken.rbegin(); part != taken.rend() && amount > 0; ++part) {
    const int64_t skipped = std::min(skip, part->amount);
    const int64_t x = std::min(amount, part->amount - skipped);
    if (x > 0) returned.push_back({part->lot, x});
    skip -= skipped;
    amount -= x;
  }
  return returned;
}

void PostReturned(Books& books, const LotKey& key, CurrencyNo currency, int64_t amount) {
  if (amount == 0) return;
  books.Change(key.side, currency, Measure::kReturned, amount);
  Transfer transfer;
  transfer.kind = TransferKind::kReturned;
  transfer.currency = currency;
  transfer.amount = amount;
  transfer.from = AccountKind::kRedemption;
  transfer.lot = key.lot;
  books.Post(key.side, transfer);
}

// A forgiven clawback of the lot's origin is made good by what comes back to it.
void MakeGood(Books& books, const LotKey& key, const LotKey& origin, int64_t good) {
  if (good == 0) return;
  const CurrencyNo currency = books.tables().lot.At(key).currency;
  books.EditLot(origin).forgiven -= good;
  books.Change(key.side, currency, Measure::kForgiven, -good);
  Transfer transfer;
  transfer.kind = TransferKind::kMadeGood;
  transfer.currency = currency;
  transfer.amount = good;
  transfer.to = AccountKind::kBreakage;
  transfer.lot = key.lot;
  books.Post(key.side, transfer);
}

// A lot of its own for points whose lot has expired, of the same origin.
void Reinstate(Books& books, const LotKey& key, int64_t amount, int32_t days) {
  const Lot& lot = books.tables().lot.At(key);
  Lot child;
  child.currency = lot.currency;
  child.state = LotState::kActive;
  child.amount = child.remaining = amount;
  child.earned = lot.earned;
  child.activation = books.now();
  child.expiry = AddDays(books.now(), days, books.zone());
  child.program_version = books.AtNow().version;
  child.rule = lot.rule;
  child.transaction = lot.transaction;
  child.origin = OriginOf(key, lot).lot;
  const LotKey child_key = {key.side,
                            {UuidV7Of(books.now(), {key.side.brand.value, books.cause().source, books.cause().id,
                                                    "reinstated", key.lot.ToString()})}};
  PostReturned(books, child_key, lot.currency, amount);
  OpenLot(books, child_key, child);
}

// Returns one part to its lot; the amount that expired at once.
int64_t ReturnPart(Books& books, const HoldPart& part) {
  const Lot lot = books.tables().lot.At(part.lot);
  const auto origin = LoadedOrigin(books, part.lot);
  if (!origin) return 0;
  const int64_t good = std::min(part.amount, books.tables().lot.At(*origin).forgiven);
  const int64_t rest = part.amount - good;
  const bool expired = ExpiryOfLot(books, lot) <= books.now();
  const int32_t days = books.CurrencyOf(lot.currency, books.AtNow().version).expiry.reinstate_days;
  if (expired && days > 0) {
    PostReturned(books, part.lot, lot.currency, good);
    MakeGood(books, part.lot, *origin, good);
    if (rest > 0) Reinstate(books, part.lot, rest, days);
    return 0;
  }
  PostReturned(books, part.lot, lot.currency, part.amount);
  MakeGood(books, part.lot, *origin, good);
  if (rest == 0) return 0;
  Lot& edited = books.EditLot(part.lot);
  edited.remaining += rest;
  edited.state = LotState::kActive;
  return MakeFree(books, part.lot, rest);
}

Refusal Insufficient(const Account& all, int64_t wanted) {
  return {Reason::kInsufficientPoints, "amount",
          absl::StrCat("available ", all[Measure::kAvailable], ", wanted ", wanted)};
}

}  // namespace

void EndHold(Books& books, const HoldKey& key, HoldState state, int64_t captured) {
  Hold& hold = books.EditHold(key);
  TESSERA_CHECK(hold.state == HoldState::kOpen && captured <= hold.amount);
  hold.state = state;
  hold.captured = captured;
  std::vector<HoldPart> spent, released;
  for (const HoldPart& part : hold.parts) {
    const int64_t x = std::min(captured, part.amount);
    if (x > 0) spent.push_back({part.lot, x});
    if (x < part.amount) released.push_back({part.lot, part.amount - x});
    captured -= x;
    books.EditLot(part.lot).held -= part.amount;
    books.Change(part.lot.side, hold.currency, Measure::kHeld, -part.amount);
    TakeFromLot(books, part.lot, x);
  }
  for (const HoldPart& part : spent) PostSpent(books, part);
  for (const HoldPart& part : released) MakeFree(books, part.lot, part.amount);
  SettleHeldDebt(books, hold.currency);
}

void EndDueHolds(Books& books, const MemberKey& side) {
  const RangeView view = ViewRange(books, RangeKey::Kind::kOpenHolds, 0, side);
  for (const RangeRow& row : view.rows) {
    if (row.beyond_frontier) return AskForMore(books, RangeKey::Kind::kOpenHolds, 0, view);
    if (row.time > books.now()) return books.SetDue(side, TimerKind::kHoldEnd, row.time);
    const HoldKey key = {side, {row.id}};
    const Hold hold = books.tables().hold.At(key);
    EndHold(books, key, HoldState::kTimedOut, 0);
    books.Tell(PointsReleased{key.hold, books.NameOf(hold.currency), hold.amount, true});
  }
  if (!view.complete) return AskForMore(books, RangeKey::Kind::kOpenHolds, 0, view);
  books.SetDue(side, TimerKind::kHoldEnd, absl::InfiniteFuture());
}

Outcome Decide(Tables& tables, const HoldPoints& command, absl::Time now) {
  if (auto refusal = CheckCustomer(tables, command.customer)) return *refusal;
  Books books(tables, command.customer, command.cause, now);
  const Currency* currency = FindCurrency(books, command.currency);
  if (auto refusal = CheckSpendable(currency)) return *refusal;
  BringUpToDate(books);
  if (books.stopped()) return books.Finish({});
  const Account& all = books.All(currency->number);
  if (all[Measure::kAvailable] < command.amount) return Insufficient(all, command.amount);
  const auto parts = PartsOf(books, currency->number, command.amount);
  if (!parts) return books.Finish({});
  Hold hold;
  hold.currency = currency->number;
  hold.amount = command.amount;
  hold.end = now + command.ttl;
  hold.parts = *parts;
  for (const HoldPart& part : *parts) {
    books.EditLot(part.lot).held += part.amount;
    books.Change(part.lot.side, currency->number, Measure::kAvailable, -part.amount);
    books.Change(part.lot.side, currency->number, Measure::kHeld, part.amount);
  }
  books.Tell(PointsHeld{command.hold, currency->name, command.amount, hold.end});
  books.DueAt(command.customer, TimerKind::kHoldEnd, hold.end);
  PointsReply reply = ReplyOf(books, currency->number);
  reply.hold = command.hold;
  reply.hold_end = hold.end;
  reply.amount = command.amount;
  tables.hold.Insert({command.customer, command.hold}, std::move(hold));
  return books.Finish(reply);
}

Outcome Decide(Tables& tables, const SpendPoints& command, absl::Time now) {
  if (auto refusal = CheckCustomer(tables, command.customer)) return *refusal;
  Books books(tables, command.customer, command.cause, now);
  const Currency* currency = FindCurrency(books, command.currency);
  if (auto refusal = CheckSpendable(currency)) return *refusal;
  BringUpToDate(books);
  if (books.stopped()) return books.Finish({});
  const Account& all = books.All(currency->number);
  if (all[Measure::kAvailable] < command.amount) return Insufficient(all, command.amount);
  const auto parts = PartsOf(books, currency->number, command.amount);
  if (!parts) return books.Finish({});
  books.Blame("amount");
  for (const HoldPart& part : *parts) {
    TakeFromLot(books, part.lot, part.amount);
    books.Change(part.lot.side, currency->number, Measure::kAvailable, -part.amount);
    PostSpent(books, part);
  }
  Hold spend;
  spend.currency = currency->number;
  spend.state = HoldState::kCaptured;
  spend.amount = spend.captured = command.amount;
  spend.end = now;
  spend.parts = *parts;
  tables.hold.Insert({command.customer, command.spend}, std::move(spend));
  books.Tell(PointsSpent{command.spend, currency->name, command.amount});
  PointsReply reply = ReplyOf(books, currency->number);
  reply.hold = command.spend;
  reply.amount = command.amount;
  return books.Finish(reply);
}

Outcome Decide(Tables& tables, const CaptureHold& command, absl::Time now) {
  if (auto refusal = CheckCustomer(tables, command.customer)) return *refusal;
  Books books(tables, command.customer, command.cause, now);
  BringUpToDate(books);
  if (books.stopped()) return books.Finish({});
  const auto key = FindHold(books, command.hold);
  if (books.stopped()) return books.Finish({});
  if (!key) return Refusal{Reason::kHoldUnknown, "hold_id"};
  const Hold hold = tables.hold.At(*key);
  if (hold.state != HoldState::kOpen) return Refusal{Reason::kHoldEnded, "hold_id"};
  const int64_t captured = command.amount == 0 ? hold.amount : command.amount;
  if (captured > hold.amount) {
    return Refusal{Reason::kHoldTooSmall, "amount", absl::StrCat("held ", hold.amount, ", wanted ", captured)};
  }
  books.Blame("amount");
  EndHold(books, *key, HoldState::kCaptured, captured);
  books.Tell(PointsCaptured{key->hold, books.NameOf(hold.currency), captured, hold.amount - captured});
  PointsReply reply = ReplyOf(books, hold.currency);
  reply.hold = key->hold;
  reply.amount = captured;
  reply.released = hold.amount - captured;
  return books.Finish(reply);
}

Outcome Decide(Tables& tables, const ReleaseHold& command, absl::Time now) {
  if (auto refusal = CheckCustomer(tables, command.customer)) return *refusal;
  Books books(tables, command.customer, command.cause, now);
  BringUpToDate(books);
  if (books.stopped()) return books.Finish({});
  const auto key = FindHold(books, command.hold);
  if (books.stopped()) return books.Finish({});
  if (!key) return Refusal{Reason::kHoldUnknown, "hold_id"};
  const Hold hold = tables.hold.At(*key);
  if (hold.state != HoldState::kOpen) return Refusal{Reason::kHoldEnded, "hold_id"};
  EndHold(books, *key, HoldState::kReleased, 0);
  books.Tell(PointsReleased{key->hold, books.NameOf(hold.currency), hold.amount, false});
  PointsReply reply = ReplyOf(books, hold.currency);
  reply.hold = key->hold;
  reply.amount = hold.amount;
  return books.Finish(reply);
}

Outcome Decide(Tables& tables, const RefundSpend& command, absl::Time now) {
  if (auto refusal = CheckCustomer(tables, command.customer)) return *refusal;
  Books books(tables, command.customer, command.cause, now);
  BringUpToDate(books);
  if (books.stopped()) return books.Finish({});
  const auto key = FindHold(books, command.spend);
  if (books.stopped()) return books.Finish({});
  if (!key || tables.hold.At(*key).captured == 0) return Refusal{Reason::kSpendUnknown, "spend_id"};
  Hold& spend = books.EditHold(*key);
  const int64_t left = spend.captured - spend.refunded;
  const int64_t amount = command.amount == 0 ? left : command.amount;
  if (amount == 0 || amount > left) {
    return Refusal{Reason::kSpendTooSmall, "amount",
                   left == 0 ? "all of it was returned before" : absl::StrCat("left ", left, ", wanted ", amount)};
  }
  const std::vector<HoldPart> parts = PartsToReturn(spend, amount);
  spend.refunded += amount;
  PointsReply reply;
  int64_t expired = 0;
  for (const HoldPart& part : parts) expired += ReturnPart(books, part);
  books.Tell(PointsReturned{key->hold, books.NameOf(spend.currency), amount, expired});
  reply = ReplyOf(books, spend.currency);
  reply.hold = key->hold;
  reply.amount = amount;
  reply.expired = expired;
  return books.Finish(reply);
}

}  // namespace tessera::membership
