// Random histories of several members, in random batches on a real Postgres, end as they end in memory one by one.
#include <gtest/gtest.h>

#include <cstdlib>
#include <random>

#include "services/membership/domain/programs_for_test.h"
#include "services/membership/store/codec.h"
#include "services/membership/store/store_world.h"

namespace tessera::membership {
namespace {

// Everything that a program can declare about points, and a currency that slides.
constexpr char kRich[] = R"({
  "program_id": "pet",
  "currencies": [
    {"name": "points", "kind": "KIND_POINTS",
     "expiry": {"kind": "KIND_ROLLING", "days": 9, "reinstate_days": 2, "warn_days": 3},
     "negative": {"kind": "KIND_NEGATIVE_TO", "limit": "30"}},
    {"name": "growth", "kind": "KIND_GROWTH"},
    {"name": "green", "kind": "KIND_GREEN", "activation": {"kind": "KIND_ON_ORDER_COMPLETED", "days": 4},
     "expiry": {"kind": "KIND_SLIDING", "days": 6, "activities": ["review.posted"]}}
  ],
  "tiers": [{"tier_id": "A"}, {"tier_id": "B", "threshold": "40"}, {"tier_id": "C", "threshold": "90"}],
  "tier_policy": {"qualifying_currency": "growth", "window": "WINDOW_LIFETIME", "downgrade": "DOWNGRADE_BY_BALANCE",
                  "on_return": "ON_RETURN_AT_ONCE"},
  "earning_rules": [
    {"rule_id": "p", "trigger": "order.paid", "points": "1", "per": "100", "currency": "points"},
    {"rule_id": "g", "trigger": "order.paid", "points": "1", "per": "100", "currency": "growth"},
    {"rule_id": "e", "trigger": "order.paid", "base": "BASE_QUANTITY", "points": "2", "per": "1", "currency": "green"},
    {"rule_id": "c", "trigger": "order.completed", "base": "BASE_FIXED", "points": "3", "currency": "points"},
    {"rule_id": "r", "trigger": "review.posted", "base": "BASE_FIXED", "points": "4", "currency": "green"}
  ],
  "enrol_on": ["any"]
})";

std::string Windowed() {
  std::string document = kRich;
  const std::string lifetime = "\"WINDOW_LIFETIME\"";
  document.replace(document.find(lifetime), lifetime.size(), "\"WINDOW_ROLLING\", \"months\": 1");
  return document;
}

// A member in words, so that a difference can be read.
std::string Describe(const Member& m) {
  const auto time = [](absl::Time t) { return absl::FormatTime(t, absl::UTCTimeZone()) + " "; };
  const auto totals = [](const Totals& t) { return pg::ArrayText(store::EncodeTotals(t)) + " "; };
  std::string text = m.root.ToString() + " " + totals(m.own) + totals(m.all) + std::to_string(m.member_seq) + " ";
  text += time(m.own_enrolled_time) + time(m.enrolled_time) + "activation " + time(m.next_activation) + "expiry " +
          time(m.next_expiry) + "hold " + time(m.next_hold_end) + "warning " + time(m.next_warning);
  text += "tier " + std::to_string(m.tier.level) + " version " + std::to_string(m.tier.version) + " since " +
          time(m.tier.since) + time(m.tier.hold_until) + time(m.tier.grace_from) + time(m.tier.reviewed) + "due " +
          time(m.tier.due);
  for (const CustomerId& side : m.absorbed) text += side.ToString() + " ";
  for (const HeldDebt& debt : m.held_debts) {
    text += "owes " + std::to_string(debt.amount) + " of " + std::to_string(debt.currency) + " for " +
            debt.lot.ToString() + " ";
  }
  return text;
}

class History {
 public:
  explicit History(uint32_t seed) : random_(seed) {
    memory_.page_size = 200;  // as the store's
    Put(kRich);
  }

  void Run(int batches) {
    for (int i = 0; i < batches; ++i) {
      if (i == batches / 2) Put(Windowed());
      if (!::testing::Test::HasFatalFailure()) Step();
    }
  }

