#include "services/oneid/domain/group_config.h"

#include <algorithm>
#include <cstring>

#include "absl/strings/str_cat.h"
#include "base/crypto.h"

namespace tessera::oneid {
namespace {

// One text for all fields, each with its length in front where it is free text.
void Append(std::string& out, const std::string& text) { absl::StrAppend(&out, text.size(), ":", text, ";"); }
void Append(std::string& out, int64_t number) { absl::StrAppend(&out, number, ";"); }

void Append(std::string& out, const Brand& brand) {
  for (const std::string& text : {brand.id.value, brand.time_zone, brand.region, brand.currency}) Append(out, text);
  Append(out, brand.version);
  Append(out, static_cast<int64_t>(brand.order_sources.size()));
  for (const auto& [source, shared] : brand.order_sources) {
    Append(out, source);
    Append(out, shared);
  }
}

void Append(std::string& out, const Namespace& ns) {
  Append(out, ns.name);
  for (const ScopePart part : ns.scope) Append(out, static_cast<int64_t>(part));
  for (const int64_t number :
       {ns.at_most, static_cast<int64_t>(ns.strength), int64_t{ns.rank}, static_cast<int64_t>(ns.transferable),
        ns.dormant_days, static_cast<int64_t>(ns.normaliser), static_cast<int64_t>(ns.fold_mail_providers),
        ns.velocity ? ns.velocity->customers : -1, ns.velocity ? ns.velocity->window_hours : -1,
        static_cast<int64_t>(ns.scope.size()), static_cast<int64_t>(ns.blocked_values.size()),
        static_cast<int64_t>(ns.blocked_patterns.size())}) {
    Append(out, number);
  }
  for (const std::string& value : ns.blocked_values) Append(out, value);
  for (const std::string& pattern : ns.blocked_patterns) Append(out, pattern);
}

}  // namespace

void Stamp(GroupConfig& config) {
  std::sort(config.brands.begin(), config.brands.end(), [](const Brand& a, const Brand& b) { return a.id < b.id; });
  std::sort(config.namespaces.begin(), config.namespaces.end(),
            [](const Namespace& a, const Namespace& b) { return a.rank < b.rank; });
  std::string text;
  Append(text, config.id.value);
  Append(text, config.version);
  Append(text, config.rule_version);
  for (const Brand& brand : config.brands) Append(text, brand);
  for (const Namespace& ns : config.namespaces) Append(text, ns);
  const std::string digest = Sha256(text);
  std::memcpy(&config.fingerprint, digest.data(), sizeof(config.fingerprint));
}

const Namespace* GroupConfig::FindNamespace(std::string_view name) const {
  for (const Namespace& ns : namespaces) {
    if (ns.name == name) return &ns;
  }
  return nullptr;
}

const Brand* GroupConfig::FindBrand(const BrandId& brand) const {
  for (const Brand& one : brands) {
    if (one.id == brand) return &one;
  }
  return nullptr;
}

}  // namespace tessera::oneid
