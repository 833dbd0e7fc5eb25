// For tests of the domain: a whole small world in memory. Everything counts as loaded, every decision is made twice to
// show that it is deterministic, and what is kept, told and timed is collected.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "base/check.h"
#include "services/membership/domain/decide.h"

namespace tessera::membership {

class World {
 public:
  explicit World(const char* zone = "UTC") {
    BrandChanged brand = {kBrand, "group", zone, "GB", "GBP", 1, {}};
    TESSERA_CHECK(absl::LoadTimeZone(zone, &brand.zone));
    Run(brand);
  }

  static inline const BrandId kBrand{"pets"};

  // A customer by a number: larger numbers are younger.
  static CustomerId Customer(int n) { return {UuidV7Of(absl::FromUnixSeconds(n), {"customer", absl::StrCat(n)})}; }
  static MemberKey Key(int n) { return {Customer(n), kBrand}; }

  // The clock. Commands are decided at it, events happen at it.
  absl::Time now = absl::FromCivil(absl::CivilSecond(2024, 1, 1, 12), absl::UTCTimeZone());

  void PutProgram(Program program, absl::Time from = absl::InfinitePast()) {
    membership::PutProgram command = {kBrand, std::move(program), "{}", from};
    const Outcome outcome = Run(command);
    TESSERA_CHECK(std::holds_alternative<Done>(outcome));
  }

  Cause NextCause() { return {"shop", absl::StrCat("e", ++causes_), now}; }
  HoldId NextId() { return {UuidV7Of(now, {"request", absl::StrCat(++causes_)})}; }

  // What the present command has changed.
  auto Edits() {
    return std::apply([](const auto&... table) { return std::make_tuple(table.Edits()...); }, tables.Tie());
  }

  // Decides at `now`, after the timers that are due have run.
  Outcome Run(const Command& command) {
    RunTimers();
    return Decide(command);
  }

  // Decides at `now`, though timers may be late.
  Outcome Decide(const Command& command) {
    tables.ranges.Clear();
    Need need;
    Keys(command, need);
    for (int rounds = 0;; ++rounds) {
      TESSERA_CHECK(rounds < 20);
      Load(need);
      Outcome first = membership::Decide(tables, command, now);
      const auto edits = Edits();
      Undo();
      Outcome outcome = membership::Decide(tables, command, now);
      TESSERA_CHECK(first.index() == outcome.index() && edits == Edits());
      if (auto* more = std::get_if<More>(&outcome)) {
        Undo();
        need.Merge(more->need);
        continue;
      }
      auto* done = std::get_if<Done>(&outcome);
      if (done == nullptr) {
        Undo();
        return outcome;
      }
      Keep(*done);
      return outcome;
    }
  }

  // Fires every timer that is due at `now`, earliest first, until none is.
  void RunTimers() {
    for (int fired = 0;; ++fired) {
      TESSERA_CHECK(fired < 10'000);
      auto earliest = timers.end();
      for (auto at = timers.begin(); at != timers.end(); ++at) {
        if (at->second <= now && (earliest == timers.end() || at->second < earliest->second)) earliest = at;
      }
      if (earliest == timers.end()) return;
      const engine::TimerKey key = earliest->first;
      timers.erase(earliest);
      const Outcome outcome = Decide(TimerFired{{{key.owner}, key.brand}, static_cast<TimerKind>(key.kind)});
      TESSERA_CHECK(std::holds_alternative<Done>(outcome));
    }
  }

  const Member& At(int n) { return tables.member.At(Key(n)); }
  const Member& Root(int n) { return tables.member.At({At(n).root, kBrand}); }
  CurrencyNo Number(const std::string& currency) {
    const auto& names = tables.brand.At(kBrand).names.currencies;
    return static_cast<CurrencyNo>(std::find(names.begin(), names.end(), currency) - names.begin() + 1);
  }
  const Account& Of(int n, const std::string& currency = "points") { return Root(n).all.Of(Number(currency)); }

  size_t page_size = 2;  // of members that one command judges by a new program version

  Tables tables;
  std::map<engine::TimerKey, absl::Time> timers;
  std::vector<Fact> facts;
  std::vector<engine::WaitKey> wakes;  // of the last command

 private:
  void Load(const Need& need) {
    for (const auto& key : need.brands) tables.brand.Put(key, std::nullopt);
    for (const auto& key : need.members) tables.member.Put(key, std::nullopt);
    for (const auto& key : need.orders) tables.order.Put(key, std::nullopt);
    for (const auto& key : need.merges) tables.merge.Put(key, std::nullopt);
    for (const auto& key : need.holds) tables.hold.Put(key, std::nullopt);
    for (const auto& key : need.lots) tables.lot.Put(key, std::nullopt);
    for (const auto& key : need.children_of) tables.ranges.SetChildren(key);
    for (const auto& [key, count] : need.ranges) {
      tables.ranges.Set(key, {count, true, absl::InfiniteFuture(), kLastUuid});
    }
    tables.member.Each([this](const MemberKey& key, const Member&) { tables.ranges.SetGrowth(key); });
    for (const MemberKey& key : need.members) tables.ranges.SetGrowth(key);
    for (const auto& [brand, after] : need.page_after) LoadPage(brand, after);
  }

  void LoadPage(const BrandId& brand, const CustomerId& after) {
    std::vector<CustomerId> page;
    tables.member.Each([&](const MemberKey& key, const Member& member) {
      if (member.root == key.customer && key.customer > after && page.size() < page_size) page.push_back(key.customer);
    });
    tables.ranges.SetPage(brand, after, std::move(page));
  }

  void Undo() {
    std::apply([](auto&... table) { (table.Undo(), ...); }, tables.Tie());
  }
  void Keep(const Done& done) {
    std::apply([](auto&... table) { (table.Keep(), ...); }, tables.Tie());
    facts.insert(facts.end(), done.facts.begin(), done.facts.end());
    wakes = done.wakes;
    for (const engine::TimerChange& change : done.timers) {
      if (change.due) {
        timers[change.key] = *change.due;
      } else {
        timers.erase(change.key);
      }
    }
  }

  int causes_ = 0;
};

}  // namespace tessera::membership