  void Compare() {
    CompareMembers();
    CompareRows();
    const std::string violations = store_.Violations();
    EXPECT_EQ(violations, "");
  }

 private:
  int Pick(int below) { return static_cast<int>(random_() % static_cast<uint32_t>(below)); }

  void Put(const std::string& document) {
    const PutProgram command = {World::kBrand, api::FromDocument(document), document,
                                orders_ == 0 ? absl::InfinitePast() : memory_.now};
    ASSERT_TRUE(std::holds_alternative<Done>(memory_.Decide(command)));
    ASSERT_EQ(store_.Run(command).kind, engine::Decided::Kind::kDone);
  }

  void Step() {
    memory_.now += absl::Minutes(1 + Pick(2'000));
    store_.now = memory_.now;
    memory_.RunTimers();
    store_.RunTimers();
    std::vector<Command> commands;
    std::vector<Outcome> expected;
    for (int n = 1 + Pick(12); n > 0; --n) {
      commands.push_back(Next());
      expected.push_back(memory_.Decide(commands.back()));
    }
    const auto decided = store_.RunBatch(commands);
    for (size_t i = 0; i < commands.size(); ++i) {
      ASSERT_EQ(decided[i].kind, static_cast<engine::Decided::Kind>(expected[i].index())) << commands[i].index();
      if (auto* done = std::get_if<Done>(&expected[i])) {
        ASSERT_EQ(decided[i].events.size(), done->facts.size());
        ASSERT_EQ(decided[i].timers, done->timers);
      }
    }
    ASSERT_EQ(store_.timers, memory_.timers);
  }

  Cause NextCause() {
    // An event each second, so that lots are never of the same millisecond.
    return {"shop", "e" + std::to_string(++causes_), memory_.now - absl::Seconds(causes_ % 50)};
  }
  RequestId NextRequest() { return {UuidV7Of(memory_.now, {"request", std::to_string(++causes_)})}; }
  Cause Call() { return {"call", std::to_string(++causes_), absl::InfinitePast()}; }
  MemberKey Someone() { return World::Key(1 + Pick(5)); }
  OrderKey SomeOrder() { return {"o" + std::to_string(Pick(std::max(orders_, 1))), "shop", World::kBrand}; }
  HoldId SomeHold() {
    return holds_.empty() ? HoldId{NextRequest().uuid} : holds_[Pick(static_cast<int>(holds_.size()))];
  }

  Command Next() {
    switch (Pick(12)) {
      case 0:
      case 1:
      case 2: {
        const OrderKey order = {"o" + std::to_string(orders_++), "shop", World::kBrand};
        const auto purchase = Lines({{1 + Pick(3), 100 * Pick(40)}, {1 + Pick(2), 50 + Pick(3'000)}});
        return OrderPaid{Someone(), NextCause(), order, std::make_shared<const Purchase>(purchase)};
      }
      case 3:
      case 4:
        return OrderRefunded{Someone(), NextCause(), SomeOrder(), {{Pick(2), Pick(3), 0}}, int64_t{100} * Pick(3)};
      case 5:
        return OrderCompleted{Someone(), NextCause(), SomeOrder()};
      case 6:
        return CustomerActed{Someone(), NextCause(), EventType::kReviewPosted};
      case 7: {
        const RequestId id = NextRequest();
        holds_.push_back({id.uuid});
        return SpendPoints{Someone(), Call(), {id.uuid}, "points", 1 + Pick(40)};
      }
      case 8: {
        const RequestId id = NextRequest();
        holds_.push_back({id.uuid});
        return HoldPoints{
            Someone(), Call(), {id.uuid}, Pick(3) == 0 ? "green" : "points", 1 + Pick(20), absl::Hours(1 + Pick(200))};
      }
      case 9:
        return CaptureHold{Someone(), Call(), SomeHold(), Pick(8)};
      case 10:
        if (Pick(2) == 0) return ReleaseHold{Someone(), Call(), SomeHold()};
        return RefundSpend{Someone(), Call(), SomeHold(), Pick(10)};
      default:
        if (Pick(12) != 0) return EarnPoints{Someone(), Call(), {NextRequest().uuid}, "points", 1 + Pick(30)};
        return CustomersMerged{{NextRequest().uuid}, "group", Someone().customer, Someone().customer,
                               memory_.now,          {},      {World::kBrand}};
    }
  }

  // Everything as a fresh batch reads it.
  Tables ReadAll() {
    Need need;
    need.brands.insert(World::kBrand);
    memory_.tables.member.Each([&](const MemberKey& key, const Member&) { need.members.insert(key); });
    memory_.tables.order.Each([&](const OrderKey& key, const Order&) { need.orders.insert(key); });
    memory_.tables.lot.Each([&](const LotKey& key, const Lot&) { need.lots.insert(key); });
    memory_.tables.hold.Each([&](const HoldKey& key, const Hold&) { need.holds.insert(key); });
    pg::Tx tx(store_.connection(), "read_all");
    Tables tables;
    store::Discover(tx, need);
    EXPECT_EQ(store::Load(tx, need, tables, &api::FromDocument), engine::Loaded::kOk);
    EXPECT_TRUE(tx.ok()) << tx.status();
    return tables;
  }

  void CompareMembers() {
    const Tables read = ReadAll();
    memory_.tables.member.Each([&](const MemberKey& key, const Member& member) {
      EXPECT_EQ(Describe(read.member.At(key)), Describe(member)) << key.customer.ToString();
    });
    memory_.tables.order.Each([&](const OrderKey& key, const Order& order) {
      Order expected = order;
      const Order& found = read.order.At(key);
      ASSERT_EQ(found.purchase == nullptr, order.purchase == nullptr);
      if (order.purchase != nullptr) {
        EXPECT_EQ(*found.purchase, *order.purchase);
      }
      expected.purchase = found.purchase;
      EXPECT_EQ(found, expected) << key.order_id;
    });
    memory_.tables.lot.Each([&](const LotKey& key, const Lot& lot) { EXPECT_EQ(read.lot.At(key), lot); });
    memory_.tables.hold.Each([&](const HoldKey& key, const Hold& hold) { EXPECT_EQ(read.hold.At(key), hold); });
  }

  void CompareRows() {
    const auto count = [&](const auto& table) {
      int64_t n = 0;
      table.Each([&n](const auto&, const auto&) { ++n; });
      return std::to_string(n);
    };
    EXPECT_EQ(store_.Text("SELECT count(*) FROM transfer"), count(memory_.tables.transfer));
    EXPECT_EQ(store_.Text("SELECT count(*) FROM lot"), count(memory_.tables.lot));
    EXPECT_EQ(store_.Text("SELECT count(*) FROM member"), count(memory_.tables.member));
    EXPECT_EQ(store_.Text("SELECT count(*) FROM applied_merge"), count(memory_.tables.merge));
    int64_t amount = 0;
    memory_.tables.transfer.Each([&](const TransferKey&, const Transfer& transfer) { amount += transfer.amount; });
    EXPECT_EQ(store_.Text("SELECT sum(amount) FROM transfer"), std::to_string(amount));
  }

  std::mt19937 random_;
  World memory_;
  StoreWorld store_;
  std::vector<HoldId> holds_;
  int orders_ = 0, causes_ = 0;
};

// TESSERA_SEED=n repeats one history.
TEST(HistoryTest, BatchesOnPostgresEndAsCommandsInMemory) {
  const char* chosen = std::getenv("TESSERA_SEED");
  std::random_device device;
  for (int i = 0; i < (chosen == nullptr ? 10 : 1) && !HasFailure(); ++i) {
    const auto seed = chosen == nullptr ? device() : static_cast<uint32_t>(std::stoul(chosen));
    std::fprintf(stderr, "TESSERA_SEED=%u\n", seed);
    History history(seed);
    history.Run(40);
    if (!HasFailure()) history.Compare();
  }
}

}  // namespace
}  // namespace tessera::membership
