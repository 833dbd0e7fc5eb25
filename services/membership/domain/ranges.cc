#include "services/membership/domain/ranges.h"

#include <algorithm>
#include <tuple>

namespace tessera::membership {
namespace {

constexpr int32_t kFirstCount = 16, kGrowth = 8;
void AddRows(const Books& books, RangeKey::Kind kind, CurrencyNo currency, const MemberKey& side, RangeView& view) {
  const Tables& tables = books.tables();
  switch (kind) {
    case RangeKey::Kind::kActiveLots:
    case RangeKey::Kind::kPendingLots: {
      const bool active = kind == RangeKey::Kind::kActiveLots;
      tables.lot.Range({side, {}}, {side, {kLastUuid}}, [&](const LotKey& key, const Lot& lot) {
        if (lot.state != (active ? LotState::kActive : LotState::kPending)) return;
        if (active && lot.currency != currency) return;
        view.rows.push_back({active ? lot.expiry : lot.activation, key.lot.uuid, side});
      });
      return;
    }
    case RangeKey::Kind::kOpenHolds:
      tables.hold.Range({side, {}}, {side, {kLastUuid}}, [&](const HoldKey& key, const Hold& hold) {
        if (hold.state == HoldState::kOpen) view.rows.push_back({hold.end, key.hold.uuid, side});
      });
      return;
  }
}

RangeView View(const Books& books, RangeKey::Kind kind, CurrencyNo currency, const std::vector<MemberKey>& sides) {
  RangeView view;
  std::tuple<absl::Time, Uuid> frontier = {absl::InfiniteFuture(), kLastUuid};
  for (const MemberKey& side : sides) {
    AddRows(books, kind, currency, side, view);
    const Frontier* loaded = books.tables().ranges.Find({kind, side, currency});
    if (loaded != nullptr && loaded->complete) continue;
    view.complete = false;
    view.unfinished.push_back(side);
    const std::tuple<absl::Time, Uuid> reached = {loaded == nullptr ? absl::InfinitePast() : loaded->time,
                                                  loaded == nullptr ? Uuid() : loaded->id};
    frontier = std::min(frontier, reached);
  }
  std::sort(view.rows.begin(), view.rows.end(), [](const RangeRow& a, const RangeRow& b) {
    return std::tie(a.time, a.id, a.side) < std::tie(b.time, b.id, b.side);
  });
  for (RangeRow& row : view.rows) row.beyond_frontier = !view.complete && std::tuple(row.time, row.id) > frontier;
  return view;
}

}  // namespace

RangeView ViewRange(const Books& books, RangeKey::Kind kind, CurrencyNo currency) {
  return View(books, kind, currency, books.Sides());
}

RangeView ViewRange(const Books& books, RangeKey::Kind kind, CurrencyNo currency, const MemberKey& side) {
  return View(books, kind, currency, {side});
}

void AskForMore(Books& books, RangeKey::Kind kind, CurrencyNo currency, const RangeView& view) {
  for (const MemberKey& side : view.unfinished) {
    const Frontier* loaded = books.tables().ranges.Find({kind, side, currency});
    const int32_t count = loaded == nullptr ? kFirstCount : loaded->count * kGrowth;
    int32_t& wanted = books.missing().ranges[{kind, side, currency}];
    wanted = std::max(wanted, count);
  }
}

}  // namespace tessera::membership
