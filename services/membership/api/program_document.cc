#include "services/membership/api/program_document.h"

#include <google/protobuf/util/json_util.h>

#include "absl/strings/str_cat.h"
#include "base/check.h"

namespace tessera::membership::api {
namespace {

class Reader {
 public:
  explicit Reader(const v1::Program& from) : from_(from) {}

  Program Read() {
    to_.id = from_.program_id();
    for (int i = 0; i < from_.currencies_size(); ++i) {
      to_.currencies.push_back(ReadCurrency(from_.currencies(i), absl::StrCat("currencies[", i, "]")));
    }
    for (const v1::Tier& tier : from_.tiers()) to_.tiers.push_back({tier.tier_id(), tier.threshold()});
    if (from_.has_tier_policy()) to_.tier_policy = ReadTierPolicy(from_.tier_policy());
    for (int i = 0; i < from_.earning_rules_size(); ++i) {
      to_.rules.push_back(ReadRule(from_.earning_rules(i), absl::StrCat("earning_rules[", i, "]")));
    }
    for (int i = 0; i < from_.enrol_on_size(); ++i) {
      AddEvent(from_.enrol_on(i), absl::StrCat("enrol_on[", i, "]"), to_.enrol_on);
    }
    return std::move(to_);
  }

 private:
  void Mistake(const std::string& path, const char* reason, const char* message) {
    to_.read_mistakes.push_back({path, reason, message});
  }

  void Unknown(const std::string& path) { Mistake(path, "VALUE_UNKNOWN", "no such value"); }

  void AddEvent(const std::string& name, const std::string& path, EventTypes& events) {
    if (name == "any") {
      events.set();
    } else if (const auto type = EventTypeOf(name)) {
      events.set(static_cast<size_t>(*type));
    } else {
      Mistake(path, "EVENT_UNKNOWN", "no event has this name");
    }
  }

  Currency ReadCurrency(const v1::Currency& from, const std::string& path) {
    Currency to;
    to.name = from.name();
    switch (from.kind()) {
      case v1::Currency::KIND_POINTS:
        to.kind = CurrencyKind::kPoints;
        break;
      case v1::Currency::KIND_GROWTH:
        to.kind = CurrencyKind::kGrowth;
        break;
      case v1::Currency::KIND_GREEN:
        to.kind = CurrencyKind::kGreen;
        break;
      default:
        break;  // told as missing
    }
    to.expiry = ReadExpiry(from.expiry(), path + ".expiry");
    to.activation = ReadActivation(from.activation(), path + ".activation");
    to.negative = ReadNegative(from.negative(), path + ".negative");
    return to;
  }

  ExpiryPolicy ReadExpiry(const v1::ExpiryPolicy& from, const std::string& path) {
    using Kind = ExpiryPolicy::Kind;
    using RoundTo = ExpiryPolicy::RoundTo;
    ExpiryPolicy to;
    switch (from.kind()) {
      case v1::ExpiryPolicy::KIND_UNSPECIFIED:
      case v1::ExpiryPolicy::KIND_NONE:
        break;
      case v1::ExpiryPolicy::KIND_ROLLING:
        to.kind = Kind::kRolling;
        break;
      case v1::ExpiryPolicy::KIND_CALENDAR:
        to.kind = Kind::kCalendar;
        break;
      case v1::ExpiryPolicy::KIND_SLIDING:
        to.kind = Kind::kSliding;
        break;
      default:
        Unknown(path + ".kind");
    }
    switch (from.round_to()) {
      case v1::ExpiryPolicy::ROUND_TO_UNSPECIFIED:
        break;
      case v1::ExpiryPolicy::ROUND_TO_DAY:
        to.round_to = RoundTo::kDay;
        break;
      case v1::ExpiryPolicy::ROUND_TO_MONTH:
        to.round_to = RoundTo::kMonth;
        break;
      case v1::ExpiryPolicy::ROUND_TO_YEAR:
        to.round_to = RoundTo::kYear;
        break;
      default:
        Unknown(path + ".round_to");
    }
    to.days = from.days();
    to.months = from.months();
    for (const v1::MonthDay& date : from.dates()) to.dates.push_back({date.month(), date.day()});
    to.after_years = from.after_years();
    for (int i = 0; i < from.activities_size(); ++i) {
      AddEvent(from.activities(i), absl::StrCat(path, ".activities[", i, "]"), to.activities);
    }
    to.reinstate_days = from.reinstate_days();
    to.warn_days = from.warn_days();
    return to;
  }

  ActivationPolicy ReadActivation(const v1::ActivationPolicy& from, const std::string& path) {
    ActivationPolicy to;
    switch (from.kind()) {
      case v1::ActivationPolicy::KIND_UNSPECIFIED:
      case v1::ActivationPolicy::KIND_AT_ONCE:
        break;
      case v1::ActivationPolicy::KIND_AFTER_DAYS:
        to.kind = ActivationPolicy::Kind::kAfterDays;
        break;
      case v1::ActivationPolicy::KIND_ON_ORDER_COMPLETED:
        to.kind = ActivationPolicy::Kind::kOnOrderCompleted;
        break;
      default:
        Unknown(path + ".kind");
    }
    to.days = from.days();
    return to;
  }

