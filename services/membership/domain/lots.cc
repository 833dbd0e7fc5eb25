#include "services/membership/domain/lots.h"

#include <algorithm>
#include <limits>
#include <tuple>

#include "base/check.h"
#include "services/membership/domain/calendar.h"
#include "services/membership/domain/ranges.h"

namespace tessera::membership {
namespace {

// Debtors in the order of payment: the lot's own side, then the root, then the others.
std::vector<MemberKey> Debtors(const Books& books, const MemberKey& first) {
  std::vector<MemberKey> sides = books.Sides();
  std::stable_partition(sides.begin(), sides.end(), [&](const MemberKey& side) { return side == first; });
  return sides;
}

// Sets the side's timers to the expiry and warning of a lot.
void WatchExpiry(Books& books, const LotKey& key) {
  const Lot& lot = books.tables().lot.At(key);
  const absl::Time expiry = ExpiryOfLot(books, lot);
  if (expiry == absl::InfiniteFuture()) return;
  books.DueAt(key.side, TimerKind::kExpiry, expiry);
  const int32_t days = books.CurrencyOf(lot.currency, lot.program_version).expiry.warn_days;
  if (days > 0 && !lot.warned) books.DueAt(key.side, TimerKind::kWarning, AddDays(expiry, -days, books.zone()));
}

}  // namespace

absl::Time ExpiryOfLot(const Books& books, const Lot& lot) {
  if (!lot.slides) return lot.expiry;
  return absl::FromUnixMicros(books.All(lot.currency)[Measure::kSlidingExpiry]);
}

LotKey OriginOf(const LotKey& key, const Lot& lot) { return lot.origin.is_nil() ? key : LotKey{key.side, lot.origin}; }

bool IsLoaded(Books& books, const LotKey& key) {
  if (books.tables().lot.Loaded(key)) return true;
  books.missing().lots.insert(key);
  return false;
}

std::optional<LotKey> LoadedOrigin(Books& books, const LotKey& key) {
  LotKey origin = OriginOf(key, books.tables().lot.At(key));
  if (!IsLoaded(books, origin)) return std::nullopt;
  return origin;
}

std::optional<std::vector<LotKey>> SpendableLots(Books& books, CurrencyNo currency, int64_t amount) {
  const RangeView view = ViewRange(books, RangeKey::Kind::kActiveLots, currency);
  std::vector<LotKey> lots;
  int64_t covered = 0;
  for (const RangeRow& row : view.rows) {
    if (covered >= amount) return lots;
    if (row.beyond_frontier) break;
    const LotKey key = {row.side, {row.id}};
    const Lot& lot = books.tables().lot.At(key);
    if (lot.free() == 0) continue;  // None of those that are free is due: commands are decided up to date.
    lots.push_back(key);
    covered += lot.free();
  }
  if (covered >= amount || view.complete) return lots;
  AskForMore(books, RangeKey::Kind::kActiveLots, currency, view);
  return std::nullopt;
}

void PayDebt(Books& books, const LotKey& key) {
  const CurrencyNo currency = books.tables().lot.At(key).currency;
  for (const MemberKey& debtor : Debtors(books, key.side)) {
    const int64_t free = books.tables().lot.At(key).free();
    const Account account = books.tables().member.At(debtor).own.Of(currency);
    const int64_t paid = std::min(free, account[Measure::kDebt]);
    if (paid <= 0) continue;
    TakeFromLot(books, key, paid);
    books.Change(key.side, currency, Measure::kAvailable, -paid);
    books.Change(debtor, currency, Measure::kDebt, -paid);
    books.EndHeldDebt(debtor, currency, std::min(account[Measure::kHeldDebt], paid));
    Transfer transfer;
    transfer.kind = TransferKind::kDebtPaid;
    transfer.currency = currency;
    transfer.amount = paid;
    transfer.counterparty = debtor.customer;
    transfer.lot = key.lot;
    books.Post(key.side, transfer);
  }
}

int64_t MakeFree(Books& books, const LotKey& key, int64_t amount) {
  const Lot& lot = books.tables().lot.At(key);
  books.Change(key.side, lot.currency, Measure::kAvailable, amount);
  PayDebt(books, key);
  if (ExpiryOfLot(books, lot) > books.now()) {
    WatchExpiry(books, key);
    return 0;
  }
  const int64_t expired = lot.free();
  if (expired == 0) return 0;
  ExpireLot(books, key);
  books.Tell(PointsExpired{books.NameOf(lot.currency), expired, {key.lot}});
  return expired;
}

void TakeFromLot(Books& books, const LotKey& key, int64_t amount) {
  Lot& lot = books.EditLot(key);
  TESSERA_CHECK(amount >= 0 && amount <= lot.free());
  lot.remaining -= amount;
  if (lot.remaining == 0) lot.state = LotState::kClosed;
}

void OpenLot(Books& books, const LotKey& key, Lot lot) {
  const bool active = lot.state == LotState::kActive;
  const CurrencyNo currency = lot.currency;
  const int64_t amount = lot.remaining;
  const absl::Time activation = lot.activation;
  books.InsertLot(key, lot);
  if (active) {
    MakeFree(books, key, amount);
  } else {
    books.Change(key.side, currency, Measure::kPending, amount);
    books.DueAt(key.side, TimerKind::kActivation, activation);
  }
}

void ActivateLot(Books& books, const LotKey& key, absl::Time at) {
  Lot& lot = books.EditLot(key);
  TESSERA_CHECK(lot.state == LotState::kPending);
  const Currency& currency = books.CurrencyOf(lot.currency, lot.program_version);
  const int64_t amount = lot.remaining;
  lot.activation = at;
  books.Change(key.side, lot.currency, Measure::kPending, -amount);
  if (currency.has_lots()) {
    lot.state = LotState::kActive;
    lot.expiry = lot.slides ? absl::InfiniteFuture() : ExpiryOf(currency.expiry, at, books.zone());
    MakeFree(books, key, amount);
    return;
  }
  lot.remaining = 0;
  lot.state = LotState::kClosed;
  Transfer transfer;
  transfer.kind = TransferKind::kActivated;
  transfer.currency = lot.currency;
  transfer.amount = amount;
  transfer.counterparty = key.side.customer;
  transfer.lot = key.lot;
  transfer.rule = lot.rule;
  transfer.program_version = lot.program_version;
  transfer.effective_time = lot.earned;
  books.ChangeGrowth(key.side, lot.currency, amount, lot.earned);
  books.Post(key.side, transfer);
}

void ExpireLot(Books& books, const LotKey& key) {
  const Lot lot = books.tables().lot.At(key);
  if (lot.free() == 0) return;
  const auto origin = LoadedOrigin(books, key);
  if (!origin) return;
  TakeFromLot(books, key, lot.free());
  books.EditLot(*origin).expired += lot.free();
  books.Change(key.side, lot.currency, Measure::kAvailable, -lot.free());
  books.Change(key.side, lot.currency, Measure::kExpired, lot.free());
  Transfer transfer;
  transfer.kind = TransferKind::kExpired;
  transfer.currency = lot.currency;
  transfer.amount = lot.free();
  transfer.to = AccountKind::kExpiry;
  transfer.lot = key.lot;
  transfer.effective_time = ExpiryOfLot(books, lot);
  books.Post(key.side, transfer);
}

}  // namespace tessera::membership
