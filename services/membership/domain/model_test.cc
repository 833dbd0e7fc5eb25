// Random histories of one member against a naive model that moves every single point by hand. The seed is printed by
// rapidcheck; RC_PARAMS="seed=..." repeats a run.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <deque>
#include <map>
#include <tuple>

#include "services/membership/domain/earning.h"
#include "services/membership/domain/member_fixture.h"

namespace tessera::membership {
namespace {

using Kind = NegativePolicy::Kind;

// Points are counted one by one: no arithmetic that the domain also does.
class Model {
 public:
  struct Lot {
    absl::Time expiry, activation;
    LotId id;
    int order = -1;
    int pending = 0, free = 0, held = 0, forgiven = 0, expired = 0;
  };
  struct Purchase {
    int lot = 0, pieces = 0, award = 0, back = 0, returned = 0;
    bool has_lot = true;
  };
  struct Parts {
    std::vector<int> lots;  // one entry for each point, in the order of taking
    absl::Time end;
    bool open = false;
    size_t captured = 0, refunded = 0;
  };

  NegativePolicy policy;
  std::vector<Lot> lots;
  std::vector<Purchase> orders;
  std::vector<Parts> holds;
  int debt = 0, spent = 0, returned = 0, forgiven = 0, expired = 0, earned = 0, clawed_back = 0;

  std::deque<int> provisional;  // a lot for each point of debt that held ones stand in for: whose clawback it is

  int Sum(int Lot::*part) const {
    int sum = 0;
    for (const Lot& lot : lots) sum += lot.*part;
    return sum;
  }

  void Earn(int amount, const LotId& id, absl::Time now, absl::Time activation, absl::Time expiry) {
    lots.push_back({expiry, activation, id});
    earned += amount;
    for (int i = 0; i < amount; ++i) {
      if (activation > now) {
        ++lots.back().pending;
      } else {
        BecomeFree(static_cast<int>(lots.size()) - 1, now);
      }
    }
  }

  // The usable lot that is spent first, or -1.
  int Next(absl::Time now) const {
    int best = -1;
    for (size_t i = 0; i < lots.size(); ++i) {
      if (lots[i].free == 0 || lots[i].expiry <= now) continue;
      if (best < 0 || std::tie(lots[i].expiry, lots[i].id) < std::tie(At(best).expiry, At(best).id)) {
        best = static_cast<int>(i);
      }
    }
    return best;
  }

  bool Take(int amount, absl::Time now, std::vector<int>& taken, int Lot::*to) {
    if (Sum(&Lot::free) < amount) return false;
    for (int i = 0; i < amount; ++i) {
      const int lot = Next(now);
      --At(lot).free;
      if (to != nullptr) ++(At(lot).*to);
      taken.push_back(lot);
    }
    return true;
  }

  bool Spend(int amount, absl::Time now) {
    Parts parts;
    if (!Take(amount, now, parts.lots, nullptr)) return false;
    spent += amount;
    parts.captured = static_cast<size_t>(amount);
    holds.push_back(parts);
    return true;
  }

  bool Hold(int amount, absl::Time now, absl::Time end) {
    Parts parts;
    if (!Take(amount, now, parts.lots, &Lot::held)) return false;
    parts.open = true;
    parts.end = end;
    holds.push_back(parts);
    return true;
  }

  void End(Parts& parts, size_t captured, absl::Time now) {
    parts.open = false;
    parts.captured = captured;
    for (int lot : parts.lots) --At(lot).held;
    spent += static_cast<int>(captured);
    for (size_t i = captured; i < parts.lots.size(); ++i) BecomeFree(parts.lots[i], now, /*expires=*/false);
    Expire(now);
    while (static_cast<int>(provisional.size()) > Sum(&Lot::held)) {
      const int owing = provisional.front();
      provisional.pop_front();
      if (policy.kind == Kind::kDebt || (policy.kind == Kind::kNegativeTo && OtherDebt() - 1 < policy.limit)) continue;
      --debt;
      ++forgiven;
      ++At(owing).forgiven;
    }
  }

  void Refund(Parts& parts, size_t amount, absl::Time now) {
    for (size_t i = 0; i < amount; ++i) {
      const int lot = parts.lots[parts.captured - ++parts.refunded];
      ++returned;
      if (At(lot).forgiven > 0) {
        --At(lot).forgiven;
        --forgiven;
      } else {
        BecomeFree(lot, now, /*expires=*/false);
      }
    }
    Expire(now);
  }

  void Return(Purchase& order, int pieces, absl::Time now) {
    order.returned += pieces;
    const int due = order.award * order.returned / order.pieces;
    const int gone = std::min(order.has_lot ? At(order.lot).expired : 0, order.award - order.back);
    for (int i = order.back; i < due - gone; ++i) {
      ++order.back;
      ++clawed_back;
      TakeBack(order, now);
    }
  }

