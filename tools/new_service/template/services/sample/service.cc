#include "services/sample/service.h"

#include "base/check.h"
#include "base/status.h"
#include "engine/service_of.h"
#include "services/sample/consumers/customer_events.h"
#include "services/sample/events/activity_events.h"
#include "services/sample/store/activity_store.h"
#include "tessera/sample/v1/activity_service.pb.h"

namespace tessera::sample {
namespace {

struct Domain : Types {
  static void Keys(const Command& command, Need& need) { sample::Keys(command, need); }
  static Outcome Decide(Tables& tables, const Command& command, absl::Time now) {
    return sample::Decide(tables, command, now);
  }
  static bool Discover(pg::Tx&, Need&) { return false; }
  static void Lock(pg::Tx& tx, const Need& need) { sample::Lock(tx, need); }
  static engine::Loaded Load(pg::Tx& tx, const Need& need, Tables& tables) { return sample::Load(tx, need, tables); }
  static void Save(pg::Tx& tx, const Tables& tables, absl::Time) { sample::Save(tx, tables); }
  static std::string EncodeReply(const Command&, const Reply& reply) {
    v1::ResetActivityResponse response;
    response.set_event_count_before(reply.event_count_before);
    return response.SerializeAsString();
  }
  static void EncodeFact(const Fact& fact, const engine::Cause& cause, std::vector<engine::Published>& out) {
    sample::EncodeFact(fact, cause, out);
  }
  static absl::Status StatusOf(Reason reason, std::string_view field, std::string_view) {
    return sample::StatusOf(reason, field);
  }
};

class SampleService final : public engine::Service {
 public:
  std::unique_ptr<engine::Batch> NewBatch() const override { return std::make_unique<engine::BatchOf<Domain>>(); }
  absl::StatusOr<engine::Understood> FromRecord(const kafka::Record& record) const override {
    return UnderstandCustomerEvent(record);
  }
  std::unique_ptr<engine::AnyCommand> FromTimer(const engine::TimerKey&) const override {
    CheckFailed("the sample sets no timers");
  }
};

}  // namespace

std::unique_ptr<engine::Service> NewService() { return std::make_unique<SampleService>(); }

std::unique_ptr<engine::AnyCommand> NewCommand(Command command) {
  return engine::MakeCommand<Domain>(std::move(command));
}

absl::Status StatusOf(Reason reason, std::string_view field) {
  switch (reason) {
    case Reason::kCustomerUnknown:
      return MakeError(absl::StatusCode::kNotFound, "no event of this customer has come yet",
                       {"CUSTOMER_UNKNOWN", "sample.tessera", {{"field", std::string(field)}}});
  }
  return absl::InternalError("reason");
}

}  // namespace tessera::sample
