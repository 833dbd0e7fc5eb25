// What a program document must fulfil.
#include <algorithm>
#include <set>

#include "absl/strings/str_cat.h"
#include "services/membership/domain/program.h"

namespace tessera::membership {
namespace {

constexpr int32_t kDaysMax = 36'500;
constexpr int32_t kMonthsMax = 1'200;
constexpr size_t kCurrenciesMax = 8, kTiersMax = 10, kRulesMax = 200, kExcludedMax = 10'000;

bool IsName(const std::string& text, char also) {
  if (text.empty() || text.size() > 40) return false;
  return std::all_of(text.begin(), text.end(), [also](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == also;
  });
}

class Check {
 public:
  explicit Check(const Program& program) : program_(program) {}

  std::vector<ProgramMistake> Run() {
    if (!IsName(program_.id, '-')) Add("program_id", "NAME_INVALID", "lower-case letters, digits and hyphens, 1 to 40");
    Currencies();
    Tiers();
    if (program_.tier_policy) Policy(*program_.tier_policy);
    Rules();
    mistakes_.insert(mistakes_.end(), program_.read_mistakes.begin(), program_.read_mistakes.end());
    return std::move(mistakes_);
  }

 private:
  void Add(const std::string& path, const char* reason, const std::string& message) {
    mistakes_.push_back({path, reason, message});
  }

  void Range(const std::string& path, int64_t value, int64_t least, int64_t most) {
    if (value >= least && value <= most) return;
    Add(path, "OUT_OF_RANGE", absl::StrCat("must be ", least, " to ", most));
  }

  void Currencies() {
    if (program_.currencies.empty() || program_.currencies.size() > kCurrenciesMax) {
      Add("currencies", "OUT_OF_RANGE", absl::StrCat("must be 1 to ", kCurrenciesMax));
    }
    std::set<std::string> names;
    for (size_t i = 0; i < program_.currencies.size(); ++i) {
      const Currency& currency = program_.currencies[i];
      const std::string path = absl::StrCat("currencies[", i, "]");
      if (!IsName(currency.name, '_')) {
        Add(path + ".name", "NAME_INVALID", "lower-case letters, digits and underscores, 1 to 40");
      }
      if (!names.insert(currency.name).second) Add(path + ".name", "NAME_TWICE", "another currency has this name");
      if (currency.kind == CurrencyKind::kUnspecified) Add(path + ".kind", "REQUIRED", "must be told");
      Expiry(path + ".expiry", currency);
      Activation(path + ".activation", currency.activation);
      Negative(path + ".negative", currency);
    }
  }

  // What a document says must take effect; what would be taken in silence is a mistake of its author.
  void Unused(const std::string& path, bool is_set, const char* message) {
    if (is_set) Add(path, "NOT_ALLOWED", message);
  }

  void Expiry(const std::string& path, const Currency& currency) {
    using Kind = ExpiryPolicy::Kind;
    const ExpiryPolicy& expiry = currency.expiry;
    const bool never = expiry.kind == Kind::kNone, slides = currency.slides();
    if (!never && !currency.has_lots()) return Add(path + ".kind", "NOT_ALLOWED", "growth value never expires");
    if (slides || expiry.kind == Kind::kRolling) {
      if ((expiry.days == 0) == (expiry.months == 0)) Add(path, "ONE_OF", "either days or months");
      Range(path + ".days", expiry.days, 0, kDaysMax);
      Range(path + ".months", expiry.months, 0, kMonthsMax);
    } else {
      const char* const only = "only with ROLLING and SLIDING";
      Unused(path + ".days", expiry.days != 0, only);
      Unused(path + ".months", expiry.months != 0, only);
      Unused(path + ".round_to", expiry.round_to != ExpiryPolicy::RoundTo::kNo, only);
    }
    if (expiry.kind == Kind::kCalendar) {
      Calendar(path, expiry);
    } else {
      Unused(path + ".dates", !expiry.dates.empty(), "only with CALENDAR");
      Unused(path + ".after_years", expiry.after_years != 0, "only with CALENDAR");
    }
    Unused(path + ".activities", !slides && expiry.activities.any(), "only with SLIDING");
    if (never) {
      Unused(path + ".reinstate_days", expiry.reinstate_days != 0, "not with NONE");
    } else {
      Range(path + ".reinstate_days", expiry.reinstate_days, 0, kDaysMax);
    }
    if (never || slides) {
      Unused(path + ".warn_days", expiry.warn_days != 0, "only with ROLLING and CALENDAR");
    } else {
      Range(path + ".warn_days", expiry.warn_days, 0, 366);
    }
  }

