#include "services/membership/domain/books.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "base/check.h"
#include "base/checked.h"
#include "services/membership/domain/calendar.h"

namespace tessera::membership {
namespace {

// M is Member or const Member.
template <class M>
auto& DueField(M& member, TimerKind kind) {
  switch (kind) {
    case TimerKind::kActivation:
      return member.next_activation;
    case TimerKind::kExpiry:
      return member.next_expiry;
    case TimerKind::kWarning:
      return member.next_warning;
    case TimerKind::kHoldEnd:
      return member.next_hold_end;
    case TimerKind::kTier:
      return member.tier.due;
    case TimerKind::kProgram:
      break;  // a brand's, not a member's
  }
  CheckFailed("a timer of a member");
}

}  // namespace

InForce ProgramAt(const Tables& tables, const BrandId& brand, absl::Time time) {
  InForce best;
  absl::Time best_from = absl::InfinitePast();
  tables.program.Range({brand, 0}, {brand, INT32_MAX}, [&](const ProgramKey& key, const ProgramVersion& version) {
    if (version.valid_from > time || version.valid_from < best_from) return;
    best = {key.version, version.program.get()};
    best_from = version.valid_from;
  });
  return best;
}

Books::Books(Tables& tables, const MemberKey& side, const Cause& cause, absl::Time now)
    : tables_(tables), side_(side), cause_(cause), now_(now), tier_time_(now), brand_(tables.brand.At(side.brand)) {
  if (cause_.time == absl::InfinitePast()) cause_.time = now;
  if (const Member* member = tables_.member.Find(side)) {
    root_ = KeyOf(member->root);
  } else {
    root_ = side;
    tables_.member.Edit(side).root = side.customer;
  }
  // With the number of the decision, as calls of two methods may have one request_id.
  const std::string number = std::to_string(root().member_seq);
  transaction_ = {UuidV7Of(cause_.time, {side.brand.value, cause_.source, cause_.id, number, "transaction"})};
}

std::vector<MemberKey> Books::Sides() const {
  std::vector<MemberKey> sides = {root_};
  for (const CustomerId& customer : root().absorbed) sides.push_back(KeyOf(customer));
  return sides;
}

const std::string& Books::NameOf(CurrencyNo currency) const {
  return brand_.names.currencies.at(static_cast<size_t>(currency - 1));
}

std::string Books::RuleName(RuleNo rule) const {
  return rule == 0 ? "" : brand_.names.rules.at(static_cast<size_t>(rule - 1));
}

const Currency& Books::CurrencyOf(CurrencyNo currency, int32_t version) const {
  const Currency* latest = nullptr;
  const ProgramKey first = {side_.brand, 0}, last = {side_.brand, INT32_MAX};
  tables_.program.Range(first, last, [&](const ProgramKey& key, const ProgramVersion& row) {
    const Currency* found = row.program->FindCurrency(currency);
    if (found != nullptr && (latest == nullptr || key.version <= version)) latest = found;
  });
  TESSERA_CHECK(latest != nullptr);
  return *latest;
}

int32_t Books::WarnDaysMax(CurrencyNo currency) const {
  int32_t days = 0;
  tables_.program.Range({side_.brand, 0}, {side_.brand, INT32_MAX}, [&](const ProgramKey&, const ProgramVersion& row) {
    const Currency* found = row.program->FindCurrency(currency);
    if (found != nullptr) days = std::max(days, found->expiry.warn_days);
  });
  return days;
}

absl::Time Books::Due(const MemberKey& side, TimerKind kind) const { return DueField(tables_.member.At(side), kind); }

Member& Books::Edit(const MemberKey& side) { return tables_.member.Edit(side); }

void Books::SetDue(const MemberKey& side, TimerKind kind, absl::Time time) {
  absl::Time& due = DueField(Edit(side), kind);
  due_before_.try_emplace({side, kind}, due);
  due = time;
}

void Books::SetTierDue(absl::Time time) { SetDue(root_, TimerKind::kTier, time); }

void Books::DueAt(const MemberKey& side, TimerKind kind, absl::Time time) {
  if (time < Due(side, kind)) SetDue(side, kind, time);
}

// Of each measure of one side, so that the sums over all sides of a customer (at most 200) fit, and a merge never
// fails.
constexpr int64_t kOwnSumMax = 40'000'000'000'000'000;

void Books::AddTo(int64_t& value, int64_t delta) {
  if (auto sum = CheckedAdd(value, delta)) {
    value = *sum;
  } else {
    overflowed_ = true;
  }
}

void Books::Change(const MemberKey& side, CurrencyNo currency, Measure measure, int64_t delta) {
  if (delta == 0) return;
  int64_t& own = Edit(side).own.Of(currency)[measure];
  AddTo(own, delta);
  overflowed_ = overflowed_ || own > kOwnSumMax || own < -kOwnSumMax;
  AddTo(Edit(root_).all.Of(currency)[measure], delta);
  changed_.insert(currency);
}

void Books::AddHeldDebt(const MemberKey& side, const HeldDebt& debt) {
  if (debt.amount == 0) return;
  Change(side, debt.currency, Measure::kHeldDebt, debt.amount);
  Edit(side).held_debts.push_back(debt);
}

std::vector<HeldDebt> Books::EndHeldDebt(const MemberKey& side, CurrencyNo currency, int64_t amount) {
  std::vector<HeldDebt> ended;
  if (amount == 0) return ended;
  Change(side, currency, Measure::kHeldDebt, -amount);
  std::vector<HeldDebt>& debts = Edit(side).held_debts;
  for (HeldDebt& debt : debts) {
    if (debt.currency != currency || amount == 0) continue;
    const int64_t part = std::min(debt.amount, amount);
    ended.push_back({currency, debt.lot, part});
    debt.amount -= part;
    amount -= part;
  }
  // What is left is from before it was noted whose it is: it has no lot.
  std::erase_if(debts, [](const HeldDebt& debt) { return debt.amount == 0; });
  return ended;
}

void Books::ChangeGrowth(const MemberKey& side, CurrencyNo currency, int64_t delta, absl::Time effective) {
  Change(side, currency, Measure::kAvailable, delta);
  growth_changed_ = true;
  if (!tables_.ranges.HasGrowth(side)) {
    if (tables_.member.At(side).growth_days_kept) Edit(side).growth_days_kept = false;
    return;
  }
  const GrowthKey key = {side, currency, DayOf(effective, zone())};
  if (!tables_.growth.Loaded(key)) {
    tables_.growth.Insert(key, delta);
  } else {
    AddTo(tables_.growth.Edit(key), delta);
  }
}

void Books::Slide(CurrencyNo currency, absl::Time expiry) {
  const int64_t until = absl::ToUnixMicros(expiry);
  if (root().all.Of(currency)[Measure::kSlidingExpiry] >= until) return;
  int64_t& own = Edit(side_).own.Of(currency)[Measure::kSlidingExpiry];
  own = std::max(own, until);
  Edit(root_).all.Of(currency)[Measure::kSlidingExpiry] = until;
}

void Books::InsertLot(const LotKey& key, Lot lot) {
  tables_.lot.Insert(key, lot);
  tables_.ranges.SetChildren(key);  // a lot that did not exist has none in the database
  ++Edit(key.side).own.lots;
  ++Edit(root_).all.lots;
}

int64_t Books::TakeSeq() {
  if (seq_ == 0) seq_ = ++Edit(root_).member_seq;
  return seq_;
}

void Books::Post(const MemberKey& side, Transfer transfer) {
  TESSERA_CHECK(transfer.amount > 0);
  transfer.transaction = transaction_;
  transfer.cause_source = cause_.source;
  transfer.cause_id = cause_.id;
  if (transfer.effective_time == absl::InfinitePast()) transfer.effective_time = cause_.time;
  tables_.transfer.Insert({side, TakeSeq(), entries_++}, std::move(transfer));
  ++Edit(side).own.entries;
  ++Edit(root_).all.entries;
}

BalanceAfter Books::After(CurrencyNo currency) const {
  const Account& all = All(currency);
  return {NameOf(currency), all[Measure::kAvailable], all[Measure::kPending], all[Measure::kHeld], all[Measure::kDebt]};
}

MemberFact Books::MakeFact() const {
  MemberFact fact;
  fact.brand = side_.brand;
  fact.side = side_.customer;
  fact.transaction = transaction_;
  fact.time = cause_.time;
  return fact;
}

std::vector<engine::TimerChange> Books::TimerChanges() const {
  std::vector<engine::TimerChange> changes;
  const auto add = [&](const MemberKey& side, TimerKind kind) {
    const absl::Time due = Due(side, kind);
    engine::TimerChange change = {{side.customer.uuid, side.brand, static_cast<int16_t>(kind)}, std::nullopt};
    if (due != absl::InfiniteFuture()) change.due = due;
    changes.push_back(std::move(change));
  };
  for (const auto& [at, before] : due_before_) {
    if (Due(at.first, at.second) != before || fired_.contains(at)) add(at.first, at.second);
  }
  for (const auto& at : fired_) {
    if (!due_before_.contains(at)) add(at.first, at.second);
  }
  return changes;
}

Outcome Books::Finish(Reply reply, std::vector<engine::WaitKey> wakes) {
  if (is_missing_) return More{std::move(missing_)};
  if (overflowed_) {
    return Refusal{Reason::kAmountOverflow, blamed_,
                   absl::StrCat("each sum of a side of a customer is at most ", kOwnSumMax)};
  }
  Done done;
  done.reply = std::move(reply);
  done.timers = TimerChanges();
  done.wakes = std::move(wakes);
  std::vector<BalanceAfter> balances;
  balances.reserve(changed_.size());
  for (CurrencyNo currency : changed_) balances.push_back(After(currency));
  const int64_t seq = facts_.empty() ? seq_ : TakeSeq();
  for (MemberFact& fact : facts_) {
    fact.root = root_.customer;
    fact.member_seq = seq;
    fact.balances = balances;
    done.facts.emplace_back(std::move(fact));
  }
  return done;
}

}  // namespace tessera::membership
