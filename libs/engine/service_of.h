// The typed facade: a Batch over a domain D. A service instantiates it once, in its service.cc.
//
// D is a struct that names
//   types      Command, Reply, Fact   values (usually std::variant)
//              Reason                 closed enum of refusals
//              Need                   keys known so far; has `std::set<WaitKey> wakes`, Merge(const Need&) and
//                                     WantsLocksBeyond(const Need& held)
//              Tables                 a struct of Table<>; `auto Tie() { return std::tie(a, b); }`
//   domain     void Keys(const Command&, Need&)                          pure: what the command names
//              Outcome<D> Decide(Tables&, const Command&, absl::Time now) deterministic, touches nothing but the tables
//   store      bool Discover(pg::Tx&, Need&)          unlocked reads that widen the need; called until false, <= 4
//   times
//              void Lock(pg::Tx&, const Need&)        fixed table order, keys sorted
//              Loaded Load(pg::Tx&, const Need&, Tables&)   one statement per table; only what is not loaded yet
//              void Save(pg::Tx&, const Tables&, absl::Time now)
//   maps       std::string EncodeReply(const Command&, const Reply&)      response bytes
//              void EncodeFact(const Fact&, const Cause&, std::vector<Published>&)
//              absl::Status StatusOf(Reason, std::string_view field, std::string_view detail)
#pragma once

#include <memory>
#include <tuple>
#include <utility>

#include "base/check.h"
#include "engine/service.h"
#include "pg/tx.h"

namespace tessera::engine {

template <class D>
class CommandOf final : public AnyCommand {
 public:
  explicit CommandOf(typename D::Command c) : value(std::move(c)) {}
  typename D::Command value;
};

template <class D>
std::unique_ptr<AnyCommand> MakeCommand(typename D::Command command) {
  return std::make_unique<CommandOf<D>>(std::move(command));
}

// True in test runs that decide everything twice and compare (environment TESSERA_DECIDE_TWICE=1).
bool DecideTwice();

template <class D>
class BatchOf final : public Batch {
 public:
  void Add(const AnyCommand& command) override { D::Keys(Value(command), need_); }
  const std::set<WaitKey>& MayWake() const override { return need_.wakes; }
  bool Discover(pg::Tx& tx) override { return D::Discover(tx, need_); }
  void Lock(pg::Tx& tx) override {
    D::Lock(tx, need_);
    locked_ = need_;
  }
  Loaded Load(pg::Tx& tx) override { return D::Load(tx, need_, tables_); }
  bool NeedsLock() const override { return need_.WantsLocksBeyond(locked_); }
  void Save(pg::Tx& tx, absl::Time now) override { D::Save(tx, tables_, now); }
  void Restart() override {
    EachTable([](auto& table) { table.Clear(); });
    locked_ = {};
  }

  Decided Decide(const AnyCommand& command, const Cause& cause, absl::Time now) override {
    auto outcome = D::Decide(tables_, Value(command), now);
    if (DecideTwice()) CheckSame(outcome, command, cause, now);
    const bool done = outcome.index() == 0;
    EachTable([done](auto& table) { done ? table.Keep() : table.Undo(); });
    if (auto* more = std::get_if<3>(&outcome)) need_.Merge(more->need);
    return Encode(outcome, Value(command), cause);
  }

  // For tests of a domain without a database.
  typename D::Tables& tables() { return tables_; }

 private:
  static const typename D::Command& Value(const AnyCommand& command) {
    return static_cast<const CommandOf<D>&>(command).value;
  }

  static Decided Encode(const Outcome<D>& outcome, const typename D::Command& command, const Cause& cause) {
    Decided decided;
    if (auto* done = std::get_if<0>(&outcome)) {
      decided.reply = D::EncodeReply(command, done->reply);
      for (const auto& fact : done->facts) D::EncodeFact(fact, cause, decided.events);
      decided.timers = done->timers;
      decided.wakes = done->wakes;
    } else if (auto* refusal = std::get_if<1>(&outcome)) {
      decided.kind = Decided::Kind::kRefused;
      decided.refusal = D::StatusOf(refusal->reason, refusal->field, refusal->detail);
    } else if (auto* wait = std::get_if<2>(&outcome)) {
      decided.kind = Decided::Kind::kWait;
      decided.wait_key = wait->key;
      decided.wait_until = wait->until;
      decided.refusal = D::StatusOf(wait->then_reason, "", "");
    } else {
      decided.kind = Decided::Kind::kMore;
    }
    return decided;
  }

  // Decide is deterministic: the same rows and the same command give the same answer and the same edits.
  void CheckSame(Outcome<D>& first, const AnyCommand& command, const Cause& cause, absl::Time now) {
    auto edits = AllEdits();
    EachTable([](auto& table) { table.Undo(); });
    auto second = D::Decide(tables_, Value(command), now);
    TESSERA_CHECK(Encode(first, Value(command), cause) == Encode(second, Value(command), cause));
    TESSERA_CHECK(edits == AllEdits());
    first = std::move(second);
  }

  auto AllEdits() {
    return std::apply([](const auto&... tables) { return std::make_tuple(tables.Edits()...); }, tables_.Tie());
  }

  template <class F>
  void EachTable(F f) {
    std::apply([&f](auto&... tables) { (f(tables), ...); }, tables_.Tie());
  }

  typename D::Need need_, locked_;
  typename D::Tables tables_;
};

}  // namespace tessera::engine
