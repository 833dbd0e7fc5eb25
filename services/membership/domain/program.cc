#include "services/membership/domain/program.h"

#include <algorithm>

#include "base/check.h"

namespace tessera::membership {
namespace {

int16_t NumberOf(std::vector<std::string>& names, const std::string& name) {
  auto at = std::find(names.begin(), names.end(), name);
  if (at == names.end()) at = names.insert(names.end(), name);
  return static_cast<int16_t>(at - names.begin() + 1);
}

}  // namespace

const Currency* Program::FindCurrency(CurrencyNo number) const {
  for (const Currency& currency : currencies) {
    if (currency.number == number) return &currency;
  }
  return nullptr;
}

const Currency* Program::FindCurrency(std::string_view name) const {
  for (const Currency& currency : currencies) {
    if (currency.name == name) return &currency;
  }
  return nullptr;
}

const EarningRule* Program::FindRule(RuleNo number) const {
  for (const EarningRule& rule : rules) {
    if (rule.number == number) return &rule;
  }
  return nullptr;
}

int16_t Program::LevelOf(int64_t qualifying_sum) const {
  if (tiers.empty()) return 0;
  int16_t level = 1;
  while (level < static_cast<int16_t>(tiers.size()) && tiers[static_cast<size_t>(level)].threshold <= qualifying_sum) {
    ++level;
  }
  return level;
}

std::string_view Program::TierIdOf(int16_t level) const {
  if (level < 1 || level > static_cast<int16_t>(tiers.size())) return "";
  return tiers[static_cast<size_t>(level - 1)].id;
}

void AssignNumbers(Program& program, NumberedNames& names) {
  for (Currency& currency : program.currencies) currency.number = NumberOf(names.currencies, currency.name);
  for (EarningRule& rule : program.rules) {
    rule.number = NumberOf(names.rules, rule.id);
    const Currency* currency = program.FindCurrency(rule.currency_name);
    TESSERA_CHECK(currency != nullptr);
    rule.currency = currency->number;
  }
  if (program.tier_policy) {
    const Currency* currency = program.FindCurrency(program.tier_policy->currency_name);
    TESSERA_CHECK(currency != nullptr);
    program.tier_policy->currency = currency->number;
  }
}

}  // namespace tessera::membership
