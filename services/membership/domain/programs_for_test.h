// Programs and orders that the domain's tests speak of.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "services/membership/domain/program.h"
#include "services/membership/domain/rows.h"

namespace tessera::membership {

inline EventTypes AnyEvent() { return EventTypes().set(); }

inline EarningRule RuleFor(const std::string& currency, EventType trigger = EventType::kOrderPaid) {
  EarningRule rule;
  rule.id = currency + "_per_pound";
  rule.trigger_name = NameOf(trigger);
  rule.trigger = trigger;
  rule.points = 1;
  rule.per = 100;
  rule.currency_name = currency;
  return rule;
}

// replay.md point 8: one point and one growth per whole pound of goods, lifetime growth 0/200/500/2,000/5,000.
inline Program PetProgram() {
  Program program;
  program.id = "pet";
  Currency points = {"points", CurrencyKind::kPoints};
  points.negative.kind = NegativePolicy::Kind::kDebt;
  Currency growth = {"growth", CurrencyKind::kGrowth};
  program.currencies = {points, growth};
  program.tiers = {{"V1", 0}, {"V2", 200}, {"V3", 500}, {"V4", 2000}, {"V5", 5000}};
  TierPolicy policy;
  policy.currency_name = "growth";
  policy.window = TierPolicy::Window::kLifetime;
  policy.downgrade = TierPolicy::Downgrade::kByBalance;
  policy.on_return = TierPolicy::OnReturn::kAtOnce;
  program.tier_policy = policy;
  program.rules = {RuleFor("points"), RuleFor("growth")};
  program.enrol_on = AnyEvent();
  return program;
}

// An order of lines (pieces, amount paid in minor units).
inline Purchase Lines(const std::vector<std::pair<int64_t, int64_t>>& lines) {
  Purchase purchase;
  for (const auto& [quantity, paid] : lines) {
    OrderLine line;
    line.code = "item" + std::to_string(purchase.lines.size());
    line.quantity = quantity;
    line.list_minor = line.paid_minor = paid;
    purchase.lines.push_back(line);
  }
  return purchase;
}

}  // namespace tessera::membership
