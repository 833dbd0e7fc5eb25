// The books of one member during one decision. Every change of a balance, a lot, the ledger or a timer goes through
// here, so that they cannot disagree. Not thread-safe; lives as long as the decision.
//
// What goes wrong sticks: rows that are not loaded and sums that do not fit are noted, the decision goes on without
// them, and Finish() answers More or a Refusal, so that none of it is kept.
#pragma once

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "services/membership/domain/commands.h"

namespace tessera::membership {

// A program version in force.
struct InForce {
  int32_t version = 0;
  const Program* program = nullptr;  // null: none is
};

// The version with the latest valid_from that is not after `time`; of two with the same, the later one.
InForce ProgramAt(const Tables& tables, const BrandId& brand, absl::Time time);

class Books {
 public:
  // The brand must be present, the side must be loaded; an absent one is made, as a known customer.
  Books(Tables& tables, const MemberKey& side, const Cause& cause, absl::Time now);

  // ---- what is known ----
  const Tables& tables() const { return tables_; }
  absl::Time now() const { return now_; }
  // How far the clocks are by which tiers are reviewed and versions are in force: this one, or one ahead of it.
  absl::Time tier_time() const { return tier_time_; }
  // When the cause happened.
  absl::Time cause_time() const { return cause_.time; }
  const Cause& cause() const { return cause_; }
  absl::TimeZone zone() const { return brand_.zone; }
  const Brand& brand() const { return brand_; }
  const MemberKey& side() const { return side_; }
  const MemberKey& root_key() const { return root_; }
  const Member& root() const { return tables_.member.At(root_); }
  MemberKey KeyOf(const CustomerId& customer) const { return {customer, side_.brand}; }
  // The root, then the other sides by id.
  std::vector<MemberKey> Sides() const;
  const Account& All(CurrencyNo currency) const { return root().all.Of(currency); }
  const std::string& NameOf(CurrencyNo currency) const;
  std::string RuleName(RuleNo rule) const;
  // By which the cause is judged, and by which the clock is.
  InForce AtCause() const { return ProgramAt(tables_, side_.brand, cause_.time); }
  InForce AtNow() const { return ProgramAt(tables_, side_.brand, now_); }
  // A version that a row names.
  const Program& Version(int32_t version) const { return *tables_.program.At({side_.brand, version}).program; }
  // The currency as a version declares it; if it lacks it, as the version before it or else the first that has it.
  const Currency& CurrencyOf(CurrencyNo currency, int32_t version) const;
  // The most days that any version announces an expiry ahead; 0 if none does.
  int32_t WarnDaysMax(CurrencyNo currency) const;

  // ---- changes ----
  // A clock that is so far has judged tiers that this decision depends on.
  void TierTimeIs(absl::Time time) { tier_time_ = std::max(tier_time_, time); }
  Member& Edit(const MemberKey& side);
  Lot& EditLot(const LotKey& key) { return tables_.lot.Edit(key); }
  Order& EditOrder(const OrderKey& key) { return tables_.order.Edit(key); }
  Hold& EditHold(const HoldKey& key) { return tables_.hold.Edit(key); }
  void InsertLot(const LotKey& key, Lot lot);
  // Adds to a side's account and to that of all sides.
  void Change(const MemberKey& side, CurrencyNo currency, Measure measure, int64_t delta);
  // Some of the debt of a side is held debt, for the clawback of a lot.
  void AddHeldDebt(const MemberKey& side, const HeldDebt& debt);
  // `amount` of it is held debt no more, the oldest first; whose it was.
  std::vector<HeldDebt> EndHeldDebt(const MemberKey& side, CurrencyNo currency, int64_t amount);
  // Active growth changes; it counts in the windows that hold `effective`.
  void ChangeGrowth(const MemberKey& side, CurrencyNo currency, int64_t delta, absl::Time effective);
  // Extends the lots of a sliding currency, never shortens them.
  void Slide(CurrencyNo currency, absl::Time expiry);
  // Writes an entry. Transaction, cause and, where it is InfinitePast, the effective time are filled in.
  void Post(const MemberKey& side, Transfer transfer);
  // The member's counter after this decision; taken on the first call.
  int64_t TakeSeq();
  const TransactionId& transaction() const { return transaction_; }
  // No row of the side is due earlier: `time`, or what was known if that is earlier.
  void DueAt(const MemberKey& side, TimerKind kind, absl::Time time);
  // Sets what DueAt keeps.
  void SetDue(const MemberKey& side, TimerKind kind, absl::Time time);
  void SetTierDue(absl::Time time);
  absl::Time Due(const MemberKey& side, TimerKind kind) const;
  // The timer is set or cleared even if it stays as it was: it has just fired.
  void KeepTimer(const MemberKey& side, TimerKind kind) { fired_.insert({side, kind}); }

  // ---- what goes wrong ----
  Need& missing() {
    is_missing_ = true;
    return missing_;
  }
  bool stopped() const { return is_missing_ || overflowed_; }
  // A sum that does not fit from here on is the fault of this field of the command.
  void Blame(std::string field) { blamed_ = std::move(field); }
  void Overflow() { overflowed_ = true; }

  // ---- the end ----
  template <class What>
  void Tell(What what) {
    facts_.push_back(MakeFact());
    facts_.back().what = std::move(what);
  }
  // Growth came or went: the tier is to be judged.
  bool growth_changed() const { return growth_changed_; }
  bool growth_returned() const { return growth_returned_; }
  void GrowthReturned() { growth_returned_ = true; }
  BalanceAfter After(CurrencyNo currency) const;
  // Answers the decision; nothing may be changed after it.
  Outcome Finish(Reply reply, std::vector<engine::WaitKey> wakes = {});

 private:
  using DueTimes = std::map<std::pair<MemberKey, TimerKind>, absl::Time>;

  MemberFact MakeFact() const;
  void AddTo(int64_t& value, int64_t delta);
  std::vector<engine::TimerChange> TimerChanges() const;

  Tables& tables_;
  const MemberKey side_;
  MemberKey root_;
  Cause cause_;
  const absl::Time now_;
  absl::Time tier_time_;
  const Brand& brand_;
  TransactionId transaction_;
  int64_t seq_ = 0;  // 0: not taken
  int32_t entries_ = 0;
  std::set<CurrencyNo> changed_;
  bool growth_changed_ = false, growth_returned_ = false;
  DueTimes due_before_;
  std::set<std::pair<MemberKey, TimerKind>> fired_;
  std::vector<MemberFact> facts_;
  Need missing_;
  bool is_missing_ = false, overflowed_ = false;
  std::string blamed_;  // the field of the command that may make a sum too large
};

}  // namespace tessera::membership