  // Everything that happens by the clock, up to `to`.
  void Advance(absl::Time from, absl::Time to) {
    for (;;) {
      absl::Time next = absl::InfiniteFuture();
      for (const Parts& parts : holds) {
        if (parts.open) next = std::min(next, parts.end);
      }
      for (const Lot& lot : lots) {
        if (lot.pending > 0) next = std::min(next, lot.activation);
        if (lot.free > 0) next = std::min(next, std::max(from, lot.expiry));
      }
      if (next > to) return;
      for (Parts& parts : holds) {
        if (parts.open && parts.end <= next) End(parts, 0, next);
      }
      for (size_t i = 0; i < lots.size(); ++i) {
        for (; lots[i].pending > 0 && lots[i].activation <= next; --lots[i].pending)
          BecomeFree(static_cast<int>(i), next);
      }
      Expire(next);
    }
  }

 private:
  Lot& At(int lot) { return lots[static_cast<size_t>(lot)]; }
  const Lot& At(int lot) const { return lots[static_cast<size_t>(lot)]; }

  int OtherDebt() const { return debt - static_cast<int>(provisional.size()); }

  void BecomeFree(int lot, absl::Time now, bool expires = true) {
    if (debt > 0) {
      --debt;
      if (!provisional.empty()) provisional.pop_front();
    } else {
      ++At(lot).free;
      if (expires) Expire(now);
    }
  }

  void Expire(absl::Time now) {
    for (Lot& lot : lots) {
      if (lot.expiry > now) continue;
      expired += lot.free;
      lot.expired += lot.free;
      lot.free = 0;
    }
  }

  void TakeBack(const Purchase& order, absl::Time now) {
    Lot& own = At(order.lot);
    if (own.pending > 0) {
      --own.pending;
      return;
    }
    const int other = own.free > 0 ? order.lot : Next(now);
    if (policy.kind != Kind::kPendingOnly && other >= 0) {
      --At(other).free;
      return;
    }
    if (policy.kind != Kind::kPendingOnly && static_cast<int>(provisional.size()) < Sum(&Lot::held)) {
      provisional.push_back(order.lot);
      ++debt;
    } else if (policy.kind == Kind::kDebt || (policy.kind == Kind::kNegativeTo && OtherDebt() < policy.limit)) {
      ++debt;
    } else {
      ++forgiven;
      ++own.forgiven;
    }
  }
};

class ModelRun : public MemberTest {
 public:
  void TestBody() override {}

  void Start() {
    Program program = PetProgram();
    Currency& points = program.currencies[0];
    points.negative.kind = *rc::gen::element(Kind::kPendingOnly, Kind::kWithinBalance, Kind::kNegativeTo, Kind::kDebt);
    if (points.negative.kind == Kind::kNegativeTo) points.negative.limit = *rc::gen::inRange(1, 20);
    expiry_days_ = *rc::gen::element(0, 5, 12);
    if (expiry_days_ > 0) {
      points.expiry.kind = ExpiryPolicy::Kind::kRolling;
      points.expiry.days = expiry_days_;
    }
    activation_days_ = *rc::gen::element(0, 0, 2);
    if (activation_days_ > 0) points.activation = {ActivationPolicy::Kind::kAfterDays, activation_days_};
    model_.policy = points.negative;
    world.PutProgram(program);
    Act(1, EventType::kPageViewed);
  }

  void Step() {
    Tick();
    switch (*rc::gen::inRange(0, 9)) {
      case 0:
      case 1:
        return Buy(*rc::gen::inRange(1, 30), *rc::gen::inRange(1, 5));
      case 2:
      case 3:
        return GiveBack();
      case 4:
        return SpendSome(*rc::gen::inRange(1, 40));
      case 5:
        return HoldSome(*rc::gen::inRange(1, 30));
      case 6:
        return EndSome();
      case 7:
        return RefundSome();
      default:
        return Wait();
    }
  }

  void Check() {
    const Account& account = world.Of(1);
    RC_ASSERT(account[Measure::kAvailable] == model_.Sum(&Model::Lot::free));
    RC_ASSERT(account[Measure::kPending] == model_.Sum(&Model::Lot::pending));
    RC_ASSERT(account[Measure::kHeld] == model_.Sum(&Model::Lot::held));
    RC_ASSERT(account[Measure::kDebt] == model_.debt);
    RC_ASSERT(account[Measure::kHeldDebt] == static_cast<int64_t>(model_.provisional.size()));
    RC_ASSERT(account[Measure::kSpent] == model_.spent);
    RC_ASSERT(account[Measure::kReturned] == model_.returned);
    RC_ASSERT(account[Measure::kForgiven] == model_.forgiven);
    RC_ASSERT(account[Measure::kExpired] == model_.expired);
    RC_ASSERT(account[Measure::kClawedBack] == model_.clawed_back);
    CheckLots();
    CheckLedger(account);
  }

 private:
  // Two lots of one millisecond would be ordered by their hash.
  void Tick() {
    const absl::Time to = world.now + absl::Seconds(1);
    model_.Advance(world.now, to);
    AdvanceTo(to);
  }

