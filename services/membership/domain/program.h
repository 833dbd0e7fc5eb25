// A program as decisions use it: the validated, immutable form of one stored version. Thread-safe once built.
#pragma once

#include <bitset>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "absl/time/time.h"
#include "services/membership/domain/event_type.h"
#include "services/membership/domain/keys.h"

namespace tessera::membership {

using EventTypes = std::bitset<kEventTypeCount>;

enum class CurrencyKind : uint8_t { kUnspecified, kPoints, kGrowth, kGreen };

struct MonthDay {
  int32_t month = 0;
  int32_t day = 0;
};

struct ExpiryPolicy {
  enum class Kind : uint8_t { kNone, kRolling, kCalendar, kSliding };
  enum class RoundTo : uint8_t { kNo, kDay, kMonth, kYear };
  Kind kind = Kind::kNone;
  int32_t days = 0;
  int32_t months = 0;
  RoundTo round_to = RoundTo::kNo;
  std::vector<MonthDay> dates{};
  int32_t after_years = 0;
  EventTypes activities{};
  int32_t reinstate_days = 0;
  int32_t warn_days = 0;
};

struct ActivationPolicy {
  enum class Kind : uint8_t { kAtOnce, kAfterDays, kOnOrderCompleted };
  Kind kind = Kind::kAtOnce;
  int32_t days = 0;
};

struct NegativePolicy {
  enum class Kind : uint8_t { kPendingOnly, kWithinBalance, kNegativeTo, kDebt };
  Kind kind = Kind::kWithinBalance;
  int64_t limit = 0;
};

struct Currency {
  std::string name;
  CurrencyKind kind = CurrencyKind::kUnspecified;
  ExpiryPolicy expiry{};
  ActivationPolicy activation{};
  NegativePolicy negative{};
  CurrencyNo number = 0;

  // Only what can be spent or expire is kept in lots; growth only while it is pending.
  bool has_lots() const { return kind != CurrencyKind::kGrowth; }
  bool slides() const { return expiry.kind == ExpiryPolicy::Kind::kSliding; }
};

struct Tier {
  std::string id;
  int64_t threshold = 0;
};

struct TierPolicy {
  enum class Window : uint8_t { kUnspecified, kLifetime, kRolling, kCalendarYear, kAnniversary };
  enum class Downgrade : uint8_t { kUnspecified, kNone, kOneStep, kByBalance };
  enum class OnReturn : uint8_t { kKeep, kAtOnce };
  std::string currency_name;
  CurrencyNo currency = 0;
  Window window = Window::kUnspecified;
  int32_t months = 0;
  Downgrade downgrade = Downgrade::kUnspecified;
  int32_t grace_days = 0;
  int32_t hold_months = 0;
  OnReturn on_return = OnReturn::kKeep;
};

struct EarningRule {
  enum class Base : uint8_t { kGoodsPaid, kGoodsList, kOrderPaid, kQuantity, kFixed };
  enum class Rounding : uint8_t { kFloor, kHalfUp, kCeil };
  std::string id;
  RuleNo number = 0;
  std::string trigger_name;
  EventType trigger = EventType::kOrderPaid;
  bool has_filter = false;
  Base base = Base::kGoodsPaid;
  int64_t points = 0;
  int64_t per = 0;
  Rounding rounding = Rounding::kFloor;
  std::string currency_name;
  CurrencyNo currency = 0;
  std::optional<ActivationPolicy> activation{};
  bool include_points_paid = false;
  absl::flat_hash_set<std::string> excluded_codes{};
  absl::flat_hash_set<std::string> excluded_categories{};
  absl::flat_hash_set<std::string> excluded_tags{};
};

// A mistake in a document.
struct ProgramMistake {
  std::string path;     // "earning_rules[0].currency"
  std::string reason;   // UPPER_SNAKE
  std::string message;  // for a person

  bool operator==(const ProgramMistake&) const = default;
};

struct Program {
  std::string id;
  std::vector<Currency> currencies{};
  std::vector<Tier> tiers{};  // by rising threshold; level n is tiers[n - 1]
  std::optional<TierPolicy> tier_policy{};
  std::vector<EarningRule> rules{};
  EventTypes enrol_on{};
  std::vector<ProgramMistake> read_mistakes{};  // what the document has that no program can have

  // Null if this version has no such currency.
  const Currency* FindCurrency(CurrencyNo number) const;
  const Currency* FindCurrency(std::string_view name) const;
  const EarningRule* FindRule(RuleNo number) const;

  // The level of a qualifying sum, 1 for the lowest; 0 without tiers.
  int16_t LevelOf(int64_t qualifying_sum) const;
  // The stable name of a level; "" for 0 or a level that this version lacks.
  std::string_view TierIdOf(int16_t level) const;
  // Tiers are judged by sums of days, not by all that was ever earned.
  bool windowed() const { return tier_policy && tier_policy->window != TierPolicy::Window::kLifetime; }
};

// Every mistake, in the order of the document.
std::vector<ProgramMistake> ValidateProgram(const Program& program);

// Names in the order of their numbers, of all versions of a brand: what a version adds comes at the end.
struct NumberedNames {
  std::vector<std::string> currencies, rules;

  bool operator==(const NumberedNames&) const = default;
};

// Gives the program's currencies and rules their numbers, appending the names that are new.
void AssignNumbers(Program& program, NumberedNames& names);

}  // namespace tessera::membership
