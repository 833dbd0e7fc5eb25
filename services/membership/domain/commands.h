// Commands, replies, facts and reasons: the border of the domain. Plain values.
#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "absl/time/time.h"
#include "engine/outcome.h"
#include "services/membership/domain/rows.h"
#include "services/membership/domain/tables.h"

namespace tessera::membership {

// ---- commands ----

// What made a command. Ids that a decision makes follow from it.
struct Cause {
  std::string source;                      // the channel of an event, "call" or "timer"
  std::string id;                          // event id or request id
  absl::Time time = absl::InfinitePast();  // when it happened; InfinitePast: when it is decided
};

struct OrderPaid {
  MemberKey side;
  Cause cause;
  OrderKey order;
  std::shared_ptr<const Purchase> purchase;
};

struct OrderCompleted {
  MemberKey side;
  Cause cause;
  OrderKey order;
};

struct RefundLine {
  int32_t line = 0;
  int64_t pieces = 0;
  int64_t money_minor = 0;
};

struct OrderRefunded {
  MemberKey side;
  Cause cause;
  OrderKey order;
  std::vector<RefundLine> lines;
  int64_t money_minor = 0;  // that belongs to no line
};

// Any other event of a customer.
struct CustomerActed {
  MemberKey side;
  Cause cause;
  EventType type = EventType::kCustomerIdentified;
};

struct CustomersMerged {
  MergeId merge;
  std::string group;
  CustomerId survivor, absorbed;
  absl::Time time;
  std::vector<MergeId> after;
  std::vector<BrandId> brands;
};

struct BrandChanged {
  BrandId brand;
  std::string group, time_zone, region, currency;
  int64_t version = 0;
  absl::TimeZone zone;  // of time_zone
};

struct PutProgram {
  BrandId brand;
  Program program;
  std::string document;
  std::optional<absl::Time> valid_from;
};

struct EarnPoints {
  MemberKey customer;
  Cause cause;
  LotId lot;  // the request id
  std::string currency;
  int64_t amount = 0;
};

struct HoldPoints {
  MemberKey customer;
  Cause cause;
  HoldId hold;
  std::string currency;
  int64_t amount = 0;
  absl::Duration ttl;
};

struct SpendPoints {
  MemberKey customer;
  Cause cause;
  HoldId spend;
  std::string currency;
  int64_t amount = 0;
};

struct CaptureHold {
  MemberKey customer;
  Cause cause;
  HoldId hold;
  int64_t amount = 0;  // 0: all
};

struct ReleaseHold {
  MemberKey customer;
  Cause cause;
  HoldId hold;
};

struct RefundSpend {
  MemberKey customer;
  Cause cause;
  HoldId spend;
  int64_t amount = 0;  // 0: all that is left
};

enum class TimerKind : int16_t {
  kActivation = 1,  // of a side's lots
  kExpiry = 2,      // of a side's lots
  kWarning = 3,     // of a side's lots
  kHoldEnd = 4,     // of a side's holds
  kTier = 5,        // of a root: review or end of grace
  kProgram = 6,     // of a brand (nil owner): a new program version comes into force
};

struct TimerFired {
  MemberKey owner;
  TimerKind kind = TimerKind::kActivation;
};

using Command =
    std::variant<OrderPaid, OrderCompleted, OrderRefunded, CustomerActed, CustomersMerged, BrandChanged, PutProgram,
                 EarnPoints, HoldPoints, SpendPoints, CaptureHold, ReleaseHold, RefundSpend, TimerFired>;

// ---- replies ----

struct BalanceAfter {
  std::string currency;
  int64_t available = 0, pending = 0, held = 0, debt = 0;