  void Negative(const std::string& path, const Currency& currency) {
    using Kind = NegativePolicy::Kind;
    const NegativePolicy& negative = currency.negative;
    // Growth value is taken back as a whole: it may be below 0, and is never owed.
    Unused(path + ".kind", !currency.has_lots() && negative.kind != Kind::kWithinBalance, "not with growth value");
    if (negative.kind == Kind::kNegativeTo) {
      Range(path + ".limit", negative.limit, 1, INT64_MAX);
    } else {
      Unused(path + ".limit", negative.limit != 0, "only with NEGATIVE_TO");
    }
  }

  void Calendar(const std::string& path, const ExpiryPolicy& expiry) {
    if (expiry.dates.empty() || expiry.dates.size() > 12) Add(path + ".dates", "OUT_OF_RANGE", "must be 1 to 12");
    for (size_t i = 0; i < expiry.dates.size(); ++i) {
      const std::string at = absl::StrCat(path, ".dates[", i, "]");
      Range(at + ".month", expiry.dates[i].month, 1, 12);
      Range(at + ".day", expiry.dates[i].day, 1, 31);
    }
    Range(path + ".after_years", expiry.after_years, 0, 100);
  }

  void Activation(const std::string& path, const ActivationPolicy& activation) {
    if (activation.kind == ActivationPolicy::Kind::kAtOnce) {
      Unused(path + ".days", activation.days != 0, "not with AT_ONCE");
    } else {
      Range(path + ".days", activation.days, 1, kDaysMax);
    }
  }

  void Tiers() {
    if (program_.tiers.size() > kTiersMax) Add("tiers", "OUT_OF_RANGE", absl::StrCat("at most ", kTiersMax));
    std::set<std::string> ids;
    for (size_t i = 0; i < program_.tiers.size(); ++i) {
      const std::string path = absl::StrCat("tiers[", i, "]");
      const Tier& tier = program_.tiers[i];
      if (tier.id.empty() || tier.id.size() > 40) Add(path + ".tier_id", "NAME_INVALID", "1 to 40 bytes");
      if (!ids.insert(tier.id).second) Add(path + ".tier_id", "NAME_TWICE", "another tier has this name");
      if (i == 0 && tier.threshold != 0) Add(path + ".threshold", "OUT_OF_RANGE", "the first tier's must be 0");
      if (i > 0 && tier.threshold <= program_.tiers[i - 1].threshold) {
        Add(path + ".threshold", "OUT_OF_RANGE", "must be above that of the tier before");
      }
    }
    if (program_.tiers.empty() == program_.tier_policy.has_value()) {
      Add("tier_policy", "REQUIRED", "tiers and tier_policy need each other");
    }
  }

  void Policy(const TierPolicy& policy) {
    if (program_.FindCurrency(policy.currency_name) == nullptr) {
      Add("tier_policy.qualifying_currency", "CURRENCY_UNKNOWN", "no currency has this name");
    } else if (program_.FindCurrency(policy.currency_name)->kind != CurrencyKind::kGrowth) {
      Add("tier_policy.qualifying_currency", "NOT_ALLOWED", "must be of kind GROWTH: spending never lowers a tier");
    }
    if (policy.window == TierPolicy::Window::kUnspecified) Add("tier_policy.window", "REQUIRED", "must be told");
    if (policy.window == TierPolicy::Window::kRolling) {
      Range("tier_policy.months", policy.months, 1, 120);
    } else if (policy.months != 0) {
      Add("tier_policy.months", "NOT_ALLOWED", "only with ROLLING");
    }
    if (policy.downgrade == TierPolicy::Downgrade::kUnspecified) {
      Add("tier_policy.downgrade", "REQUIRED", "must be told");
    }
    if (policy.downgrade == TierPolicy::Downgrade::kNone) {
      Unused("tier_policy.grace_days", policy.grace_days != 0, "not with downgrade NONE");
      Unused("tier_policy.hold_months", policy.hold_months != 0, "not with downgrade NONE");
    } else {
      Range("tier_policy.grace_days", policy.grace_days, 0, 366);
      Range("tier_policy.hold_months", policy.hold_months, 0, 120);
    }
  }

