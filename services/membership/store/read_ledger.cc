#include <algorithm>
#include <map>

#include "services/membership/store/codec.h"
#include "services/membership/store/reads.h"

namespace tessera::membership::store {
namespace {

#define TESSERA_ENTRY_COLUMNS                                                                                  \
  "t.customer_id, t.brand_id, t.member_seq, t.number, t.kind, t.currency_no, t.amount, t.from_account, "       \
  "t.to_account, t.counterparty_id, t.lot_id, t.rule_no, t.program_version, t.transaction_id, t.corrects_id, " \
  "t.cause_source, t.cause_id, t.effective_time, t.posted_time"

// Each side's latest first, then all together.
constexpr pg::Statement kEntries = {
    "read_entries",
    "SELECT e.* FROM unnest($1::uuid[]) AS k(customer_id) CROSS JOIN LATERAL (SELECT " TESSERA_ENTRY_COLUMNS
    " FROM transfer t WHERE t.customer_id = k.customer_id AND t.brand_id = $2 AND ($3::int2 = 0 OR t.currency_no = $3) "
    "AND (cardinality($4::int2[]) = 0 OR t.kind = ANY($4)) AND ($5::int8 IS NULL OR t.member_seq < $5 OR "
    "(t.member_seq = $5 AND (t.customer_id, t.number) < ($6::uuid, $7::int4))) "
    "ORDER BY t.member_seq DESC, t.number DESC LIMIT $8) e "
    "ORDER BY e.member_seq DESC, e.customer_id DESC, e.number DESC LIMIT $8"};

constexpr pg::Statement kMovements = {
    "read_movements",
    "SELECT " TESSERA_ENTRY_COLUMNS
    " FROM unnest($1::uuid[]) AS k(customer_id) JOIN transfer t ON t.customer_id = k.customer_id AND t.brand_id = $2 "
    "AND t.lot_id = ANY($3) ORDER BY t.posted_time, t.member_seq, t.customer_id, t.number"};

constexpr pg::Statement kLotless = {
    "read_lotless",
    "SELECT " TESSERA_ENTRY_COLUMNS
    " FROM unnest($1::uuid[]) AS k(customer_id) JOIN transfer t ON t.customer_id = k.customer_id AND t.brand_id = $2 "
    "AND t.currency_no = $3 AND t.lot_id IS NULL ORDER BY t.posted_time, t.member_seq, t.customer_id, t.number "
    "LIMIT $4"};

#undef TESSERA_ENTRY_COLUMNS

const std::string kLotsSql =
    "SELECT l.*, r.sliding FROM unnest($1::uuid[]) AS k(customer_id) CROSS JOIN LATERAL (SELECT " +
    std::string(kLotColumns) +
    " FROM lot l WHERE l.customer_id = k.customer_id AND l.brand_id = $2 AND ($3::int2 = 0 OR l.currency_no = $3) AND "
    "($4 OR l.state <> 2) AND ($5::uuid IS NULL OR l.lot_id < $5) ORDER BY l.lot_id DESC LIMIT $6) l "
    "CROSS JOIN LATERAL (SELECT (coalesce(r.all_sums, r.own_sums))[l.currency_no * 12 + 3] AS sliding FROM member m "
    "JOIN "
    "member r ON r.customer_id = m.root_id AND r.brand_id = m.brand_id WHERE m.customer_id = l.customer_id AND "
    "m.brand_id = l.brand_id) r ORDER BY l.lot_id DESC LIMIT $6";
const pg::Statement kLots = {"read_lots", kLotsSql.c_str()};

constexpr pg::Statement kNames = {"read_names", "SELECT currency_names, rule_names FROM brand WHERE brand_id = $1"};

int16_t NumberOf(const std::vector<std::string>& names, const std::string& name) {
  return static_cast<int16_t>(std::find(names.begin(), names.end(), name) - names.begin() + 1);
}

std::string NameOf(const std::vector<std::string>& names, int16_t number) {
  const auto at = static_cast<size_t>(number - 1);
  return number > 0 && at < names.size() ? names[at] : "";
}

EntryView DecodeEntry(const pg::Row& row, const NumberedNames& names) {
  EntryView view;
  view.side = {row.Get<CustomerId>(0), row.Get<BrandId>(1)};
  view.member_seq = row.Get<int64_t>(2);
  view.number = row.Get<int32_t>(3);
  Transfer& transfer = view.transfer;
  transfer.kind = static_cast<TransferKind>(row.Get<int16_t>(4));
  transfer.currency = row.Get<int16_t>(5);
  transfer.amount = row.Get<int64_t>(6);
  transfer.from = static_cast<AccountKind>(row.Get<int16_t>(7));
  transfer.to = static_cast<AccountKind>(row.Get<int16_t>(8));
  transfer.counterparty = row.Get<std::optional<CustomerId>>(9).value_or(CustomerId());
  transfer.lot = row.Get<std::optional<LotId>>(10).value_or(LotId());
  transfer.rule = row.Get<int16_t>(11);
  transfer.program_version = row.Get<int32_t>(12);
  transfer.transaction = row.Get<TransactionId>(13);
  transfer.corrects = row.Get<std::optional<TransactionId>>(14).value_or(TransactionId());
  transfer.cause_source = row.Get<std::string>(15);
  transfer.cause_id = row.Get<std::string>(16);
  transfer.effective_time = row.Get<absl::Time>(17);
  view.posted_time = row.Get<absl::Time>(18);
  view.currency = NameOf(names.currencies, transfer.currency);
  view.rule_id = NameOf(names.rules, transfer.rule);
  return view;
}

std::vector<EntryView> DecodeEntries(const pg::Rows& rows, const NumberedNames& names) {
  std::vector<EntryView> views;
  for (const pg::Row row : rows) views.push_back(DecodeEntry(row, names));
  return views;
}

}  // namespace

NumberedNames ReadNames(pg::Tx& tx, const BrandId& brand) {
  const pg::Rows rows = tx.Run(kNames, brand);
  if (rows.empty()) return {};
  return {rows[0].Get<std::vector<std::string>>(0), rows[0].Get<std::vector<std::string>>(1)};
}

std::vector<EntryView> ReadEntries(pg::Tx& tx, const EntryFilter& filter, const std::vector<CustomerId>& sides) {
  const NumberedNames names = ReadNames(tx, filter.customer.brand);
  const int16_t currency = filter.currency.empty() ? int16_t{0} : NumberOf(names.currencies, filter.currency);
  std::optional<int64_t> seq;
  std::optional<CustomerId> side;
  std::optional<int32_t> number;
  if (filter.after) {
    seq = filter.after->member_seq;
    side = filter.after->side;
    number = filter.after->number;
  }
  return DecodeEntries(tx.Run(kEntries, sides, filter.customer.brand, currency, filter.kinds, seq, side, number,
                              int64_t{filter.limit} + 1),
                       names);
}

std::vector<LotView> ReadLots(pg::Tx& tx, const LotFilter& filter, const std::vector<CustomerId>& sides) {
  const NumberedNames names = ReadNames(tx, filter.customer.brand);
  const int16_t currency = filter.currency.empty() ? int16_t{0} : NumberOf(names.currencies, filter.currency);
  std::vector<LotView> views;
  for (const pg::Row row : tx.Run(kLots, sides, filter.customer.brand, currency, filter.include_closed, filter.after,
                                  int64_t{filter.limit} + 1)) {
    LotView view;
    std::tie(view.key, view.lot) = DecodeLot(row);
    view.currency = NameOf(names.currencies, view.lot.currency);
    view.expiry = view.lot.expiry;
    if (view.lot.slides)
      view.expiry = absl::FromUnixMicros(row.Get<std::optional<int64_t>>(kLotColumnCount).value_or(0));
    views.push_back(std::move(view));
  }
  return views;
}

std::vector<EntryView> ReadMovements(pg::Tx& tx, const BrandId& brand, const std::vector<CustomerId>& sides,
                                     const std::vector<LotView>& lots) {
  std::vector<LotId> ids;
  for (const LotView& lot : lots) ids.push_back(lot.key.lot);
  if (ids.empty()) return {};
  return DecodeEntries(tx.Run(kMovements, sides, brand, ids), ReadNames(tx, brand));
}

std::vector<EntryView> ReadLotless(pg::Tx& tx, const BrandId& brand, const std::vector<CustomerId>& sides,
                                   const std::string& currency, int32_t limit) {
  const NumberedNames names = ReadNames(tx, brand);
  return DecodeEntries(tx.Run(kLotless, sides, brand, NumberOf(names.currencies, currency), int64_t{limit}), names);
}

}  // namespace tessera::membership::store
