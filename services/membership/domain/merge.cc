#include "services/membership/domain/merge.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "services/membership/domain/due.h"
#include "services/membership/domain/judge.h"
#include "services/membership/domain/lots.h"
#include "services/membership/domain/orders.h"

namespace tessera::membership {
namespace {

// The root of a customer, who is made known if he is not.
MemberKey RootOf(Tables& tables, const CustomerId& customer, const BrandId& brand) {
  MemberKey key = {customer, brand};
  if (const Member* member = tables.member.Find(key)) return {member->root, brand};
  tables.member.Edit(key).root = customer;
  return key;
}

void AddTotals(const Tables& tables, const MemberKey& root, RekeyedTotals& totals) {
  const Member& member = tables.member.At(root);
  totals["lots"] += member.all.lots;
  totals["entries"] += member.all.entries;
  totals["orders"] += member.all.orders;
  const Brand* brand = tables.brand.Find(root.brand);
  if (brand == nullptr) return;
  for (size_t i = 0; i < brand->names.currencies.size(); ++i) {
    const Account& account = member.all.Of(static_cast<CurrencyNo>(i + 1));
    totals[brand->names.currencies[i] + "_balance"] += account.balance();
    totals[brand->names.currencies[i] + "_earned"] += account[Measure::kEarned];
  }
}

// The same names in all three.
void NameAll(const Tables& tables, const BrandId& brand, RekeyedTotals& totals) {
  for (const char* name : {"lots", "entries", "orders"}) totals.try_emplace(name, 0);
  if (tables.brand.Find(brand) == nullptr) return;
  for (const std::string& currency : tables.brand.At(brand).names.currencies) {
    totals.try_emplace(currency + "_balance", 0);
    totals.try_emplace(currency + "_earned", 0);
  }
}

bool AddAccounts(Totals& to, const Totals& from) {
  bool fits = true;
  to.lots += from.lots;
  to.entries += from.entries;
  to.orders += from.orders;
  for (size_t i = 0; i < from.accounts.size(); ++i) {
    Account& account = to.Of(static_cast<CurrencyNo>(i + 1));
    for (int m = 0; m < kMeasures; ++m) {
      int64_t& value = account.values[static_cast<size_t>(m)];
      const int64_t more = from.accounts[i].values[static_cast<size_t>(m)];
      if (static_cast<Measure>(m) == Measure::kSlidingExpiry) {
        value = std::max(value, more);
      } else if (__builtin_add_overflow(value, more, &value)) {
        fits = false;
      }
    }
  }
  return fits;
}

Enrolment EnrolmentOf(const Tables& tables, const MemberKey& root) {
  const Member& member = tables.member.At(root);
  return {member.enrolled_time, member.tier};
}

// Makes `absorbed` and its sides sides of `survivor`, all but their tiers. False if a sum does not fit.
bool Unite(Tables& tables, const MemberKey& survivor, const MemberKey& absorbed) {
  Member& to = tables.member.Edit(survivor);
  Member& from = tables.member.Edit(absorbed);
  for (const CustomerId& side : from.absorbed) {
    tables.member.Edit({side, survivor.brand}).root = survivor.customer;
    to.absorbed.push_back(side);
  }
  from.root = survivor.customer;
  to.absorbed.push_back(absorbed.customer);
  std::sort(to.absorbed.begin(), to.absorbed.end());
  const bool fits = AddAccounts(to.all, from.all);
  to.member_seq = std::max(to.member_seq, from.member_seq);
  to.enrolled_time = std::min(to.enrolled_time, from.enrolled_time);
  from.all = {};
  from.absorbed.clear();
  from.enrolled_time = absl::InfiniteFuture();
  from.tier = {};
  return fits;
}

// Available points of either side pay the debt of either.
void OffsetDebt(Books& books) {
  for (size_t i = 1; i <= books.brand().names.currencies.size(); ++i) {
    const auto currency = static_cast<CurrencyNo>(i);
    const Account& all = books.All(currency);
    const int64_t payable = std::min(all[Measure::kAvailable], all[Measure::kDebt]);
    if (payable <= 0) continue;
    const auto lots = SpendableLots(books, currency, payable);
    if (!lots) return;
    for (const LotKey& lot : *lots) PayDebt(books, lot);
  }
}

// What is due of one of both takes place before they are one: a decision of its own, by the own enrolment and growth.
Outcome Prepare(Tables& tables, const CustomersMerged& command, const MemberKey& root, absl::Time tier_time,
                absl::Time now) {
  const std::string id = absl::StrCat(command.merge.ToString(), "/", root.customer.ToString());
  Books books(tables, root, {"merge", id, command.time}, now);
  books.TierTimeIs(tier_time);
  BringUpToDate(books);
  return books.Finish({});
}

// What the merge means for one member of a brand with a program; the outcome is Done unless rows are missing.
Outcome Settle(Tables& tables, const CustomersMerged& command, const MemberKey& survivor, const MemberKey& absorbed,
               const std::vector<Enrolment>& before, absl::Time tier_time, absl::Time now) {
  Books books(tables, survivor, {"merge", command.merge.ToString(), command.time}, now);
  books.TierTimeIs(tier_time);
  books.TakeSeq();
  books.KeepTimer(survivor, TimerKind::kTier);
  books.KeepTimer(absorbed, TimerKind::kTier);
  UniteTiers(books, before.front(), before.back());
  OffsetDebt(books);
  if (!books.stopped()) JudgeTier(books, /*merged=*/true);
  return books.Finish({});
}

// Adds what another decision of the same command does. False if it is not done.
bool Append(Outcome& outcome, Done& done) {
  auto* more = std::get_if<Done>(&outcome);
  if (more == nullptr) return false;
  for (auto& fact : more->facts) done.facts.push_back(std::move(fact));
  for (auto& timer : more->timers) done.timers.push_back(std::move(timer));
  return true;
}

}  // namespace

engine::WaitKey WaitForMerge(const MergeId& merge) { return {absl::StrCat("merge/", merge.ToString())}; }

Outcome Decide(Tables& tables, const CustomersMerged& command, absl::Time now) {
  if (tables.merge.Find(command.merge) != nullptr) return Done{};
  for (const MergeId& before : command.after) {
    if (tables.merge.Find(before) == nullptr) {
      return Wait{WaitForMerge(before), absl::InfiniteFuture(), Reason::kMergeUnknown};
    }
  }
  Done done;
  Rekeyed rekeyed = {command.merge, command.group, command.survivor, command.time, {}, {}, {}};
  std::set<engine::WaitKey> wakes = {WaitForMerge(command.merge), WaitForRoot(command.survivor),
                                     WaitForRoot(command.absorbed)};
  for (const BrandId& brand : command.brands) {
    for (auto* totals : {&rekeyed.survivor_before, &rekeyed.absorbed_before, &rekeyed.survivor_after}) {
      NameAll(tables, brand, *totals);
    }
    const MemberKey survivor = RootOf(tables, command.survivor, brand);
    const MemberKey absorbed = RootOf(tables, command.absorbed, brand);
    const bool is_known = tables.brand.Find(brand) != nullptr;
    const absl::Time tier_time = std::max({now, JudgedUntil(tables, survivor), JudgedUntil(tables, absorbed)});
    if (survivor != absorbed && is_known) {
      for (const MemberKey& root : {survivor, absorbed}) {
        Outcome outcome = Prepare(tables, command, root, tier_time, now);
        if (!Append(outcome, done)) return outcome;
      }
    }
    AddTotals(tables, survivor, rekeyed.survivor_before);
    const std::vector<Enrolment> before = {EnrolmentOf(tables, survivor), EnrolmentOf(tables, absorbed)};
    if (survivor != absorbed) {
      AddTotals(tables, absorbed, rekeyed.absorbed_before);
      if (!Unite(tables, survivor, absorbed)) return Refusal{Reason::kAmountOverflow, "", "of both customers"};
      wakes.insert(WaitForRoot(survivor.customer));
      wakes.insert(WaitForRoot(absorbed.customer));
    }
    AddTotals(tables, survivor, rekeyed.survivor_after);
    if (survivor == absorbed || !is_known) continue;
    Outcome outcome = Settle(tables, command, survivor, absorbed, before, tier_time, now);
    if (!Append(outcome, done)) return outcome;
  }
  tables.merge.Edit(command.merge) = {command.group, command.survivor, command.absorbed, command.time};
  done.facts.emplace_back(std::move(rekeyed));
  done.wakes.assign(wakes.begin(), wakes.end());
  return done;
}

}  // namespace tessera::membership
