// A toy service for the engine's tests: accounts that earn by order, refunds that wait for their order, transfers that
// wait for nothing, lots read on demand, and values that the database refuses.
#pragma once

#include <atomic>
#include <memory>
#include <set>
#include <string>
#include <variant>
#include <vector>

#include "base/embedded_file.h"
#include "engine/service_of.h"
#include "engine/table.h"
#include "pg/tx.h"

namespace tessera::engine::toy {

struct Account {
  int64_t balance = 0;
  bool operator==(const Account&) const = default;
};
struct Order {
  std::string account;
  int64_t points = 0;
  int64_t refunded = 0;
  bool operator==(const Order&) const = default;
};

struct Earn {
  std::string account, order;
  int64_t points = 0;
};
struct Refund {
  std::string account, order;
  int64_t points = 0;
};
// Asks for the other account's row only while deciding.
struct Move {
  std::string from, to;
  int64_t points = 0;
};
struct Expire {
  Uuid owner;
};

struct Toy {
  using Command = std::variant<Earn, Refund, Move, Expire>;
  struct Reply {
    int64_t balance = 0;
  };
  struct Fact {
    std::string account, what;
    int64_t points = 0;
  };
  enum class Reason { kTooMany, kOrderUnknown, kNotEnough };
  struct Need {
    std::set<std::string> accounts, orders;
    std::set<WaitKey> wakes;
    void Merge(const Need& other);
    bool WantsLocksBeyond(const Need& held) const;
  };
  struct Tables {
    Table<std::string, Account> account;
    Table<std::string, Order> order;
    auto Tie() { return std::tie(account, order); }
  };

  static void Keys(const Command& command, Need& need);
  static Outcome<Toy> Decide(Tables& tables, const Command& command, absl::Time now);
  static bool Discover(pg::Tx&, Need&) { return false; }
  static void Lock(pg::Tx& tx, const Need& need);
  static Loaded Load(pg::Tx& tx, const Need& need, Tables& tables);
  static void Save(pg::Tx& tx, const Tables& tables, absl::Time now);
  static std::string EncodeReply(const Command& command, const Reply& reply);
  static void EncodeFact(const Fact& fact, const Cause& cause, std::vector<Published>& out);
  static absl::Status StatusOf(Reason reason, std::string_view field, std::string_view detail);
};

// Records carry text: "earn <account> <order> <points>", "refund ...", or "crash"; the header "id" makes them
// strangers'.
class ToyService final : public Service {
 public:
  std::unique_ptr<Batch> NewBatch() const override {
    ++batches_made;
    return std::make_unique<BatchOf<Toy>>();
  }
  absl::StatusOr<Understood> FromRecord(const kafka::Record& record) const override;
  std::unique_ptr<AnyCommand> FromTimer(const TimerKey& key) const override {
    return MakeCommand<Toy>(Expire{key.owner});
  }

  mutable std::atomic<int> batches_made = 0;
};

const std::vector<EmbeddedFile>& ToyFiles();

}  // namespace tessera::engine::toy