  void Rules() {
    if (program_.rules.size() > kRulesMax) Add("earning_rules", "OUT_OF_RANGE", absl::StrCat("at most ", kRulesMax));
    std::set<std::string> ids;
    for (size_t i = 0; i < program_.rules.size(); ++i) {
      const std::string path = absl::StrCat("earning_rules[", i, "]");
      const EarningRule& rule = program_.rules[i];
      if (!IsName(rule.id, '-')) {
        Add(path + ".rule_id", "NAME_INVALID", "lower-case letters, digits, underscores and hyphens, 1 to 40");
      }
      if (!ids.insert(rule.id).second) Add(path + ".rule_id", "NAME_TWICE", "another rule has this name");
      Rule(path, rule);
    }
  }

  void Rule(const std::string& path, const EarningRule& rule) {
    const auto trigger = EventTypeOf(rule.trigger_name);
    if (!trigger || *trigger == EventType::kOrderRefunded) {
      Add(path + ".trigger", "EVENT_UNKNOWN", "no event that earns has this name");
    }
    if (rule.has_filter) Add(path + ".filter", "FILTER_UNSUPPORTED", "conditions do not exist yet");
    const bool fixed = rule.base == EarningRule::Base::kFixed;
    const bool of_order = trigger == EventType::kOrderPaid || trigger == EventType::kOrderCompleted;
    if (!fixed && !of_order) Add(path + ".base", "NOT_ALLOWED", "only order.paid and order.completed have lines");
    Range(path + ".points", rule.points, 1, 1'000'000'000'000);
    Range(path + ".per", rule.per, fixed ? 0 : 1, fixed ? 0 : 1'000'000'000'000);
    Unused(path + ".rounding", fixed && rule.rounding != EarningRule::Rounding::kFloor, "not with FIXED");
    if (program_.FindCurrency(rule.currency_name) == nullptr) {
      Add(path + ".currency", "CURRENCY_UNKNOWN", "no currency has this name");
    }
    if (rule.activation) {
      const bool awaits_order = rule.activation->kind == ActivationPolicy::Kind::kOnOrderCompleted;
      Unused(path + ".activation.kind", awaits_order && !of_order, "only order.paid and order.completed have an order");
      Activation(path + ".activation", *rule.activation);
    }
    if (rule.include_points_paid && rule.base != EarningRule::Base::kGoodsPaid &&
        rule.base != EarningRule::Base::kOrderPaid) {
      Add(path + ".include_points_paid", "NOT_ALLOWED", "only with a base of money paid");
    }
    Excluded(path, rule, of_order);
  }

  void Excluded(const std::string& path, const EarningRule& rule, bool of_order) {
    const char* const only = "only order.paid and order.completed have lines";
    Unused(path + ".excluded_codes", !of_order && !rule.excluded_codes.empty(), only);
    Unused(path + ".excluded_categories", !of_order && !rule.excluded_categories.empty(), only);
    Unused(path + ".excluded_tags", !of_order && !rule.excluded_tags.empty(), only);
    const size_t excluded = rule.excluded_codes.size() + rule.excluded_categories.size() + rule.excluded_tags.size();
    if (excluded > kExcludedMax) Add(path, "OUT_OF_RANGE", absl::StrCat("at most ", kExcludedMax, " exclusions"));
  }

  const Program& program_;
  std::vector<ProgramMistake> mistakes_;
};

}  // namespace

std::vector<ProgramMistake> ValidateProgram(const Program& program) { return Check(program).Run(); }

}  // namespace tessera::membership
