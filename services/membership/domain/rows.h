// The rows of a batch. Plain values; Decide edits them through the journalled tables.
#pragma once

#include <array>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "absl/time/time.h"
#include "engine/table.h"
#include "services/membership/domain/keys.h"
#include "services/membership/domain/program.h"

namespace tessera::membership {

// ---- member ----

// What is known of one currency. Amounts but the last two; both are times in microseconds since 1970, 0 for none.
enum class Measure : uint8_t {
  kAvailable,  // in active lots and not held; for growth: what counts
  kPending,    // in pending lots
  kHeld,       // parts of active lots
  kDebt,
  kHeldDebt,  // of the debt: provisional, while as much is held
  kEarned,    // from here on: sums of entries by kind
  kClawedBack,
  kForgiven,
  kSpent,
  kReturned,
  kExpired,
  kSlidingExpiry,  // when all lots of a sliding currency expire; over all sides the largest
};
inline constexpr int kMeasures = static_cast<int>(Measure::kSlidingExpiry) + 1;

struct Account {
  std::array<int64_t, kMeasures> values{};

  int64_t operator[](Measure m) const { return values[static_cast<size_t>(m)]; }
  int64_t& operator[](Measure m) { return values[static_cast<size_t>(m)]; }
  int64_t balance() const {
    return (*this)[Measure::kAvailable] + (*this)[Measure::kPending] + (*this)[Measure::kHeld] -
           (*this)[Measure::kDebt];
  }
  bool operator==(const Account&) const = default;
};

// Counts and accounts of one side, or over all sides of a root.
struct Totals {
  int64_t lots = 0;
  int64_t entries = 0;
  int64_t orders = 0;               // paid ones
  std::vector<Account> accounts{};  // by currency number - 1; missing ones are zero

  const Account& Of(CurrencyNo currency) const {
    static const Account kNone;
    const auto at = static_cast<size_t>(currency - 1);
    return at < accounts.size() ? accounts[at] : kNone;
  }
  Account& Of(CurrencyNo currency) {
    const auto at = static_cast<size_t>(currency - 1);
    if (at >= accounts.size()) accounts.resize(at + 1);
    return accounts[at];
  }
  bool operator==(const Totals&) const = default;
};

// The fold of section 4: what a member's tier is and what is due of it. Valid on roots only.
struct TierState {
  int16_t level = 0;    // 0: not enrolled, or no tiers
  int32_t version = 0;  // the program version that judged last
  absl::Time since = absl::InfinitePast();
  absl::Time hold_until = absl::InfinitePast();  // no review downgrades before
  absl::Time grace_from = absl::InfinitePast();  // the failed review, while its downgrade is pending
  absl::Time reviewed = absl::InfinitePast();    // none is had of the time up to here (again), whatever clock asks
  absl::Time due = absl::InfiniteFuture();       // the next review or end of grace

  bool operator==(const TierState&) const = default;
};

// A part of a side's held debt.
struct HeldDebt {
  CurrencyNo currency = 0;
  LotId lot;  // whose clawback is owed
  int64_t amount = 0;

  bool operator==(const HeldDebt&) const = default;
};

// A side. Everything from member_seq on but own, own_enrolled_time and the next_ times is valid on a root only.
struct Member {
  CustomerId root;
  Totals own;
  absl::Time own_enrolled_time = absl::InfiniteFuture();  // InfiniteFuture: not
  absl::Time next_activation = absl::InfiniteFuture();    // no lot of this side activates earlier
  absl::Time next_expiry = absl::InfiniteFuture();        // no lot of this side expires earlier
  absl::Time next_hold_end = absl::InfiniteFuture();      // no hold of this side ends earlier
  absl::Time next_warning = absl::InfiniteFuture();       // no lot of this side is to be announced earlier
  bool growth_days_kept = false;       // the growth_day rows of this side say the same as its entries
  std::vector<HeldDebt> held_debts{};  // of this side, oldest first: all of Measure::kHeldDebt

  int64_t member_seq = 0;
  absl::Time enrolled_time = absl::InfiniteFuture();
  TierState tier;
  Totals all;
  std::vector<CustomerId> absorbed{};  // the other sides, sorted; not stored, found by their root

  bool operator==(const Member&) const = default;
};

// ---- orders ----

struct OrderLine {
  std::string code;
  std::string category;
  std::vector<std::string> tags;
  int64_t quantity = 0;
  int64_t list_minor = 0;
  int64_t paid_minor = 0;
  int64_t points_minor = 0;

  bool operator==(const OrderLine&) const = default;
};

struct Purchase {
  std::vector<OrderLine> lines;
  int64_t freight_minor = 0;
  int64_t points_minor = 0;

  // With freight as the last one where there is any.
  size_t line_count() const { return lines.size() + (freight_minor > 0 ? 1 : 0); }
  bool operator==(const Purchase&) const = default;
};

// What one rule gave for an order. Its lot's id follows from the order, the rule and `time`.
struct Award {
  RuleNo rule = 0;
  CurrencyNo currency = 0;
  int64_t amount = 0;
  int64_t back = 0;     // clawed back so far: taken, owed or forgiven
  int64_t expired = 0;  // of the rest, what had expired unspent at the last return: it counts as taken back
  int64_t time = 0;     // when it was earned, microseconds since 1970
  bool has_lot = false;
  bool of_completion = false;  // by order.completed instead of order.paid
  std::vector<int64_t> lines;  // the allocation, by line

