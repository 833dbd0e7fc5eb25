#include "services/membership/domain/due.h"

#include <algorithm>
#include <map>

#include "absl/strings/str_cat.h"
#include "services/membership/domain/calendar.h"
#include "services/membership/domain/holds.h"
#include "services/membership/domain/judge.h"
#include "services/membership/domain/lots.h"
#include "services/membership/domain/programs.h"
#include "services/membership/domain/ranges.h"

namespace tessera::membership {
namespace {

// A timer command handles at most so many rows; the timer is then due again at once.
constexpr int32_t kTimerRowsMax = 1'000;

struct Sum {
  int64_t amount = 0;
  std::vector<LotId> lots;
};

void ActivateDue(Books& books, const MemberKey& side, int32_t limit) {
  const RangeView view = ViewRange(books, RangeKey::Kind::kPendingLots, 0, side);
  std::map<CurrencyNo, Sum> sums;
  absl::Time next = absl::InfiniteFuture();
  bool all_known = view.complete;
  for (const RangeRow& row : view.rows) {
    if (row.beyond_frontier) break;
    if (row.time > books.now() || limit-- == 0) {
      next = row.time;
      all_known = true;
      break;
    }
    const LotKey key = {side, {row.id}};
    const Lot lot = books.tables().lot.At(key);
    ActivateLot(books, key, row.time);
    Sum& sum = sums[lot.currency];
    sum.amount += lot.remaining;
    sum.lots.push_back(key.lot);
  }
  if (!all_known) return AskForMore(books, RangeKey::Kind::kPendingLots, 0, view);
  books.SetDue(side, TimerKind::kActivation, next);
  for (auto& [currency, sum] : sums) {
    books.Tell(PointsActivated{books.NameOf(currency), sum.amount, std::move(sum.lots)});
  }
}

// Expires the due lots of one currency; the time of the next, or InfiniteFuture.
absl::Time ExpireDue(Books& books, const MemberKey& side, CurrencyNo currency, int32_t& limit) {
  const RangeView view = ViewRange(books, RangeKey::Kind::kActiveLots, currency, side);
  Sum sum;
  absl::Time next = absl::InfiniteFuture();
  bool all_known = view.complete;
  for (const RangeRow& row : view.rows) {
    if (row.beyond_frontier) break;
    const LotKey key = {side, {row.id}};
    const Lot lot = books.tables().lot.At(key);
    const absl::Time expiry = ExpiryOfLot(books, lot);
    const bool due = expiry <= books.now();
    if (due && lot.free() == 0) continue;  // held: it expires when its hold is released
    if (!due || limit-- <= 0) {
      next = expiry;
      all_known = true;
      break;
    }
    ExpireLot(books, key);
    sum.amount += lot.free();
    sum.lots.push_back(key.lot);
  }
  if (!all_known) AskForMore(books, RangeKey::Kind::kActiveLots, currency, view);
  if (!sum.lots.empty()) books.Tell(PointsExpired{books.NameOf(currency), sum.amount, std::move(sum.lots)});
  return next;
}

void ExpireDue(Books& books, const MemberKey& side, int32_t limit) {
  absl::Time next = absl::InfiniteFuture();
  for (size_t i = 1; i <= books.brand().names.currencies.size(); ++i) {
    next = std::min(next, ExpireDue(books, side, static_cast<CurrencyNo>(i), limit));
  }
  if (!books.stopped()) books.SetDue(side, TimerKind::kExpiry, next);
}

// When a lot is to be announced; InfiniteFuture if never.
absl::Time WarningOf(const Books& books, const Lot& lot) {
  const int32_t days = books.CurrencyOf(lot.currency, lot.program_version).expiry.warn_days;
  if (days == 0 || lot.warned || lot.expiry == absl::InfiniteFuture()) return absl::InfiniteFuture();
  return AddDays(lot.expiry, -days, books.zone());
}

// No lot that expires as late as this one, of whatever program version, is announced before.
absl::Time EarliestWarning(const Books& books, const Lot& lot, int32_t days_max) {
  if (days_max == 0 || lot.expiry == absl::InfiniteFuture()) return absl::InfiniteFuture();
  return AddDays(lot.expiry, -days_max, books.zone());
}

absl::Time WarnDue(Books& books, const MemberKey& side, CurrencyNo currency, int32_t& limit) {
  const RangeView view = ViewRange(books, RangeKey::Kind::kActiveLots, currency, side);
  const int32_t days_max = books.WarnDaysMax(currency);
  PointsExpiring expiring = {books.NameOf(currency), 0, absl::InfinitePast()};
  absl::Time next = absl::InfiniteFuture();
  bool all_known = view.complete;
  for (const RangeRow& row : view.rows) {
    if (row.beyond_frontier) break;
    const LotKey key = {side, {row.id}};
    const Lot& lot = books.tables().lot.At(key);
    const absl::Time earliest = EarliestWarning(books, lot, days_max);
    if (earliest > books.now()) {
      next = std::min(next, earliest);
      all_known = true;
      break;
    }
    const absl::Time warning = WarningOf(books, lot);
    if (lot.free() == 0 || warning == absl::InfiniteFuture()) continue;
    if (warning > books.now()) {
      next = std::min(next, warning);
      continue;
    }
    if (limit-- <= 0) {
      next = warning;
      all_known = true;
      break;
    }
    books.EditLot(key).warned = true;
    if (lot.expiry <= books.now()) continue;  // too late to warn
    expiring.amount += lot.free();
    expiring.expiry = std::max(expiring.expiry, lot.expiry);
  }
  if (!all_known) AskForMore(books, RangeKey::Kind::kActiveLots, currency, view);
  if (expiring.amount > 0) books.Tell(std::move(expiring));
  return next;
}

void WarnDue(Books& books, const MemberKey& side, int32_t limit) {
  absl::Time next = absl::InfiniteFuture();
  for (size_t i = 1; i <= books.brand().names.currencies.size(); ++i) {
    next = std::min(next, WarnDue(books, side, static_cast<CurrencyNo>(i), limit));
  }
  if (!books.stopped()) books.SetDue(side, TimerKind::kWarning, next);
}

void CatchUp(Books& books, int32_t limit) {
  for (const MemberKey& side : books.Sides()) {
    if (books.Due(side, TimerKind::kHoldEnd) <= books.now()) EndDueHolds(books, side);
    if (books.Due(side, TimerKind::kActivation) <= books.now()) ActivateDue(books, side, limit);
    if (books.Due(side, TimerKind::kExpiry) <= books.now()) ExpireDue(books, side, limit);
  }
}

}  // namespace

void BringUpToDate(Books& books) {
  CatchUp(books, INT32_MAX);
  if (!books.stopped()) RunDueReviews(books);
  if (!books.stopped()) JudgeTier(books);
}

Outcome Decide(Tables& tables, const TimerFired& command, absl::Time now) {
  if (command.kind == TimerKind::kProgram) return RejudgeMembers(tables, command.owner.brand, now);
  if (tables.brand.Find(command.owner.brand) == nullptr || tables.member.Find(command.owner) == nullptr) {
    // The timer outlived its owner: clear it.
    Done done;
    done.timers.push_back({{command.owner.customer.uuid, command.owner.brand, static_cast<int16_t>(command.kind)}, {}});
    return done;
  }
  const Cause cause = {"timer", absl::StrCat(command.owner.customer.ToString(), "/", absl::ToUnixMicros(now)), now};
  Books books(tables, command.owner, cause, now);
  books.KeepTimer(command.owner, command.kind);
  CatchUp(books, kTimerRowsMax);
  if (!books.stopped() && command.kind == TimerKind::kWarning && books.Due(command.owner, command.kind) <= now) {
    WarnDue(books, command.owner, kTimerRowsMax);
  }
  if (!books.stopped()) RunDueReviews(books);
  if (!books.stopped()) JudgeTier(books);
  if (command.kind == TimerKind::kTier && books.Due(command.owner, command.kind) <= now) {
    books.SetTierDue(absl::InfiniteFuture());  // no program reviews any more
  }
  return books.Finish({});
}

}  // namespace tessera::membership