  void CheckLots() {
    for (const Model::Lot& lot : model_.lots) {
      const Lot& row = world.tables.lot.At({World::Key(1), lot.id});
      RC_ASSERT(row.remaining == lot.free + lot.held + lot.pending);
      RC_ASSERT(row.held == lot.held);
      RC_ASSERT(row.forgiven == lot.forgiven);
    }
    for (const auto& order : model_.orders) {
      RC_ASSERT(order.back <= order.award);
    }
  }

  // balance = sum of postings = earned - clawed back + forgiven - spent + returned - expired.
  void CheckLedger(const Account& account) {
    int64_t postings = 0;
    world.tables.transfer.Each([&](const TransferKey&, const Transfer& transfer) {
      if (transfer.currency != world.Number("points")) return;
      if (transfer.from != AccountKind::kCustomer) postings += transfer.amount;
      if (transfer.to != AccountKind::kCustomer) postings -= transfer.amount;
    });
    RC_ASSERT(account.balance() == postings);
    RC_ASSERT(account.balance() ==
              model_.earned - model_.clawed_back + model_.forgiven - model_.spent + model_.returned - model_.expired);
    RC_ASSERT(account[Measure::kDebt] == 0 || account[Measure::kAvailable] == 0);
  }

  void Buy(int award, int pieces) {
    const std::string id = "o" + std::to_string(model_.orders.size());
    PayPounds(1, id, award, pieces);
    const Award& row = world.tables.order.At(Order(id)).awards[0];
    const LotId lot = LotOfAward(Order(id), "points_per_pound", row.time);
    const absl::Time activation = world.now + absl::Hours(24 * activation_days_);
    const absl::Time expiry = expiry_days_ == 0 ? absl::InfiniteFuture() : activation + absl::Hours(24 * expiry_days_);
    model_.Earn(award, lot, world.now, activation, expiry);
    model_.orders.push_back({static_cast<int>(model_.lots.size()) - 1, pieces, award});
  }

  void GiveBack() {
    if (model_.orders.empty()) return;
    const auto at = *rc::gen::inRange<size_t>(0, model_.orders.size());
    Model::Purchase& order = model_.orders[at];
    const int left = order.pieces - order.returned;
    const int pieces = *rc::gen::inRange(1, order.pieces + 1);
    const Outcome outcome = Refund(1, "o" + std::to_string(at), {{0, pieces, 0}});
    RC_ASSERT(IsDone(outcome) == (pieces <= left));
    if (pieces <= left) model_.Return(order, pieces, world.now);
  }

  void SpendSome(int amount) {
    const HoldId id = Spend(1, amount);
    const bool fits = model_.Spend(amount, world.now);
    RC_ASSERT(IsDone(last) == fits);
    if (fits) ids_.push_back(id);
  }

  void HoldSome(int amount) {
    const absl::Duration ttl = absl::Hours(*rc::gen::inRange(1, 24 * 20));
    const HoldId id = Hold(1, amount, ttl);
    const bool fits = model_.Hold(amount, world.now, world.now + ttl);
    RC_ASSERT(IsDone(last) == fits);
    if (fits) ids_.push_back(id);
  }

  void EndSome() {
    if (ids_.empty()) return;
    const auto at = *rc::gen::inRange<size_t>(0, ids_.size());
    Model::Parts& parts = model_.holds[at];
    const auto amount = *rc::gen::inRange<size_t>(0, parts.lots.size() + 1);
    const Outcome outcome = amount == 0 ? Release(1, ids_[at]) : Capture(1, ids_[at], static_cast<int64_t>(amount));
    RC_ASSERT(IsDone(outcome) == parts.open);
    if (parts.open) model_.End(parts, amount, world.now);
  }

  void RefundSome() {
    if (ids_.empty()) return;
    const auto at = *rc::gen::inRange<size_t>(0, ids_.size());
    Model::Parts& parts = model_.holds[at];
    const auto amount = *rc::gen::inRange<size_t>(1, parts.lots.size() + 1);
    const bool fits = amount <= parts.captured - parts.refunded;
    RC_ASSERT(IsDone(MemberTest::Return(1, ids_[at], static_cast<int64_t>(amount))) == fits);
    if (fits) model_.Refund(parts, amount, world.now);
  }

  void Wait() {
    const absl::Time to = world.now + absl::Hours(*rc::gen::inRange(1, 24 * 8));
    model_.Advance(world.now, to);
    AdvanceTo(to);
  }

  Model model_;
  std::vector<HoldId> ids_;
  int expiry_days_ = 0, activation_days_ = 0;
};

RC_GTEST_PROP(ModelTest, AnyHistoryAgreesWithMovingEveryPointByHand, ()) {
  ModelRun run;
  run.Start();
  const int steps = *rc::gen::inRange(1, 60);
  for (int i = 0; i < steps; ++i) {
    run.Step();
    run.Check();
  }
}

}  // namespace
}  // namespace tessera::membership
