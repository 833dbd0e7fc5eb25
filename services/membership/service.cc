#include "services/membership/service.h"

#include <utility>

#include "engine/service_of.h"
#include "services/membership/api/commands.h"
#include "services/membership/api/errors.h"
#include "services/membership/api/program_document.h"
#include "services/membership/consumers/customer_topic.h"
#include "services/membership/domain/decide.h"
#include "services/membership/events/encode.h"
#include "services/membership/store/store.h"
#include "services/membership/timers/timers.h"

namespace tessera::membership {
namespace {

struct Membership : DomainTypes {
  static void Keys(const Command& command, Need& need) { membership::Keys(command, need); }
  static Outcome Decide(Tables& tables, const Command& command, absl::Time now) {
    return membership::Decide(tables, command, now);
  }
  static bool Discover(pg::Tx& tx, Need& need) { return store::Discover(tx, need); }
  static void Lock(pg::Tx& tx, const Need& need) { store::Lock(tx, need); }
  static engine::Loaded Load(pg::Tx& tx, const Need& need, Tables& tables) {
    return store::Load(tx, need, tables, &api::FromDocument);
  }
  static void Save(pg::Tx& tx, const Tables& tables, absl::Time now) { store::Save(tx, tables, now); }
  static std::string EncodeReply(const Command& command, const Reply& reply) {
    return api::EncodeReply(command, reply);
  }
  static void EncodeFact(const Fact& fact, const engine::Cause& cause, std::vector<engine::Published>& out) {
    events::EncodeFact(fact, cause, out);
  }
  static absl::Status StatusOf(Reason reason, std::string_view field, std::string_view detail) {
    return api::StatusOf(reason, field, detail);
  }
};

class MembershipService final : public engine::Service {
 public:
  std::unique_ptr<engine::Batch> NewBatch() const override { return std::make_unique<engine::BatchOf<Membership>>(); }

  absl::StatusOr<engine::Understood> FromRecord(const kafka::Record& record) const override {
    auto read = consumers::ReadRecord(record);
    if (!read.ok()) return read.status();
    engine::Understood understood;
    if (read->command) understood.command = api::Wrap(*std::move(read->command));
    understood.cause = std::move(read->cause);
    return understood;
  }

  std::unique_ptr<engine::AnyCommand> FromTimer(const engine::TimerKey& key) const override {
    return api::Wrap(timers::FromTimer(key));
  }
};

}  // namespace

std::unique_ptr<engine::AnyCommand> api::Wrap(Command command) {
  return engine::MakeCommand<Membership>(std::move(command));
}

std::unique_ptr<engine::Service> NewService() { return std::make_unique<MembershipService>(); }

void RegisterApi(engine::Api& api) {
  api::RegisterPointsCommands(api);
  api::RegisterProgramCommands(api);
}

std::vector<engine::PartitionedTable> PartitionedTables() {
  return {{.name = "transfer", .period = engine::PartitionPeriod::kMonth}};
}

}  // namespace tessera::membership
