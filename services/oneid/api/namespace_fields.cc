#include "services/oneid/api/namespace_fields.h"

#include <re2/re2.h>

#include <algorithm>
#include <map>
#include <set>
#include <string>

#include "absl/strings/str_cat.h"
#include "base/strings.h"
#include "base/time_zone.h"
#include "normalise/normalise.h"
#include "services/oneid/api/currencies.h"
#include "services/oneid/api/fields.h"

namespace tessera::oneid {
namespace {

constexpr size_t kNameBytesMax = 40;
constexpr size_t kBlockedBytesMax = 500;
constexpr int64_t kAtMostMax = 1'000;
constexpr int64_t kDaysMax = 36'500;
constexpr size_t kSourceBytesMax = 256;
constexpr size_t kSourcesMax = 1'000;

bool IsName(std::string_view text) {
  if (text.empty() || text.size() > kNameBytesMax || text[0] < 'a' || text[0] > 'z') return false;
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_'; });
}

absl::Status SetScope(const v1::Namespace& message, Namespace& ns) {
  std::set<int> seen;
  for (const int part : message.scope()) {
    if (part < v1::SCOPE_PART_SHOP || part > v1::SCOPE_PART_WEEK || !seen.insert(part).second) {
      return InvalidField("namespace.scope", "must be different parts of those that are declared");
    }
    ns.scope.push_back(static_cast<ScopePart>(part));
  }
  return absl::OkStatus();
}

absl::Status SetBlocked(const v1::Namespace& message, Namespace& ns) {
  if (!message.has_blocked()) {
    ns.blocked_values = DefaultBlockedValues(ns.normaliser);
    ns.blocked_patterns = DefaultBlockedPatterns(ns.normaliser);
    return absl::OkStatus();
  }
  const auto& blocked = message.blocked();
  if (static_cast<size_t>(blocked.values_size()) + static_cast<size_t>(blocked.patterns_size()) > kBlockedMax) {
    return InvalidField("namespace.blocked", "has more than 500 entries");
  }
  for (const std::string& value : blocked.values()) {
    if (value.size() > kBlockedBytesMax || value.find('\0') != std::string::npos) {
      return InvalidField("namespace.blocked.values", "must be text of at most 500 bytes");
    }
    ns.blocked_values.push_back(value);
  }
  for (int i = 0; i < blocked.patterns_size(); ++i) {
    const std::string& pattern = blocked.patterns(i);
    const re2::RE2 compiled(pattern, re2::RE2::Quiet);
    if (pattern.size() > kBlockedBytesMax || pattern.find('\0') != std::string::npos || !compiled.ok()) {
      return InvalidField(absl::StrCat("namespace.blocked.patterns[", i, "]"),
                          "is no RE2 pattern of at most 500 bytes");
    }
    ns.blocked_patterns.push_back(pattern);
  }
  return absl::OkStatus();
}

absl::Status SetVelocity(const v1::Namespace& message, Namespace& ns) {
  if (!message.has_velocity()) return absl::OkStatus();
  const auto& limit = message.velocity();
  if (limit.customers() < 1 || limit.customers() > kAtMostMax) {
    return InvalidField("namespace.velocity.customers", "must be 1 to 1,000");
  }
  if (limit.window_hours() < 0 || limit.window_hours() > kDaysMax * 24) {
    return InvalidField("namespace.velocity.window_hours", "must be 0 (ever) to 876,000");
  }
  ns.velocity = VelocityLimit{limit.customers(), limit.window_hours()};
  return absl::OkStatus();
}

// Only phones pass on by evidence, as only of them a channel states that they are verified.
bool PassesByEvidence(const Namespace& ns) { return ns.transferable && ns.normaliser == Normaliser::kPhone; }

absl::Status SetTransfer(const v1::Namespace& message, Namespace& ns) {
  ns.transferable = message.transferable();
  if (ns.transferable && ns.strength == Strength::kTransaction) {
    return InvalidField("namespace.transferable", "has no effect on an identifier of transactions, which nobody owns");
  }
  if (ns.transferable) ns.dormant_days = kDefaultDormantDays;
  if (!message.has_dormant_days()) return absl::OkStatus();
  if (!PassesByEvidence(ns)) {
    return InvalidField("namespace.dormant_days", "has an effect only on transferable phones");
  }
  if (message.dormant_days() < 0 || message.dormant_days() > kDaysMax) {
    return InvalidField("namespace.dormant_days", "must be 0 (never) to 36,500");
  }
  ns.dormant_days = message.dormant_days();
  return absl::OkStatus();
}

absl::Status CheckEnums(const v1::Namespace& message) {
  if (message.strength() < v1::STRENGTH_STRONG || message.strength() > v1::STRENGTH_TRANSACTION) {
    return InvalidField("namespace.strength", "must be declared");
  }
  if (message.normaliser() < v1::NORMALISER_PHONE || message.normaliser() > v1::NORMALISER_CARD) {
    return InvalidField("namespace.normaliser", "must be declared");
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<Namespace> NamespaceOf(const v1::Namespace& message) {
  TESSERA_RETURN_IF_ERROR(CheckEnums(message));
  if (!IsName(message.name())) {
    return InvalidField("namespace.name", "must be lower snake case of at most 40 characters");
  }
  if (message.rank() < 1) return InvalidField("namespace.rank", "must be at least 1");
  if (message.at_most() < 0 || message.at_most() > kAtMostMax) {
    return InvalidField("namespace.at_most", "must be 0 (no limit of its own) to 1,000");
  }
  if (message.fold_mail_providers() && message.normaliser() != v1::NORMALISER_EMAIL) {
    return InvalidField("namespace.fold_mail_providers", "has an effect only with NORMALISER_EMAIL");
  }
  Namespace ns;
  ns.name = message.name();
  ns.at_most = message.at_most();
  ns.strength = static_cast<Strength>(message.strength());
  ns.rank = message.rank();
  ns.normaliser = static_cast<Normaliser>(message.normaliser());
  ns.fold_mail_providers = message.fold_mail_providers();
  TESSERA_RETURN_IF_ERROR(SetTransfer(message, ns));
  TESSERA_RETURN_IF_ERROR(SetScope(message, ns));
  TESSERA_RETURN_IF_ERROR(SetBlocked(message, ns));
  TESSERA_RETURN_IF_ERROR(SetVelocity(message, ns));
  return ns;
}

v1::Namespace ToProto(const Namespace& ns) {
  v1::Namespace message;
  message.set_name(ns.name);
  for (const ScopePart part : ns.scope) message.add_scope(static_cast<v1::ScopePart>(part));
  message.set_at_most(ns.at_most);
  message.set_strength(static_cast<v1::Strength>(ns.strength));
  message.set_rank(ns.rank);
  message.set_transferable(ns.transferable);
  if (PassesByEvidence(ns)) message.set_dormant_days(ns.dormant_days);
  message.set_normaliser(static_cast<v1::Normaliser>(ns.normaliser));
  for (const std::string& value : ns.blocked_values) message.mutable_blocked()->add_values(value);
  for (const std::string& pattern : ns.blocked_patterns) message.mutable_blocked()->add_patterns(pattern);
  message.mutable_blocked();  // there, even if empty: it is the whole list
  if (ns.velocity) {
    message.mutable_velocity()->set_customers(ns.velocity->customers);
    message.mutable_velocity()->set_window_hours(ns.velocity->window_hours);
  }
  message.set_fold_mail_providers(ns.fold_mail_providers);
  return message;
}

absl::StatusOr<Brand> BrandOf(const v1::BrandSettings& message, std::string_view path) {
  auto at = [&](const char* field) { return absl::StrCat(ToAbsl(path), ".", field); };
  Brand brand;
  TESSERA_ASSIGN_OR_RETURN(brand.id, BrandField(message.brand_id(), at("brand_id")));
  const auto zone = FindTimeZone(message.time_zone());
  if (!zone) return InvalidField(at("time_zone"), "is no IANA time zone, such as Asia/Shanghai");
  brand.zone = *zone;
  brand.time_zone = message.time_zone();
  if (!normalise::IsPhoneRegion(message.region())) {
    return InvalidField(at("region"), "must be a CLDR region that has telephone numbers, such as CN");
  }
  brand.region = message.region();
  if (!IsCurrency(message.currency())) {
    return InvalidField(at("currency"), "must be the ISO 4217 code of money in circulation, such as CNY");
  }
  brand.currency = message.currency();
  for (int i = 0; i < message.order_sources_size(); ++i) {
    const auto& shared = message.order_sources(i);
    const std::string field = absl::StrCat(at("order_sources"), "[", i, "]");
    auto bad = [](const std::string& text) {
      return text.empty() || text.size() > kSourceBytesMax || text.find('\0') != std::string::npos;
    };
    if (bad(shared.name())) return InvalidField(field + ".name", "must be text of 1 to 256 bytes");
    for (const std::string& source : shared.sources()) {
      if (bad(source)) return InvalidField(field + ".sources", "must be texts of 1 to 256 bytes");
      if (!brand.order_sources.emplace(source, shared.name()).second) {
        return InvalidField(field + ".sources", "names a channel twice");
      }
    }
  }
  if (brand.order_sources.size() > kSourcesMax)
    return InvalidField(at("order_sources"), "has more than 1,000 channels");
  return brand;
}

v1::BrandSettings ToProto(const Brand& brand) {
  v1::BrandSettings message;
  message.set_brand_id(brand.id.value);
  message.set_time_zone(brand.time_zone);
  message.set_region(brand.region);
  message.set_currency(brand.currency);
  std::map<std::string, v1::OrderSource> by_name;
  for (const auto& [source, name] : brand.order_sources) {
    by_name[name].set_name(name);
    by_name[name].add_sources(source);
  }
  for (auto& [name, shared] : by_name) *message.add_order_sources() = std::move(shared);
  return message;
}

}  // namespace tessera::oneid
