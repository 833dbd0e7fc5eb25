#include "engine/tests/toy.h"

#include <algorithm>
#include <functional>
#include <sstream>

#include "base/status.h"

namespace tessera::engine::toy {
namespace {

using pg::Statement;

WaitKey OrderKey(const std::string& order) { return {"order/" + order}; }

Outcome<Toy> On(Toy::Tables& tables, const Earn& earn, absl::Time now) {
  if (tables.order.Find(earn.order) == nullptr) {
    tables.order.Insert(earn.order, {earn.account, earn.points, 0});
    tables.account.Edit(earn.account).balance += earn.points;
  }
  Done<Toy::Reply, Toy::Fact> done{{tables.account.At(earn.account).balance}};
  done.facts.push_back({earn.account, "earned", earn.points});
  if (earn.points == 7) {
    const TimerKey timer{UuidV7Of(absl::UnixEpoch(), {earn.account}), {"toy"}, 1};
    done.timers.push_back({timer, now + absl::Hours(1)});
  }
  done.wakes.push_back(OrderKey(earn.order));
  return done;
}

Outcome<Toy> On(Toy::Tables& tables, const Refund& refund, absl::Time now) {
  const Order* order = tables.order.Find(refund.order);
  if (order == nullptr)
    return Wait<Toy::Reason>{OrderKey(refund.order), now + absl::Hours(1), Toy::Reason::kOrderUnknown};
  tables.account.Edit(refund.account).balance -= refund.points;
  Order& edited = tables.order.Edit(refund.order);
  edited.refunded += refund.points;
  if (edited.refunded > edited.points) return Refusal<Toy::Reason>{Toy::Reason::kTooMany, "points", ""};
  return Done<Toy::Reply, Toy::Fact>{{tables.account.At(refund.account).balance},
                                     {{refund.account, "refunded", refund.points}}};
}

Outcome<Toy> On(Toy::Tables& tables, const Move& move, absl::Time) {
  if (!tables.account.Loaded(move.to)) return More<Toy::Need>{{{move.to}, {}, {}}};
  if (tables.account.At(move.from).balance < move.points)
    return Refusal<Toy::Reason>{Toy::Reason::kNotEnough, "points", ""};
  tables.account.Edit(move.from).balance -= move.points;
  tables.account.Edit(move.to).balance += move.points;
  return Done<Toy::Reply, Toy::Fact>{{tables.account.At(move.from).balance}};
}

Outcome<Toy> On(Toy::Tables&, const Expire& expire, absl::Time) {
  const TimerKey timer{expire.owner, {"toy"}, 1};
  return Done<Toy::Reply, Toy::Fact>{{}, {{"timer", "expired", 1}}, {{timer, std::nullopt}}};
}

}  // namespace

void Toy::Need::Merge(const Need& other) {
  accounts.insert(other.accounts.begin(), other.accounts.end());
  orders.insert(other.orders.begin(), other.orders.end());
  wakes.insert(other.wakes.begin(), other.wakes.end());
}

bool Toy::Need::WantsLocksBeyond(const Need& held) const {
  return !std::includes(held.accounts.begin(), held.accounts.end(), accounts.begin(), accounts.end());
}

void Toy::Keys(const Command& command, Need& need) {
  if (auto* earn = std::get_if<Earn>(&command)) {
    need.accounts.insert(earn->account);
    need.orders.insert(earn->order);
    need.wakes.insert(OrderKey(earn->order));
  } else if (auto* refund = std::get_if<Refund>(&command)) {
    need.accounts.insert(refund->account);
    need.orders.insert(refund->order);
  } else if (auto* move = std::get_if<Move>(&command)) {
    need.accounts.insert(move->from);
  }
}

Outcome<Toy> Toy::Decide(Tables& tables, const Command& command, absl::Time now) {
  return std::visit([&](const auto& c) { return On(tables, c, now); }, command);
}

void Toy::Lock(pg::Tx& tx, const Need& need) {
  static constexpr Statement kLockOrders = {
      "toy_lock_orders", "SELECT count(pg_advisory_xact_lock(hashtext(o))) FROM unnest($1::text[]) AS o"};
  static constexpr Statement kLockAccounts = {
      "toy_lock_accounts",
      "INSERT INTO account (account_id, balance) SELECT a, 0 FROM unnest($1::text[]) AS a "
      "ON CONFLICT (account_id) DO UPDATE SET balance = account.balance"};
  tx.Send(kLockOrders, std::vector<std::string>(need.orders.begin(), need.orders.end()));
  tx.Send(kLockAccounts, std::vector<std::string>(need.accounts.begin(), need.accounts.end()));
}

Loaded Toy::Load(pg::Tx& tx, const Need& need, Tables& tables) {
  static constexpr Statement kAccounts = {"toy_load_accounts",
                                          "SELECT account_id, balance FROM account WHERE account_id = ANY($1)"};
  static constexpr Statement kOrders = {
      "toy_load_orders", "SELECT order_id, account_id, points, refunded FROM orders WHERE order_id = ANY($1)"};
  for (const pg::Row row : tx.Run(kAccounts, std::vector<std::string>(need.accounts.begin(), need.accounts.end()))) {
    tables.account.Put(row.Get<std::string>(0), Account{row.Get<int64_t>(1)});
  }
  for (const pg::Row row : tx.Run(kOrders, std::vector<std::string>(need.orders.begin(), need.orders.end()))) {
    tables.order.Put(row.Get<std::string>(0), Order{row.Get<std::string>(1), row.Get<int64_t>(2), row.Get<int64_t>(3)});
  }
  for (const std::string& order : need.orders) tables.order.Put(order, std::nullopt);
  return Loaded::kOk;
}

void Toy::Save(pg::Tx& tx, const Tables& tables, absl::Time) {
  static constexpr Statement kAccounts = {
      "toy_save_accounts",
      "UPDATE account a SET balance = k.balance FROM unnest($1::text[], $2::int8[]) AS k(account_id, balance) "
      "WHERE a.account_id = k.account_id"};
  static constexpr Statement kOrders = {"toy_save_orders",
                                        "INSERT INTO orders (order_id, account_id, points, refunded) "
                                        "SELECT * FROM unnest($1::text[], $2::text[], $3::int8[], $4::int8[]) "
                                        "ON CONFLICT (order_id) DO UPDATE SET refunded = excluded.refunded"};
  std::vector<std::string> ids, order_ids, order_accounts;
  std::vector<int64_t> balances, points, refunded;
  tables.account.EachDirty([&](const std::string& id, const auto&, const std::optional<Account>& now) {
    ids.push_back(id);
    balances.push_back(now->balance);
  });
  tables.order.EachDirty([&](const std::string& id, const auto&, const std::optional<Order>& now) {
    order_ids.push_back(id);
    order_accounts.push_back(now->account);
    points.push_back(now->points);
    refunded.push_back(now->refunded);
  });
  if (!ids.empty()) tx.Send(kAccounts, ids, balances);
  if (!order_ids.empty()) tx.Send(kOrders, order_ids, order_accounts, points, refunded);
}

std::string Toy::EncodeReply(const Command&, const Reply& reply) { return std::to_string(reply.balance); }

void Toy::EncodeFact(const Fact& fact, const Cause& cause, std::vector<Published>& out) {
  out.push_back({.log = Log::kMain,
                 .key = fact.account,
                 .type = "com.tessera.toy." + fact.what + ".v1",
                 .subject = fact.account,
                 .brand = "toy",
                 .time = cause.time,
                 .data = std::to_string(fact.points)});
}

absl::Status Toy::StatusOf(Reason reason, std::string_view field, std::string_view) {
  switch (reason) {
    case Reason::kTooMany:
      return MakeError(absl::StatusCode::kFailedPrecondition, "too many",
                       {"TOO_MANY", "toy.tessera", {{"field", std::string(field)}}});
    case Reason::kOrderUnknown:
      return MakeError(absl::StatusCode::kFailedPrecondition, "order unknown", {"ORDER_UNKNOWN", "toy.tessera", {}});
    case Reason::kNotEnough:
      return MakeError(absl::StatusCode::kFailedPrecondition, "not enough", {"NOT_ENOUGH", "toy.tessera", {}});
  }
  return absl::InternalError("reason");
}

absl::StatusOr<Understood> ToyService::FromRecord(const kafka::Record& record) const {
  std::istringstream text(record.value.value_or(""));
  std::string what, account, order;
  int64_t points = 0;
  text >> what >> account >> order >> points;
  Understood understood;
  understood.cause = {what + order, what + order, "", record.timestamp, "toy"};
  for (const kafka::Header& header : record.headers) {
    if (header.name != "id") continue;
    understood.cause.id = header.value;
    understood.identity = EventIdentity{"toy", "channel", header.value, std::hash<std::string>()(*record.value)};
  }
  if (what == "earn") {
    understood.command = MakeCommand<Toy>(Earn{account, order, points});
  } else if (what == "refund") {
    understood.command = MakeCommand<Toy>(Refund{account, order, points});
  } else {
    return InvalidField("what", "is not known", "UNKNOWN_TYPE");
  }
  return understood;
}

const std::vector<EmbeddedFile>& ToyFiles() {
  static const std::vector<EmbeddedFile> files = {
      {"migrations/0001_toy.sql",
       "CREATE TABLE account (account_id text PRIMARY KEY, balance int8 NOT NULL "
       "CONSTRAINT account_balance_limit CHECK (balance < 1000000));"
       "CREATE TABLE orders (order_id text PRIMARY KEY, account_id text NOT NULL, points int8 NOT NULL, "
       "refunded int8 NOT NULL);"
       "GRANT UPDATE ON account, orders TO toy"},
      {"migrations/0001_toy.check.sql", "SELECT 1 WHERE to_regclass('account') IS NULL"},
  };
  return files;
}

}  // namespace tessera::engine::toy