  bool operator==(const BalanceAfter&) const = default;
};

// One for all calls about points; each call's response takes what it has.
struct PointsReply {
  TransactionId transaction;
  int64_t member_seq = 0;
  LotId lot;
  HoldId hold;
  absl::Time hold_end;
  int64_t amount = 0;    // earned, spent, captured, released or returned
  int64_t released = 0;  // of a capture
  int64_t expired = 0;   // of a return
  BalanceAfter balance;
};

struct ProgramReply {
  int32_t version = 0;
};

using Reply = std::variant<std::monostate, PointsReply, ProgramReply>;

// ---- facts ----

struct MemberEnrolled {
  absl::Time enrolled_time;
  std::string channel, tier_id;
};

struct AwardedPoints {
  std::string rule_id, currency;
  int64_t amount = 0;
  bool pending = false;
  LotId lot;
  absl::Time activation = absl::InfiniteFuture();
  absl::Time expiry = absl::InfiniteFuture();
};

struct PointsEarned {
  std::vector<AwardedPoints> awards;
  std::optional<OrderKey> order;
};

struct PointsActivated {
  std::string currency;
  int64_t amount = 0;
  std::vector<LotId> lots;
};

struct PointsHeld {
  HoldId hold;
  std::string currency;
  int64_t amount = 0;
  absl::Time end;
};

struct PointsCaptured {
  HoldId hold;
  std::string currency;
  int64_t captured = 0, released = 0;
};

struct PointsReleased {
  HoldId hold;
  std::string currency;
  int64_t amount = 0;
  bool timed_out = false;
};

struct PointsSpent {
  HoldId spend;
  std::string currency;
  int64_t amount = 0;
};

struct PointsReturned {
  HoldId spend;
  std::string currency;
  int64_t amount = 0, expired = 0;
};

struct ClawedBackPoints {
  std::string rule_id, currency;
  int64_t amount = 0, from_pending = 0, from_available = 0, debt = 0, forgiven = 0;
};

struct PointsClawedBack {
  std::vector<ClawedBackPoints> clawbacks;
  OrderKey order;
};

struct PointsExpired {
  std::string currency;
  int64_t amount = 0;
  std::vector<LotId> lots;
};

struct PointsExpiring {
  std::string currency;
  int64_t amount = 0;
  absl::Time expiry;
};

enum class TierCause : uint8_t { kPosting, kReturn, kReview, kMerge, kProgram };

struct TierChanged {
  std::string from_id, to_id;
  int16_t from_level = 0, to_level = 0;
  TierCause cause = TierCause::kPosting;
  int64_t qualifying_sum = 0;
};

// Something that happened to a member, with what he has after the decision.
struct MemberFact {
  BrandId brand;
  CustomerId root, side;
  int64_t member_seq = 0;
  TransactionId transaction;
  absl::Time time;
  std::vector<BalanceAfter> balances;
  std::variant<MemberEnrolled, PointsEarned, PointsActivated, PointsHeld, PointsCaptured, PointsReleased, PointsSpent,
               PointsReturned, PointsClawedBack, PointsExpired, PointsExpiring, TierChanged>
      what;
};

// Sums of a root over all brands of the group; additive, so that survivor + absorbed = after.
using RekeyedTotals = std::map<std::string, int64_t>;

struct Rekeyed {
  MergeId merge;
  std::string group;
  CustomerId survivor;
  absl::Time time;
  RekeyedTotals survivor_before, absorbed_before, survivor_after;
};

using Fact = std::variant<MemberFact, Rekeyed>;

// ---- reasons ----

enum class Reason : uint8_t {
  kFieldInvalid,
  kBrandUnknown,
  kCustomerUnknown,
  kNotEnrolled,
  kCurrencyUnknown,
  kCurrencyNotSpendable,
  kTierUnknown,
  kInsufficientPoints,
  kHoldUnknown,
  kHoldEnded,
  kHoldTooSmall,
  kSpendUnknown,
  kSpendTooSmall,
  kOrderUnknown,
  kOrderChanged,
  kOrderOfOther,
  kTooManyPieces,
  kTooMuchMoney,
  kAmountOverflow,
  kMergeUnknown,
  kProgramUnknown,
  kProgramInvalid,
  kProgramOther,
  kCurrencyFixed,
};

struct DomainTypes {
  using Command = membership::Command;
  using Reply = membership::Reply;
  using Fact = membership::Fact;
  using Reason = membership::Reason;
  using Need = membership::Need;
  using Tables = membership::Tables;
};
using Outcome = engine::Outcome<DomainTypes>;
using Done = engine::Done<Reply, Fact>;
using Refusal = engine::Refusal<Reason>;
using Wait = engine::Wait<Reason>;
using More = engine::More<Need>;

}  // namespace tessera::membership
