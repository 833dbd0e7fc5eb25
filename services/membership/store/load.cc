#include "services/membership/store/load.h"

#include <algorithm>
#include <map>

#include "absl/container/flat_hash_map.h"
#include "absl/synchronization/mutex.h"
#include "pg/time_zone.h"
#include "services/membership/store/codec.h"

namespace tessera::membership::store {
namespace {

constexpr pg::Statement kBrands = {
    "load_brands",
    "SELECT b.brand_id, b.group_id, b.time_zone, b.region, b.currency, b.version, b.currency_names, b.rule_names, "
    "b.rejudge_after_id, p.version, p.valid_from_time, p.created_time, p.document_hash FROM brand b LEFT JOIN "
    "program_version p ON p.brand_id = b.brand_id WHERE b.brand_id = ANY($1)"};

constexpr pg::Statement kDocument = {"load_document",
                                     "SELECT document FROM program_version WHERE brand_id = $1 AND version = $2"};

constexpr pg::Statement kMerges = {
    "load_merges",
    "SELECT merge_id, group_id, survivor_id, absorbed_id, merge_time FROM applied_merge WHERE "
    "merge_id = ANY($1)"};

// Programs as decisions use them. Stored versions never change, so an entry is right for ever.
class ProgramCache {
 public:
  struct Key {
    BrandId brand;
    int32_t version;
    int64_t document_hash;

    bool operator==(const Key&) const = default;
    template <class H>
    friend H AbslHashValue(H h, const Key& key) {
      return H::combine(std::move(h), key.brand, key.version, key.document_hash);
    }
  };

  static ProgramCache& Instance() {
    static auto& cache = *new ProgramCache;
    return cache;
  }

  std::shared_ptr<const Program> Find(const Key& key) const {
    absl::ReaderMutexLock lock(&mutex_);
    auto at = programs_.find(key);
    return at == programs_.end() ? nullptr : at->second;
  }

  void Put(const Key& key, std::shared_ptr<const Program> program) {
    absl::MutexLock lock(&mutex_);
    if (programs_.size() >= kProgramsMax) programs_.clear();
    programs_[key] = std::move(program);
  }

 private:
  static constexpr size_t kProgramsMax = 1'000;
  mutable absl::Mutex mutex_;
  absl::flat_hash_map<Key, std::shared_ptr<const Program>> programs_ ABSL_GUARDED_BY(mutex_);
};

Brand DecodeBrand(pg::Tx& tx, const pg::Row& row) {
  Brand brand;
  brand.group = row.Get<std::string>(1);
  brand.time_zone = row.Get<std::string>(2);
  brand.region = row.Get<std::string>(3);
  brand.currency = row.Get<std::string>(4);
  brand.version = row.Get<int64_t>(5);
  brand.names.currencies = row.Get<std::vector<std::string>>(6);
  brand.names.rules = row.Get<std::vector<std::string>>(7);
  brand.rejudge_after = row.Get<std::optional<CustomerId>>(8).value_or(CustomerId());
  brand.zone = pg::ZoneOf(tx, brand.time_zone);
  return brand;
}

std::shared_ptr<const Program> ProgramOf(pg::Tx& tx, const ProgramCache::Key& key, NumberedNames names,
                                         ReadProgram read_program) {
  if (auto cached = ProgramCache::Instance().Find(key)) return cached;
  const pg::Rows rows = tx.Run(kDocument, key.brand, key.version);
  if (rows.empty()) return nullptr;
  auto program = std::make_shared<Program>(read_program(rows[0].Get<std::string>(0)));
  AssignNumbers(*program, names);
  ProgramCache::Instance().Put(key, program);
  return program;
}

}  // namespace

void LoadBrands(pg::Tx& tx, const Need& need, Tables& tables, ReadProgram read_program) {
  std::vector<BrandId> wanted;
  for (const BrandId& brand : need.brands) {
    if (!tables.brand.Loaded(brand)) wanted.push_back(brand);
  }
  if (wanted.empty()) return;
  const pg::Rows rows = tx.Run(kBrands, wanted);
  for (const pg::Row row : rows) {
    const auto brand = row.Get<BrandId>(0);
    Brand decoded = DecodeBrand(tx, row);
    if (const auto version = row.Get<std::optional<int32_t>>(9)) {
      ProgramVersion program;
      program.valid_from = row.Get<absl::Time>(10);
      program.created = row.Get<absl::Time>(11);
      program.program = ProgramOf(tx, {brand, *version, row.Get<int64_t>(12)}, decoded.names, read_program);
      if (program.program == nullptr) return;  // the transaction has failed
      tables.program.Put({brand, *version}, std::move(program));
    }
    tables.brand.Put(brand, std::move(decoded));
  }
  for (const BrandId& brand : wanted) tables.brand.Put(brand, std::nullopt);
}

void LoadMerges(pg::Tx& tx, const Need& need, Tables& tables) {
  std::vector<MergeId> wanted;
  for (const MergeId& merge : need.merges) {
    if (!tables.merge.Loaded(merge)) wanted.push_back(merge);
  }
  if (wanted.empty()) return;
  for (const pg::Row row : tx.Run(kMerges, wanted)) {
    tables.merge.Put(row.Get<MergeId>(0), AppliedMerge{row.Get<std::string>(1), row.Get<CustomerId>(2),
                                                       row.Get<CustomerId>(3), row.Get<absl::Time>(4)});
  }
  for (const MergeId& merge : wanted) tables.merge.Put(merge, std::nullopt);
}

std::vector<MemberKey> SidesOf(const Tables& tables, const MemberKey& side) {
  const Member* member = tables.member.Find(side);
  if (member == nullptr) return {side};
  std::vector<MemberKey> sides = {{member->root, side.brand}};
  for (const CustomerId& customer : tables.member.At(sides[0]).absorbed) sides.push_back({customer, side.brand});
  return sides;
}

engine::Loaded Load(pg::Tx& tx, const Need& need, Tables& tables, ReadProgram read_program) {
  LoadBrands(tx, need, tables, read_program);
  if (LoadMembers(tx, need, tables) == engine::Loaded::kMoved) return engine::Loaded::kMoved;
  if (!tx.ok()) return engine::Loaded::kOk;  // the engine sees the transaction's error
  LoadGrowth(tx, need, tables);
  LoadMerges(tx, need, tables);
  for (const auto& [brand, page] : need.pages) tables.ranges.SetPage(brand, need.page_after.at(brand), page);
  Need lots;
  lots.lots = need.lots;
  lots.children_of = need.children_of;
  lots.ranges = need.ranges;
  lots.spendings = need.spendings;
  if (LoadOrders(tx, need, tables, lots) == engine::Loaded::kMoved) return engine::Loaded::kMoved;
  LoadHolds(tx, need, tables, lots);
  LoadLots(tx, lots, tables);
  return engine::Loaded::kOk;
}

}  // namespace tessera::membership::store
