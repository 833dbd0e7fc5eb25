// For tests: a world with short words for what happens to members.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "services/membership/domain/programs_for_test.h"
#include "services/membership/domain/world.h"

namespace tessera::membership {

class MemberTest : public ::testing::Test {
 protected:
  static OrderKey Order(const std::string& id) { return {id, "shop", World::kBrand}; }

  Outcome Pay(int customer, const std::string& id, Purchase purchase) {
    return world.Run(OrderPaid{World::Key(customer), world.NextCause(), Order(id),
                               std::make_shared<const Purchase>(std::move(purchase))});
  }
  // An order of one line that costs so many whole pounds, in so many pieces.
  Outcome PayPounds(int customer, const std::string& id, int64_t pounds, int64_t pieces = 1) {
    return Pay(customer, id, Lines({{pieces, pounds * 100}}));
  }
  Outcome Complete(int customer, const std::string& id) {
    return world.Run(OrderCompleted{World::Key(customer), world.NextCause(), Order(id)});
  }
  Outcome Refund(int customer, const std::string& id, std::vector<RefundLine> lines, int64_t money = 0) {
    return world.Run(OrderRefunded{World::Key(customer), world.NextCause(), Order(id), std::move(lines), money});
  }
  Outcome Act(int customer, EventType type) {
    return world.Run(CustomerActed{World::Key(customer), world.NextCause(), type});
  }
  Outcome Earn(int customer, int64_t amount, const std::string& currency = "points") {
    return world.Run(EarnPoints{World::Key(customer), Call(), {world.NextId().uuid}, currency, amount});
  }
  // The id of the spend.
  HoldId Spend(int customer, int64_t amount) {
    const HoldId id = world.NextId();
    last = world.Run(SpendPoints{World::Key(customer), Call(), id, "points", amount});
    return id;
  }
  HoldId Hold(int customer, int64_t amount, absl::Duration ttl = absl::Hours(1)) {
    const HoldId id = world.NextId();
    last = world.Run(HoldPoints{World::Key(customer), Call(), id, "points", amount, ttl});
    return id;
  }
  Outcome Capture(int customer, const HoldId& hold, int64_t amount = 0) {
    return world.Run(CaptureHold{World::Key(customer), Call(), hold, amount});
  }
  Outcome Release(int customer, const HoldId& hold) {
    return world.Run(ReleaseHold{World::Key(customer), Call(), hold});
  }
  Outcome Return(int customer, const HoldId& spend, int64_t amount = 0) {
    return world.Run(RefundSpend{World::Key(customer), Call(), spend, amount});
  }
  Outcome Merge(int survivor, int absorbed, const std::string& id, const std::vector<std::string>& after = {}) {
    CustomersMerged merge = {
        MergeIdOf(id), "group", World::Customer(survivor), World::Customer(absorbed), world.now, {}, {World::kBrand}};
    for (const std::string& before : after) merge.after.push_back(MergeIdOf(before));
    return world.Run(merge);
  }
  static MergeId MergeIdOf(const std::string& id) { return {UuidV7Of(absl::UnixEpoch(), {"merge", id})}; }

  Cause Call() { return {"call", world.NextCause().id, absl::InfinitePast()}; }

  // Runs every timer at its time, up to `time`.
  void AdvanceTo(absl::Time time) {
    for (;;) {
      absl::Time next = absl::InfiniteFuture();
      for (const auto& [key, due] : world.timers) next = std::min(next, due);
      if (next > time) break;
      world.now = std::max(world.now, next);
      world.RunTimers();
    }
    world.now = time;
  }
  void Advance(absl::Duration by) { AdvanceTo(world.now + by); }
  static absl::Time At(int year, int month, int day, int hour = 0) {
    return absl::FromCivil(absl::CivilSecond(year, month, day, hour), absl::UTCTimeZone());
  }

  int64_t Available(int customer) { return world.Of(customer)[Measure::kAvailable]; }
  int64_t Pending(int customer) { return world.Of(customer)[Measure::kPending]; }
  int64_t Held(int customer) { return world.Of(customer)[Measure::kHeld]; }
  int64_t Debt(int customer) { return world.Of(customer)[Measure::kDebt]; }
  int64_t Growth(int customer) { return world.Of(customer, "growth")[Measure::kAvailable]; }
  int Level(int customer) { return world.Root(customer).tier.level; }

  // What is left of each lot of a side, oldest first.
  std::vector<int64_t> Remaining(int customer) {
    std::vector<int64_t> remaining;
    world.tables.lot.Range({World::Key(customer), {}}, {World::Key(customer), {kLastUuid}},
                           [&](const LotKey&, const Lot& lot) { remaining.push_back(lot.remaining); });
    return remaining;
  }

  template <class What>
  std::vector<What> Facts() {
    std::vector<What> found;
    for (const Fact& fact : world.facts) {
      if (auto* member = std::get_if<MemberFact>(&fact)) {
        if (auto* what = std::get_if<What>(&member->what)) found.push_back(*what);
      }
    }
    return found;
  }

  static bool IsDone(const Outcome& outcome) { return std::holds_alternative<Done>(outcome); }
  static std::string ReasonOf(const Outcome& outcome) {
    if (auto* refusal = std::get_if<Refusal>(&outcome)) {
      return std::to_string(static_cast<int>(refusal->reason)) + " " + refusal->field;
    }
    if (auto* wait = std::get_if<Wait>(&outcome)) return "wait " + wait->key.text;
    return "";
  }
  static std::string Refused(Reason reason, const std::string& field) {
    return std::to_string(static_cast<int>(reason)) + " " + field;
  }

  World world;
  Outcome last = Done{};
};

}  // namespace tessera::membership
