#include "services/oneid/domain/configure.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"

namespace tessera::oneid {
namespace {

std::vector<BrandId> BrandIds(const GroupConfig& config) {
  std::vector<BrandId> ids;
  for (const Brand& brand : config.brands) ids.push_back(brand.id);
  return ids;
}

// Equal but for the version.
bool SameBrand(Brand a, const Brand& b) {
  a.version = b.version;
  return a == b;
}

OneidDone Store(Tables& tables, GroupConfig config) {
  Stamp(config);
  auto shared = std::make_shared<const GroupConfig>(std::move(config));
  const GroupRow* before = tables.groups.Find(shared->id);
  if (before == nullptr || before->config->rule_version != shared->rule_version) {
    tables.rule_versions.Insert({shared->id, shared->rule_version}, {shared});
  }
  tables.groups.Edit(shared->id).config = shared;
  return OneidDone{.reply = GroupStored{shared}};
}

GroupConfig NewGroup(const GroupId& id) {
  return {.id = id, .version = 0, .rule_version = 1, .brands = {}, .namespaces = BuiltInNamespaces()};
}

// Adds or replaces the brand; true if that changed something.
bool PutBrand(GroupConfig& config, const Brand& brand) {
  auto at = std::find_if(config.brands.begin(), config.brands.end(), [&](const Brand& b) { return b.id == brand.id; });
  if (at == config.brands.end()) {
    config.brands.push_back(brand);
    config.brands.back().version = 0;
    return true;
  }
  if (SameBrand(brand, *at)) return false;
  const int64_t version = at->version;
  *at = brand;
  at->version = version;
  return true;
}

}  // namespace

OneidOutcome DecideBrandGroup(Tables& tables, const PutBrandGroup& put) {
  for (size_t i = 0; i < put.brands.size(); ++i) {
    const BrandRow* row = tables.brands.Find(put.brands[i].id);
    if (row != nullptr && row->group != put.group) {
      return OneidRefusal{Reason::kBrandInOtherGroup, absl::StrCat("brands[", i, "].brand_id")};
    }
  }
  const GroupRow* stored = tables.groups.Find(put.group);
  GroupConfig config = stored == nullptr ? NewGroup(put.group) : *stored->config;
  const size_t brands_before = config.brands.size();
  std::vector<BrandId> changed;
  for (const Brand& brand : put.brands) {
    if (PutBrand(config, brand)) changed.push_back(brand.id);
  }
  if (stored != nullptr && changed.empty()) return OneidDone{.reply = GroupStored{stored->config}};
  ++config.version;
  const bool grew = config.brands.size() > brands_before;  // then each brand's list of the group's brands changes
  for (Brand& brand : config.brands) {
    if (grew || std::find(changed.begin(), changed.end(), brand.id) != changed.end()) ++brand.version;
  }
  OneidDone done = Store(tables, std::move(config));
  const GroupConfig& now = *tables.groups.At(put.group).config;
  for (const Brand& brand : now.brands) {
    const bool told = grew || std::find(changed.begin(), changed.end(), brand.id) != changed.end();
    if (told) done.facts.emplace_back(BrandChanged{brand, put.group, BrandIds(now)});
  }
  for (const BrandId& brand : changed) {
    tables.brands.Edit(brand).group = put.group;
    done.wakes.push_back(BrandWaitKey(brand));
  }
  return done;
}

OneidOutcome DecideNamespace(Tables& tables, const PutNamespace& put) {
  const BrandRow* brand = tables.brands.Find(put.brand);
  if (brand == nullptr) return OneidRefusal{Reason::kBrandUnknown, "brand_id"};
  GroupConfig config = *tables.groups.At(brand->group).config;
  auto& all = config.namespaces;
  for (const Namespace& ns : all) {
    if (ns.rank == put.definition.rank && ns.name != put.definition.name) {
      return OneidRefusal{Reason::kRankTaken, "namespace.rank", absl::StrCat("it is the rank of ", ns.name)};
    }
  }
  auto at = std::find_if(all.begin(), all.end(), [&](const Namespace& ns) { return ns.name == put.definition.name; });
  if (at == all.end()) {
    if (all.size() >= kNamespacesMax) return OneidRefusal{Reason::kNamespaceLimit, "namespace.name"};
    all.push_back(put.definition);
  } else if (*at == put.definition) {
    return OneidDone{.reply = GroupStored{tables.groups.At(brand->group).config}};
  } else {
    *at = put.definition;
  }
  ++config.version;
  ++config.rule_version;
  return Store(tables, std::move(config));
}

}  // namespace tessera::oneid
