#include "services/membership/store/save.h"

#include "services/membership/store/codec.h"

namespace tessera::membership::store {
namespace {

constexpr pg::Statement kSaveBrands = {
    "save_brands",
    "INSERT INTO brand (brand_id, group_id, time_zone, region, currency, version, currency_names, rule_names, "
    "rejudge_after_id) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (brand_id) DO UPDATE SET "
    "group_id = excluded.group_id, time_zone = excluded.time_zone, region = excluded.region, "
    "currency = excluded.currency, version = excluded.version, currency_names = excluded.currency_names, "
    "rule_names = excluded.rule_names, rejudge_after_id = excluded.rejudge_after_id"};

constexpr pg::Statement kSavePrograms = {
    "save_programs",
    "INSERT INTO program_version (brand_id, version, valid_from_time, created_time, document_hash, document) "
    "VALUES ($1, $2, $3, $4, $5, $6)"};

constexpr pg::Statement kSaveMerges = {
    "save_merges",
    "INSERT INTO applied_merge (merge_id, group_id, survivor_id, absorbed_id, merge_time, posted_time) SELECT k.*, $6 "
    "FROM unnest($1::uuid[], $2::text[], $3::uuid[], $4::uuid[], $5::timestamptz[]) AS k"};

constexpr pg::Statement kSaveGrowth = {
    "save_growth",
    "INSERT INTO growth_day (customer_id, brand_id, currency_no, day, amount) SELECT k.* FROM unnest($1::uuid[], "
    "$2::text[], $3::int2[], $4::int4[], $5::int8[]) AS k ON CONFLICT (customer_id, brand_id, currency_no, day) DO "
    "UPDATE SET amount = excluded.amount"};

constexpr pg::Statement kSaveTransfers = {
    "save_transfers",
    "INSERT INTO transfer (customer_id, brand_id, member_seq, number, kind, currency_no, amount, from_account, "
    "to_account, counterparty_id, lot_id, rule_no, program_version, transaction_id, corrects_id, cause_source, "
    "cause_id, effective_time, posted_time) SELECT k.*, $19 FROM unnest($1::uuid[], $2::text[], $3::int8[], "
    "$4::int4[], $5::int2[], $6::int2[], $7::int8[], $8::int2[], $9::int2[], $10::uuid[], $11::uuid[], $12::int2[], "
    "$13::int4[], $14::uuid[], $15::uuid[], $16::text[], $17::text[], $18::timestamptz[]) AS k"};

// Brands and programs change by hand: one statement each.
void SaveBrands(pg::Tx& tx, const Tables& tables) {
  tables.brand.EachDirty([&](const BrandId& key, const auto&, const std::optional<Brand>& now) {
    tx.Send(kSaveBrands, key, now->group, now->time_zone, now->region, now->currency, now->version,
            now->names.currencies, now->names.rules, OrNull(now->rejudge_after));
  });
  tables.program.EachDirty([&](const ProgramKey& key, const auto&, const std::optional<ProgramVersion>& now) {
    tx.Send(kSavePrograms, key.brand, key.version, now->valid_from, now->created, StableHash({now->document}),
            now->document);
  });
}

void SaveMerges(pg::Tx& tx, const Tables& tables, absl::Time posted) {
  std::vector<MergeId> ids;
  std::vector<std::string> groups;
  std::vector<CustomerId> survivors, absorbed;
  std::vector<absl::Time> times;
  tables.merge.EachDirty([&](const MergeId& key, const auto&, const std::optional<AppliedMerge>& now) {
    ids.push_back(key);
    groups.push_back(now->group);
    survivors.push_back(now->survivor);
    absorbed.push_back(now->absorbed);
    times.push_back(now->time);
  });
  if (!ids.empty()) tx.Send(kSaveMerges, ids, groups, survivors, absorbed, times, posted);
}

void SaveGrowth(pg::Tx& tx, const Tables& tables) {
  std::vector<CustomerId> customers;
  std::vector<BrandId> brands;
  std::vector<CurrencyNo> currencies;
  std::vector<int32_t> days;
  std::vector<int64_t> amounts;
  tables.growth.EachDirty([&](const GrowthKey& key, const auto&, const std::optional<int64_t>& now) {
    customers.push_back(key.side.customer);
    brands.push_back(key.side.brand);
    currencies.push_back(key.currency);
    days.push_back(key.day);
    amounts.push_back(*now);
  });
  if (!days.empty()) tx.Send(kSaveGrowth, customers, brands, currencies, days, amounts);
}

struct TransferColumns {
  std::vector<CustomerId> customer;
  std::vector<BrandId> brand;
  std::vector<int64_t> seq, amount;
  std::vector<int32_t> number, version;
  std::vector<int16_t> kind, currency, from, to, rule;
  std::vector<std::optional<CustomerId>> counterparty;
  std::vector<std::optional<LotId>> lot;
  std::vector<TransactionId> transaction;
  std::vector<std::optional<TransactionId>> corrects;
  std::vector<std::string_view> cause_source, cause_id;
  std::vector<absl::Time> effective;

  void Add(const TransferKey& key, const Transfer& row) {
    customer.push_back(key.side.customer);
    brand.push_back(key.side.brand);
    seq.push_back(key.member_seq);
    number.push_back(key.number);
    kind.push_back(static_cast<int16_t>(row.kind));
    currency.push_back(row.currency);
    amount.push_back(row.amount);
    from.push_back(static_cast<int16_t>(row.from));
    to.push_back(static_cast<int16_t>(row.to));
    counterparty.push_back(OrNull(row.counterparty));
    lot.push_back(OrNull(row.lot));
    rule.push_back(row.rule);
    version.push_back(row.program_version);
    transaction.push_back(row.transaction);
    corrects.push_back(OrNull(row.corrects));
    cause_source.push_back(row.cause_source);
    cause_id.push_back(row.cause_id);
    effective.push_back(row.effective_time);
  }
};

void SaveTransfers(pg::Tx& tx, const Tables& tables, absl::Time posted) {
  TransferColumns c;
  tables.transfer.EachDirty(
      [&](const TransferKey& key, const auto&, const std::optional<Transfer>& now) { c.Add(key, *now); });
  if (c.seq.empty()) return;
  tx.Send(kSaveTransfers, c.customer, c.brand, c.seq, c.number, c.kind, c.currency, c.amount, c.from, c.to,
          c.counterparty, c.lot, c.rule, c.version, c.transaction, c.corrects, c.cause_source, c.cause_id, c.effective,
          posted);
}

}  // namespace

void Save(pg::Tx& tx, const Tables& tables, absl::Time now) {
  SaveBrands(tx, tables);
  SaveMembers(tx, tables);
  SaveMerges(tx, tables, now);
  SaveOrders(tx, tables);
  SaveLots(tx, tables);
  SaveHolds(tx, tables);
  SaveTransfers(tx, tables, now);
  SaveGrowth(tx, tables);
}

}  // namespace tessera::membership::store
