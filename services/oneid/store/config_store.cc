#include "services/oneid/store/config_store.h"

#include <memory>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "pg/time_zone.h"
#include "services/oneid/store/reads.h"

namespace tessera::oneid {
namespace {

using pg::Statement;
using Texts = std::vector<std::string>;

// What was used last of each group.
class Cache {
 public:
  // Null unless it is the configuration with this fingerprint.
  CompiledConfigPtr Find(const GroupId& group, uint64_t fingerprint) {
    absl::MutexLock lock(&mutex_);
    auto at = kept_.find(group);
    if (at == kept_.end() || at->second->config()->fingerprint != fingerprint) return nullptr;
    return at->second;
  }
  void Keep(const CompiledConfigPtr& compiled) {
    absl::MutexLock lock(&mutex_);
    kept_[compiled->config()->id] = compiled;
  }

 private:
  absl::Mutex mutex_;
  std::map<GroupId, CompiledConfigPtr> kept_ ABSL_GUARDED_BY(mutex_);
};

Cache& Kept() {
  static Cache& cache = *new Cache;
  return cache;
}

Namespace NamespaceOf(const pg::Row& row) {
  Namespace ns;
  ns.name = row.Get<std::string>(0);
  for (const int64_t part : row.Get<std::vector<int64_t>>(1)) ns.scope.push_back(static_cast<ScopePart>(part));
  ns.at_most = row.Get<int64_t>(2);
  ns.strength = static_cast<Strength>(row.Get<int16_t>(3));
  ns.rank = row.Get<int32_t>(4);
  ns.transferable = row.Get<bool>(5);
  ns.dormant_days = row.Get<int64_t>(6);
  ns.normaliser = static_cast<Normaliser>(row.Get<int16_t>(7));
  ns.blocked_values = row.Get<std::vector<std::string>>(8);
  ns.blocked_patterns = row.Get<std::vector<std::string>>(9);
  if (!row.IsNull(10)) ns.velocity = VelocityLimit{row.Get<int64_t>(10), row.Get<int64_t>(11)};
  ns.fold_mail_providers = row.Get<bool>(12);
  return ns;
}

}  // namespace

std::vector<Namespace> ReadNamespaces(pg::Tx& tx, const GroupId& group, int64_t rule_version) {
  static constexpr Statement kNamespaces = {
      "read_namespaces",
      "SELECT name, scope_parts, at_most, strength, rank, transferable, dormant_days, normaliser, blocked_values, "
      "blocked_patterns, velocity_customers, velocity_window_hours, fold_mail_providers "
      "FROM namespace WHERE group_id = $1 AND rule_version = $2 ORDER BY rank"};
  const pg::Rows rows = tx.Run(kNamespaces, group.value, rule_version);
  std::vector<Namespace> namespaces;
  for (const auto row : rows) namespaces.push_back(NamespaceOf(row));
  return namespaces;
}

GroupConfigPtr ReadConfig(pg::Tx& tx, const BrandId& brand) {
  const auto configs = ReadConfigs(tx, {brand});
  auto at = configs.find(brand);
  return at == configs.end() ? nullptr : at->second->config();
}

namespace {

CompiledConfigPtr ReadGroup(pg::Tx& tx, const GroupId& group, int64_t version, int64_t rule_version) {
  static constexpr Statement kBrands = {
      "read_brands",
      "SELECT brand_id, version, time_zone, region, currency FROM brand WHERE group_id = $1 ORDER BY brand_id"};
  static constexpr Statement kSources = {
      "read_order_sources",
      "SELECT o.brand_id, o.source, o.order_source FROM brand b JOIN order_source o USING (brand_id) "
      "WHERE b.group_id = $1"};
  GroupConfig config{.id = group, .version = version, .rule_version = rule_version, .brands = {}, .namespaces = {}};
  const pg::Rows brands = tx.Run(kBrands, group.value);
  for (const auto row : brands) {
    Brand brand{.id = row.Get<BrandId>(0),
                .version = row.Get<int64_t>(1),
                .time_zone = row.Get<std::string>(2),
                .region = row.Get<std::string>(3),
                .currency = row.Get<std::string>(4),
                .order_sources = {},
                .zone = absl::UTCTimeZone()};
    brand.zone = pg::ZoneOf(tx, brand.time_zone);
    config.brands.push_back(std::move(brand));
  }
  const pg::Rows sources = tx.Run(kSources, group.value);
  for (const auto row : sources) {
    for (Brand& brand : config.brands) {
      if (brand.id == row.Get<BrandId>(0)) brand.order_sources[row.Get<std::string>(1)] = row.Get<std::string>(2);
    }
  }
  config.namespaces = ReadNamespaces(tx, group, rule_version);
  Stamp(config);
  auto compiled = std::make_shared<const CompiledConfig>(std::make_shared<const GroupConfig>(std::move(config)));
  return compiled;
}

CompiledConfigPtr FindOrRead(pg::Tx& tx, const GroupId& group, int64_t version, int64_t rule_version,
                             int64_t fingerprint) {
  if (CompiledConfigPtr kept = Kept().Find(group, static_cast<uint64_t>(fingerprint))) return kept;
  CompiledConfigPtr compiled = ReadGroup(tx, group, version, rule_version);
  // Each statement sees what was committed when it started; what was changed in between is not kept.
  if (tx.ok() && compiled->config()->fingerprint == static_cast<uint64_t>(fingerprint)) Kept().Keep(compiled);
  return compiled;
}

}  // namespace

std::map<BrandId, CompiledConfigPtr> ReadConfigs(pg::Tx& tx, const std::set<BrandId>& brands) {
  static constexpr Statement kFind = {"find_brands",
                                      "SELECT b.brand_id, g.group_id, g.config_version, g.rule_version, g.fingerprint "
                                      "FROM brand b JOIN brand_group g USING (group_id) WHERE b.brand_id = ANY($1)"};
  std::map<BrandId, CompiledConfigPtr> configs;
  if (brands.empty()) return configs;
  const pg::Rows rows = tx.Run(kFind, std::vector<BrandId>(brands.begin(), brands.end()));
  for (const auto row : rows) {
    configs[row.Get<BrandId>(0)] =
        FindOrRead(tx, {row.Get<std::string>(1)}, row.Get<int64_t>(2), row.Get<int64_t>(3), row.Get<int64_t>(4));
  }
  if (!tx.ok()) return {};  // Some may be without their brands.
  return configs;
}

std::map<GroupId, CompiledConfigPtr> ReadGroupConfigs(pg::Tx& tx, const std::set<GroupId>& groups) {
  static constexpr Statement kFind = {
      "find_groups",
      "SELECT group_id, config_version, rule_version, fingerprint FROM brand_group WHERE group_id = ANY($1)"};
  std::map<GroupId, CompiledConfigPtr> configs;
  if (groups.empty()) return configs;
  Texts ids;
  for (const GroupId& group : groups) ids.push_back(group.value);
  const pg::Rows rows = tx.Run(kFind, ids);
  for (const auto row : rows) {
    const GroupId group{row.Get<std::string>(0)};
    configs[group] = FindOrRead(tx, group, row.Get<int64_t>(1), row.Get<int64_t>(2), row.Get<int64_t>(3));
  }
  if (!tx.ok()) return {};
  return configs;
}

CompiledConfigPtr Compile(const GroupConfigPtr& config) {
  if (CompiledConfigPtr kept = Kept().Find(config->id, config->fingerprint)) return kept;
  return std::make_shared<const CompiledConfig>(config);
}

namespace {

constexpr int64_t kConfigurationLock = 0x6f6e656964636667;  // "oneidcfg"

}  // namespace

void LockConfiguration(pg::Tx& tx) {
  static constexpr Statement kLock = {"lock_configuration", "SELECT pg_advisory_xact_lock($1)::text"};
  tx.Send(kLock, kConfigurationLock);
}

void ShareConfiguration(pg::Tx& tx) {
  static constexpr Statement kShare = {"share_configuration", "SELECT pg_advisory_xact_lock_shared($1)::text"};
  tx.Send(kShare, kConfigurationLock);
}

namespace {

void SaveNamespaces(pg::Tx& tx, const GroupConfig& config, absl::Time now) {
  static constexpr Statement kInsert = {
      "save_namespace",
      "INSERT INTO namespace (group_id, rule_version, name, scope_parts, at_most, strength, rank, transferable, "
      "dormant_days, normaliser, blocked_values, blocked_patterns, velocity_customers, velocity_window_hours, "
      "fold_mail_providers, posted_time) "
      "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)"};
  for (const Namespace& ns : config.namespaces) {
    std::vector<int64_t> scope;
    for (const ScopePart part : ns.scope) scope.push_back(static_cast<int64_t>(part));
    std::optional<int64_t> customers, window;
    if (ns.velocity) customers = ns.velocity->customers, window = ns.velocity->window_hours;
    tx.Send(kInsert, config.id.value, config.rule_version, ns.name, scope, ns.at_most,
            static_cast<int16_t>(ns.strength), ns.rank, ns.transferable, ns.dormant_days,
            static_cast<int16_t>(ns.normaliser), ns.blocked_values, ns.blocked_patterns, customers, window,
            ns.fold_mail_providers, now);
  }
}

void SaveBrands(pg::Tx& tx, const GroupConfig& config) {
  static constexpr Statement kBrands = {
      "save_brands",
      "INSERT INTO brand (brand_id, version, time_zone, region, currency, group_id) "
      "SELECT *, $6 FROM unnest($1::text[], $2::int8[], $3::text[], $4::text[], $5::text[]) "
      "ON CONFLICT (brand_id) DO UPDATE SET version = excluded.version, time_zone = excluded.time_zone, "
      "region = excluded.region, currency = excluded.currency WHERE brand.version <> excluded.version"};
  static constexpr Statement kForget = {"forget_order_sources", "DELETE FROM order_source WHERE brand_id = ANY($1)"};
  static constexpr Statement kSources = {"save_order_sources",
                                         "INSERT INTO order_source (brand_id, source, order_source) "
                                         "SELECT * FROM unnest($1::text[], $2::text[], $3::text[])"};
  std::vector<BrandId> ids;
  std::vector<int64_t> versions;
  Texts zones, regions, currencies, source_brands, sources, names;
  for (const Brand& brand : config.brands) {
    ids.push_back(brand.id);
    versions.push_back(brand.version);
    zones.push_back(brand.time_zone);
    regions.push_back(brand.region);
    currencies.push_back(brand.currency);
    for (const auto& [source, name] : brand.order_sources) {
      source_brands.push_back(brand.id.value);
      sources.push_back(source);
      names.push_back(name);
    }
  }
  tx.Send(kBrands, ids, versions, zones, regions, currencies, config.id.value);
  tx.Send(kForget, ids);
  tx.Send(kSources, source_brands, sources, names);
}

}  // namespace

void SaveConfigs(pg::Tx& tx, const Tables& tables, absl::Time now) {
  static constexpr Statement kGroup = {
      "save_brand_group",
      "INSERT INTO brand_group (group_id, config_version, rule_version, fingerprint) VALUES ($1, $2, $3, $4) "
      "ON CONFLICT (group_id) DO UPDATE SET config_version = excluded.config_version, "
      "rule_version = excluded.rule_version, fingerprint = excluded.fingerprint"};
  tables.groups.EachDirty([&](const GroupId& id, const std::optional<GroupRow>&, const std::optional<GroupRow>& row) {
    tx.Send(kGroup, id.value, row->config->version, row->config->rule_version,
            static_cast<int64_t>(row->config->fingerprint));
    SaveBrands(tx, *row->config);
  });
  tables.rule_versions.EachDirty([&](const RuleVersionKey&, const std::optional<GroupRow>&,
                                     const std::optional<GroupRow>& row) { SaveNamespaces(tx, *row->config, now); });
}

}  // namespace tessera::oneid