  NegativePolicy ReadNegative(const v1::NegativePolicy& from, const std::string& path) {
    using Kind = NegativePolicy::Kind;
    NegativePolicy to;
    switch (from.kind()) {
      case v1::NegativePolicy::KIND_UNSPECIFIED:
      case v1::NegativePolicy::KIND_WITHIN_BALANCE:
        break;
      case v1::NegativePolicy::KIND_PENDING_ONLY:
        to.kind = Kind::kPendingOnly;
        break;
      case v1::NegativePolicy::KIND_NEGATIVE_TO:
        to.kind = Kind::kNegativeTo;
        break;
      case v1::NegativePolicy::KIND_DEBT:
        to.kind = Kind::kDebt;
        break;
      default:
        Unknown(path + ".kind");
    }
    to.limit = from.limit();
    return to;
  }

  TierPolicy ReadTierPolicy(const v1::TierPolicy& from) {
    using Window = TierPolicy::Window;
    using Downgrade = TierPolicy::Downgrade;
    TierPolicy to;
    to.currency_name = from.qualifying_currency();
    switch (from.window()) {
      case v1::TierPolicy::WINDOW_LIFETIME:
        to.window = Window::kLifetime;
        break;
      case v1::TierPolicy::WINDOW_ROLLING:
        to.window = Window::kRolling;
        break;
      case v1::TierPolicy::WINDOW_CALENDAR_YEAR:
        to.window = Window::kCalendarYear;
        break;
      case v1::TierPolicy::WINDOW_ANNIVERSARY:
        to.window = Window::kAnniversary;
        break;
      default:
        break;  // told as missing
    }
    switch (from.downgrade()) {
      case v1::TierPolicy::DOWNGRADE_NONE:
        to.downgrade = Downgrade::kNone;
        break;
      case v1::TierPolicy::DOWNGRADE_ONE_STEP:
        to.downgrade = Downgrade::kOneStep;
        break;
      case v1::TierPolicy::DOWNGRADE_BY_BALANCE:
        to.downgrade = Downgrade::kByBalance;
        break;
      default:
        break;  // told as missing
    }
    switch (from.on_return()) {
      case v1::TierPolicy::ON_RETURN_UNSPECIFIED:
      case v1::TierPolicy::ON_RETURN_KEEP:
        break;
      case v1::TierPolicy::ON_RETURN_AT_ONCE:
        to.on_return = TierPolicy::OnReturn::kAtOnce;
        break;
      default:
        Unknown("tier_policy.on_return");
    }
    to.months = from.months();
    to.grace_days = from.grace_days();
    to.hold_months = from.hold_months();
    return to;
  }

  EarningRule ReadRule(const v1::EarningRule& from, const std::string& path) {
    EarningRule to;
    to.id = from.rule_id();
    to.trigger_name = from.trigger();
    to.trigger = EventTypeOf(from.trigger()).value_or(EventType::kOrderPaid);
    to.has_filter = !from.filter().empty();
    to.base = ReadBase(from.base(), path + ".base");
    to.points = from.points();
    to.per = from.per();
    switch (from.rounding()) {
      case v1::EarningRule::ROUNDING_UNSPECIFIED:
      case v1::EarningRule::ROUNDING_FLOOR:
        break;
      case v1::EarningRule::ROUNDING_HALF_UP:
        to.rounding = EarningRule::Rounding::kHalfUp;
        break;
      case v1::EarningRule::ROUNDING_CEIL:
        to.rounding = EarningRule::Rounding::kCeil;
        break;
      default:
        Unknown(path + ".rounding");
    }
    to.currency_name = from.currency();
    if (from.has_activation()) to.activation = ReadActivation(from.activation(), path + ".activation");
    to.include_points_paid = from.include_points_paid();
    to.excluded_codes.insert(from.excluded_codes().begin(), from.excluded_codes().end());
    to.excluded_categories.insert(from.excluded_categories().begin(), from.excluded_categories().end());
    to.excluded_tags.insert(from.excluded_tags().begin(), from.excluded_tags().end());
    return to;
  }

  EarningRule::Base ReadBase(v1::EarningRule::Base from, const std::string& path) {
    switch (from) {
      case v1::EarningRule::BASE_UNSPECIFIED:
      case v1::EarningRule::BASE_GOODS_PAID:
        return EarningRule::Base::kGoodsPaid;
      case v1::EarningRule::BASE_GOODS_LIST:
        return EarningRule::Base::kGoodsList;
      case v1::EarningRule::BASE_ORDER_PAID:
        return EarningRule::Base::kOrderPaid;
      case v1::EarningRule::BASE_QUANTITY:
        return EarningRule::Base::kQuantity;
      case v1::EarningRule::BASE_FIXED:
        return EarningRule::Base::kFixed;
      default:
        Unknown(path);
        return EarningRule::Base::kGoodsPaid;
    }
  }

  const v1::Program& from_;
  Program to_;
};

}  // namespace

Program FromProto(const v1::Program& document) { return Reader(document).Read(); }

std::string ToDocument(const v1::Program& document) {
  google::protobuf::util::JsonPrintOptions options;
  options.preserve_proto_field_names = true;
  std::string json;
  TESSERA_CHECK(google::protobuf::util::MessageToJsonString(document, &json, options).ok());
  return json;
}

v1::Program ProtoOf(const std::string& document) {
  v1::Program proto;
  google::protobuf::util::JsonParseOptions options;
  options.ignore_unknown_fields = true;  // an older binary reads what a newer one stored
  TESSERA_CHECK(google::protobuf::util::JsonStringToMessage(document, &proto, options).ok());
  return proto;
}

Program FromDocument(const std::string& document) { return FromProto(ProtoOf(document)); }

}  // namespace tessera::membership::api
