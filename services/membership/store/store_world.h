// For tests of the store: the service's batches by hand on a real database, without the engine's loops.
#pragma once

#include <fstream>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include "absl/synchronization/mutex.h"
#include "base/check.h"
#include "engine/service.h"
#include "pg/connection.h"
#include "pg/tx.h"
#include "services/membership/api/commands.h"
#include "services/membership/api/program_document.h"
#include "services/membership/domain/world.h"
#include "services/membership/service.h"
#include "services/membership/store/store.h"
#include "testing/postgres.h"

namespace tessera::membership {

class StoreWorld {
 public:
  explicit StoreWorld(const char* zone = "UTC") : database_("membership", EmbeddedFiles()), service_(NewService()) {
    auto options = database_.options();
    options.key_access_only = true;
    auto connection = pg::Connection::Open(options);
    TESSERA_CHECK(connection.ok());
    connection_ = std::move(*connection);
    BrandChanged brand = {World::kBrand, "group", zone, "GB", "GBP", 1, {}};
    TESSERA_CHECK(absl::LoadTimeZone(zone, &brand.zone));
    Run(brand);
  }

  absl::Time now = absl::FromCivil(absl::CivilSecond(2024, 1, 1, 12), absl::UTCTimeZone());

  // The text of programs/<name>.json.
  static std::string ReadProgramFile(const std::string& name) {
    std::ifstream file(TESSERA_PROGRAMS + name + ".json");
    TESSERA_CHECK(file.good());
    std::stringstream document;
    document << file.rdbuf();
    return document.str();
  }
  void PutProgramFile(const std::string& name) { PutDocument(ReadProgramFile(name)); }
  void PutDocument(const std::string& document, absl::Time from = absl::InfinitePast()) {
    const PutProgram command = {World::kBrand, api::FromDocument(document), document, from};
    TESSERA_CHECK(Run(command).kind == engine::Decided::Kind::kDone);
  }

  // One batch with one command.
  engine::Decided Run(const Command& command) { return RunBatch({command})[0]; }

  // One transaction for all commands, as the engine runs it.
  std::vector<engine::Decided> RunBatch(const std::vector<Command>& commands) {
    std::vector<std::unique_ptr<engine::AnyCommand>> wrapped;
    for (const Command& command : commands) wrapped.push_back(api::Wrap(command));
    return RunOn(*connection_, wrapped);
  }
  engine::Decided RunWrapped(std::unique_ptr<engine::AnyCommand> command) {
    std::vector<std::unique_ptr<engine::AnyCommand>> wrapped;
    wrapped.push_back(std::move(command));
    return RunOn(*connection_, wrapped)[0];
  }

  // The same on a connection of the caller's; several threads may do so.
  std::vector<engine::Decided> RunOn(pg::Connection& connection,
                                     const std::vector<std::unique_ptr<engine::AnyCommand>>& wrapped) {
    auto batch = service_->NewBatch();
    for (const auto& command : wrapped) batch->Add(*command);
    for (int attempt = 0;; ++attempt) {
      TESSERA_CHECK(attempt < 20);
      pg::Tx tx(connection, "test_batch");
      std::vector<engine::Decided> decided;
      if (!Attempt(tx, *batch, wrapped, decided)) {
        TESSERA_CHECK(tx.ok());
        batch->Restart();
        continue;
      }
      batch->Save(tx, now);
      if (!tx.ok()) std::fprintf(stderr, "%s\n", std::string(tx.status().message()).c_str());
      TESSERA_CHECK(tx.Commit() == pg::CommitResult::kCommitted);
      absl::MutexLock lock(&mutex_);
      for (const auto& one : decided) KeepTimers(one);
      return decided;
    }
  }

  // Fires every timer that is due at `now`, earliest first, until none is.
  void RunTimers() {
    for (int fired = 0; fired < 10'000; ++fired) {
      auto earliest = timers.end();
      for (auto at = timers.begin(); at != timers.end(); ++at) {
        if (at->second <= now && (earliest == timers.end() || at->second < earliest->second)) earliest = at;
      }
      if (earliest == timers.end()) return;
      const engine::TimerKey key = earliest->first;
      timers.erase(earliest);
      const auto decided = Run(TimerFired{{{key.owner}, key.brand}, static_cast<TimerKind>(key.kind)});
      TESSERA_CHECK(decided.kind == engine::Decided::Kind::kDone);
    }
    TESSERA_CHECK(false);
  }

  pg::Connection& connection() { return *connection_; }
  std::string Text(const std::string& sql) { return database_.Text(sql); }
  testing::TestDatabase& database() { return database_; }

  // Rows of all checks: "" if every invariant holds.
  std::string Violations() {
    std::string violations;
    for (const EmbeddedFile& file : EmbeddedFiles()) {
      if (!file.name.starts_with("checks/") || file.name.ends_with("timers_are_set.sql")) continue;  // no engine here
      const std::string found = Text("SELECT string_agg(brand_id || ' ' || subject || ' ' || detail, '; ') FROM (" +
                                     std::string(file.content) + ") AS v");
      if (!found.empty()) violations += std::string(file.name) + ": " + found + "\n";
    }
    return violations;
  }

  std::map<engine::TimerKey, absl::Time> timers;

 private:
  bool Attempt(pg::Tx& tx, engine::Batch& batch, const std::vector<std::unique_ptr<engine::AnyCommand>>& commands,
               std::vector<engine::Decided>& decided) {
    while (batch.Discover(tx)) {
    }
    batch.Lock(tx);
    if (batch.Load(tx) == engine::Loaded::kMoved || !tx.ok()) return false;
    for (const auto& command : commands) {
      for (int round = 0;; ++round) {
        TESSERA_CHECK(round < 12);
        engine::Decided one = batch.Decide(*command, {}, now);
        if (one.kind != engine::Decided::Kind::kMore) {
          decided.push_back(std::move(one));
          break;
        }
        while (batch.Discover(tx)) {
        }
        if (batch.NeedsLock()) return false;
        if (batch.Load(tx) == engine::Loaded::kMoved || !tx.ok()) return false;
      }
    }
    return tx.ok();
  }

  void KeepTimers(const engine::Decided& decided) {
    for (const engine::TimerChange& change : decided.timers) {
      if (change.due) {
        timers[change.key] = *change.due;
      } else {
        timers.erase(change.key);
      }
    }
  }

  testing::TestDatabase database_;
  std::unique_ptr<engine::Service> service_;
  std::unique_ptr<pg::Connection> connection_;
  absl::Mutex mutex_;  // of timers
};

}  // namespace tessera::membership