  bool operator==(const Award&) const = default;
};

struct Order {
  CustomerId side;
  absl::Time paid_time = absl::InfiniteFuture();          // InfiniteFuture: not yet told
  absl::Time completed_time = absl::InfiniteFuture();     // InfiniteFuture: not yet told
  std::shared_ptr<const Purchase> purchase;               // null until paid; never changes
  TransactionId paid_transaction, completed_transaction;  // nil until then
  std::vector<Award> awards;
  std::vector<int64_t> back_pieces, back_money;  // by line; empty while nothing came back

  const TransactionId& TransactionOf(const Award& award) const {
    return award.of_completion ? completed_transaction : paid_transaction;
  }
  bool operator==(const Order&) const = default;  // compares the purchase by its address: it never changes
};

// ---- lots and holds ----

enum class LotState : int16_t { kPending = 0, kActive = 1, kClosed = 2 };

// Points that were earned together. Invariants: 0 <= held <= remaining <= amount; closed if and only if remaining is 0.
struct Lot {
  CurrencyNo currency = 0;
  LotState state = LotState::kPending;
  bool slides = false;  // expires with the member's account[kSlidingExpiry], `expiry` is InfiniteFuture
  bool warned = false;  // its expiry was announced
  int64_t amount = 0;
  int64_t remaining = 0;
  int64_t held = 0;
  int64_t forgiven = 0;  // of its clawbacks; made good by what comes back
  int64_t expired = 0;   // unspent, with what came back to later lots of this origin
  absl::Time earned = absl::InfinitePast();
  absl::Time activation = absl::InfinitePast();  // of a pending lot: at the latest; InfiniteFuture never
  absl::Time expiry = absl::InfiniteFuture();
  int32_t program_version = 0;
  RuleNo rule = 0;
  TransactionId transaction;
  LotId origin;  // nil, or the lot whose points these are

  int64_t free() const { return remaining - held; }
  bool operator==(const Lot&) const = default;
};

enum class HoldState : int16_t { kOpen = 0, kCaptured = 1, kReleased = 2, kTimedOut = 3 };

struct HoldPart {
  LotKey lot;
  int64_t amount = 0;

  bool operator==(const HoldPart&) const = default;
};

// A hold, or a spend, which is a hold captured at once. captured + released = amount once it has ended.
struct Hold {
  CurrencyNo currency = 0;
  HoldState state = HoldState::kOpen;
  int64_t amount = 0;
  int64_t captured = 0;
  int64_t refunded = 0;                     // of what was captured, from its end
  absl::Time end = absl::InfiniteFuture();  // when it times out
  std::vector<HoldPart> parts;              // in the order of taking

  bool operator==(const Hold&) const = default;
};

// ---- the ledger ----

enum class TransferKind : int16_t {
  kEarned = 1,
  kClawedBack = 2,
  kForgiven = 3,
  kMadeGood = 4,
  kDebtPaid = 5,
  kSpent = 6,
  kReturned = 7,
  kExpired = 8,
  kActivated = 9,
};

enum class AccountKind : int16_t {
  kCustomer = 0,
  kIssuance = 1,
  kRedemption = 2,
  kExpiry = 3,
  kAdjustment = 4,
  kBreakage = 5
};

// From one account to another; one of them is the customer that the key names. Written once, never read back.
struct Transfer {
  TransferKind kind = TransferKind::kEarned;
  CurrencyNo currency = 0;
  int64_t amount = 0;
  AccountKind from = AccountKind::kCustomer;
  AccountKind to = AccountKind::kCustomer;
  CustomerId counterparty;  // the receiving side, if both are customers' accounts
  LotId lot;                // nil if none
  RuleNo rule = 0;          // 0 if none
  int32_t program_version = 0;
  TransactionId transaction;
  TransactionId corrects;  // nil if none
  std::string cause_source;
  std::string cause_id;
  absl::Time effective_time = absl::InfinitePast();

  bool operator==(const Transfer&) const = default;
};

// ---- what is known of brands and merges ----

struct Brand {
  std::string group;
  std::string time_zone;
  std::string region;
  std::string currency;
  int64_t version = 0;
  absl::TimeZone zone;       // of time_zone
  CustomerId rejudge_after;  // members up to here are judged by the version in force
  NumberedNames names;       // of all program versions

  bool operator==(const Brand&) const = default;
};

struct ProgramVersion {
  absl::Time valid_from;
  absl::Time created;
  std::string document;  // of a version that this batch stores; "" of others
  std::shared_ptr<const Program> program;

  bool operator==(const ProgramVersion& other) const {
    return valid_from == other.valid_from && created == other.created && document == other.document;
  }
};

struct AppliedMerge {
  std::string group;
  CustomerId survivor, absorbed;
  absl::Time time;

  bool operator==(const AppliedMerge&) const = default;
};

}  // namespace tessera::membership
