#include "services/oneid/store/prepare.h"

#include <re2/re2.h>

#include <utility>

#include "absl/strings/ascii.h"
#include "base/check.h"
#include "normalise/normalise.h"
#include "services/oneid/store/vault.h"

namespace tessera::oneid {
namespace {

std::optional<std::string> Normalised(const Namespace& ns, const std::string& value, const Brand& brand) {
  switch (ns.normaliser) {
    case Normaliser::kPhone:
      return normalise::Phone(value, brand.region);
    case Normaliser::kEmail:
      return normalise::Email(value, ns.fold_mail_providers);
    case Normaliser::kOpaque:
      return normalise::Opaque(value);
    case Normaliser::kCard:
      return normalise::Card(value);
  }
  return std::nullopt;
}

}  // namespace

CompiledConfig::CompiledConfig(GroupConfigPtr config) : config_(std::move(config)) {
  for (const Namespace& ns : config_->namespaces) {
    Rule& rule = rules_[ns.name];
    rule.ns = &ns;
    for (const std::string& value : ns.blocked_values) rule.blocked_values.insert(absl::AsciiStrToLower(value));
    for (const std::string& pattern : ns.blocked_patterns) {
      rule.blocked_patterns.push_back(std::make_unique<re2::RE2>(pattern, re2::RE2::Quiet));
    }
  }
}

CompiledConfig::~CompiledConfig() = default;

bool CompiledConfig::Blocked(const Rule& rule, const std::string& value) {
  if (rule.blocked_values.contains(absl::AsciiStrToLower(value))) return true;
  for (const auto& pattern : rule.blocked_patterns) {
    if (re2::RE2::PartialMatch(value, *pattern)) return true;
  }
  return false;
}

PreparedIdentifier CompiledConfig::Prepare(const RawIdentifier& raw, const Brand& brand, absl::Time time) const {
  PreparedIdentifier prepared;
  prepared.name = raw.name;
  auto at = rules_.find(raw.name);
  if (at == rules_.end()) {
    prepared.left_out = LeftOut::kNamespaceUnknown;
    return prepared;
  }
  const Rule& rule = at->second;
  prepared.ns = rule.ns;
  auto value = Normalised(*rule.ns, raw.value, brand);
  if (!value) {
    prepared.left_out = LeftOut::kInvalidValue;
    return prepared;
  }
  if (Blocked(rule, *value)) {
    prepared.left_out = LeftOut::kBlocked;
    return prepared;
  }
  auto scope = ScopeKey(*rule.ns, raw.scope, time, brand.zone);
  if (!scope) {
    prepared.left_out = LeftOut::kInvalidScope;
    return prepared;
  }
  prepared.scope = *std::move(scope);
  prepared.id = IdentifierIdOf(config_->id, prepared.name, prepared.scope, *value);
  prepared.value = *std::move(value);
  return prepared;
}

PreparedPtr PrepareEvent(const CompiledConfig& compiled, const ResolveEvent& event) {
  auto prepared = std::make_shared<Prepared>();
  prepared->config = compiled.config();
  const Brand* brand = prepared->config->FindBrand(event.key.brand);
  TESSERA_CHECK(brand != nullptr);
  for (const RawIdentifier& raw : event.identifiers) {
    prepared->identifiers.push_back(compiled.Prepare(raw, *brand, event.time));
  }
  if (event.opened) prepared->identifiers.push_back(compiled.Prepare(*event.opened, *brand, event.time));
  if (event.closed) prepared->closed = compiled.Prepare(*event.closed, *brand, event.time);
  return prepared;
}

}  // namespace tessera::oneid
