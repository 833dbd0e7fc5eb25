#include "services/membership/store/codec.h"
#include "services/membership/store/save.h"

namespace tessera::membership::store {
namespace {

#define TESSERA_ORDER_ROWS                                                                                    \
  "unnest($1::text[], $2::text[], $3::text[], $4::uuid[], $5::timestamptz[], $6::timestamptz[], $7::uuid[], " \
  "$8::uuid[], $9::bytea[], $10::text[], $11::text[], $12::text[]) AS k(order_id, order_source, brand_id, "   \
  "customer_id, paid_time, completed_time, paid_transaction_id, completed_transaction_id, purchase, awards, " \
  "allocations, back)"

constexpr pg::Statement kInsertOrders = {
    "insert_orders",
    "INSERT INTO shop_order (order_id, order_source, brand_id, customer_id, paid_time, completed_time, "
    "paid_transaction_id, completed_transaction_id, purchase, awards, allocations, back) SELECT k.order_id, "
    "k.order_source, k.brand_id, k.customer_id, k.paid_time, k.completed_time, k.paid_transaction_id, "
    "k.completed_transaction_id, k.purchase, k.awards::int8[], k.allocations::int8[], k.back::int8[] "
    "FROM " TESSERA_ORDER_ROWS};

constexpr pg::Statement kUpdateOrders = {
    "update_orders",
    "UPDATE shop_order o SET customer_id = k.customer_id, paid_time = k.paid_time, "
    "completed_time = k.completed_time, paid_transaction_id = k.paid_transaction_id, "
    "completed_transaction_id = k.completed_transaction_id, purchase = coalesce(k.purchase, o.purchase), "
    "awards = k.awards::int8[], allocations = k.allocations::int8[], back = k.back::int8[] FROM " TESSERA_ORDER_ROWS
    " WHERE o.order_id = k.order_id AND o.order_source = k.order_source AND o.brand_id = k.brand_id"};

#undef TESSERA_ORDER_ROWS

struct OrderColumns {
  std::vector<std::string> id, source, awards, allocations;
  std::vector<BrandId> brand;
  std::vector<CustomerId> customer;
  std::vector<std::optional<absl::Time>> paid, completed;
  std::vector<std::optional<TransactionId>> paid_transaction, completed_transaction;
  std::vector<std::optional<pg::Bytes>> purchase;
  std::vector<std::optional<std::string>> back;

  // A purchase never changes: it is sent only when it is new.
  void Add(const OrderKey& key, const Order& row, bool new_purchase) {
    id.push_back(key.order_id);
    source.push_back(key.order_source);
    brand.push_back(key.brand);
    customer.push_back(row.side);
    paid.push_back(OrNull(row.paid_time));
    completed.push_back(OrNull(row.completed_time));
    paid_transaction.push_back(OrNull(row.paid_transaction));
    completed_transaction.push_back(OrNull(row.completed_transaction));
    purchase.emplace_back();
    if (new_purchase) purchase.back() = pg::Bytes{EncodePurchase(*row.purchase)};
    awards.push_back(pg::ArrayText(EncodeAwards(row)));
    allocations.push_back(pg::ArrayText(EncodeAllocations(row)));
    back.emplace_back();
    if (row.back_pieces.empty()) return;
    std::vector<int64_t> values = row.back_pieces;
    values.insert(values.end(), row.back_money.begin(), row.back_money.end());
    back.back() = pg::ArrayText(values);
  }

  void Run(pg::Tx& tx, const pg::Statement& statement) const {
    if (id.empty()) return;
    tx.Send(statement, id, source, brand, customer, paid, completed, paid_transaction, completed_transaction, purchase,
            awards, allocations, back);
  }
};

constexpr pg::Statement kSaveHolds = {
    "save_holds",
    "INSERT INTO hold (customer_id, brand_id, hold_id, currency_no, state, amount, captured, refunded, end_time, "
    "part_side_ids, part_lot_ids, part_amounts) SELECT k.customer_id, k.brand_id, k.hold_id, k.currency_no, k.state, "
    "k.amount, k.captured, k.refunded, k.end_time, k.part_side_ids::uuid[], k.part_lot_ids::uuid[], "
    "k.part_amounts::int8[] FROM unnest($1::uuid[], $2::text[], $3::uuid[], $4::int2[], $5::int2[], $6::int8[], "
    "$7::int8[], $8::int8[], $9::timestamptz[], $10::text[], $11::text[], $12::text[]) AS k(customer_id, brand_id, "
    "hold_id, currency_no, state, amount, captured, refunded, end_time, part_side_ids, part_lot_ids, part_amounts) "
    "ON CONFLICT (customer_id, brand_id, hold_id) DO UPDATE SET state = excluded.state, "
    "captured = excluded.captured, refunded = excluded.refunded"};

struct HoldColumns {
  std::vector<CustomerId> customer;
  std::vector<BrandId> brand;
  std::vector<HoldId> id;
  std::vector<int16_t> currency, state;
  std::vector<int64_t> amount, captured, refunded;
  std::vector<absl::Time> end;
  std::vector<std::string> sides, lots, amounts;

  void Add(const HoldKey& key, const Hold& row) {
    customer.push_back(key.side.customer);
    brand.push_back(key.side.brand);
    id.push_back(key.hold);
    currency.push_back(row.currency);
    state.push_back(static_cast<int16_t>(row.state));
    amount.push_back(row.amount);
    captured.push_back(row.captured);
    refunded.push_back(row.refunded);
    end.push_back(row.end);
    std::vector<Uuid> part_sides, part_lots;
    std::vector<int64_t> part_amounts;
    for (const HoldPart& part : row.parts) {
      part_sides.push_back(part.lot.side.customer.uuid);
      part_lots.push_back(part.lot.lot.uuid);
      part_amounts.push_back(part.amount);
    }
    sides.push_back(ArrayText(part_sides));
    lots.push_back(ArrayText(part_lots));
    amounts.push_back(pg::ArrayText(part_amounts));
  }
};

}  // namespace

void SaveOrders(pg::Tx& tx, const Tables& tables) {
  OrderColumns fresh, changed;
  tables.order.EachDirty([&](const OrderKey& key, const std::optional<Order>& was, const std::optional<Order>& now) {
    const bool had_purchase = was && was->purchase != nullptr;
    (was ? changed : fresh).Add(key, *now, now->purchase != nullptr && !had_purchase);
  });
  fresh.Run(tx, kInsertOrders);
  changed.Run(tx, kUpdateOrders);
}

void SaveHolds(pg::Tx& tx, const Tables& tables) {
  HoldColumns c;
  tables.hold.EachDirty([&](const HoldKey& key, const auto&, const std::optional<Hold>& now) { c.Add(key, *now); });
  if (c.id.empty()) return;
  tx.Send(kSaveHolds, c.customer, c.brand, c.id, c.currency, c.state, c.amount, c.captured, c.refunded, c.end, c.sides,
          c.lots, c.amounts);
}

}  // namespace tessera::membership::store
