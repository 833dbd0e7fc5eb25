#include "services/oneid/service.h"

#include <utility>

#include "base/status.h"
#include "engine/service_of.h"
#include "services/oneid/consumers/channel_events.h"
#include "services/oneid/consumers/merge_answers.h"
#include "services/oneid/domain/domain.h"
#include "services/oneid/events/publish.h"
#include "services/oneid/store/discover.h"
#include "services/oneid/store/load.h"
#include "services/oneid/store/save.h"
#include "services/oneid/store/vault.h"

namespace tessera::oneid {
namespace {

struct Oneid : DomainTypes {
  static void Keys(const Command& command, Need& need) { oneid::Keys(command, need); }
  static engine::Outcome<Oneid> Decide(Tables& tables, const Command& command, absl::Time now) {
    return oneid::Decide(tables, command, now);
  }
  static bool Discover(pg::Tx& tx, Need& need) { return oneid::Discover(tx, need); }
  static void Lock(pg::Tx& tx, const Need& need) { oneid::Lock(tx, need); }
  static engine::Loaded Load(pg::Tx& tx, Need& need, Tables& tables) {
    return oneid::Load(tx, need, tables) ? engine::Loaded::kOk : engine::Loaded::kMoved;
  }
  static void Save(pg::Tx& tx, const Tables& tables, absl::Time now) { oneid::Save(tx, tables, now); }
  static std::string EncodeReply(const Command&, const Reply&) { return ""; }
  static void EncodeFact(const Fact& fact, const engine::Cause& cause, std::vector<engine::Published>& out) {
    PublishFact(fact, cause, out);
  }
  static absl::Status StatusOf(Reason reason, std::string_view field, std::string_view detail);
};

absl::Status Error(absl::StatusCode code, std::string_view reason, std::string_view message, std::string_view field,
                   std::string_view detail) {
  std::string text(message);
  if (!detail.empty()) text += ": " + std::string(detail);
  ErrorInfo info{std::string(reason), "oneid.tessera", {}};
  if (!field.empty()) info.metadata["field"] = field;
  return MakeError(code, text, info);
}

absl::Status Oneid::StatusOf(Reason reason, std::string_view field, std::string_view detail) {
  using enum absl::StatusCode;
  switch (reason) {
    case Reason::kEventTimeOutOfRange:
      return Error(kInvalidArgument, "EVENT_TIME_OUT_OF_RANGE", "lies before 1970 or more than 24 hours ahead", field,
                   detail);
    case Reason::kBrandUnknown:
      return Error(kNotFound, "BRAND_UNKNOWN", "no such brand", field, detail);
    case Reason::kBrandInOtherGroup:
      return Error(kFailedPrecondition, "BRAND_IN_OTHER_GROUP", "a brand cannot change its group", field, detail);
    case Reason::kRankTaken:
      return Error(kFailedPrecondition, "RANK_TAKEN", "another namespace has this rank", field, detail);
    case Reason::kNamespaceLimit:
      return Error(kResourceExhausted, "NAMESPACE_LIMIT", "the group has 200 namespaces", field, detail);
    case Reason::kMergeUnknown:
      return Error(kNotFound, "MERGE_UNKNOWN", "no such merge", field, detail);
    case Reason::kAnswerChanged:
      return Error(kFailedPrecondition, "ANSWER_CHANGED", "the service gave another answer before", field, detail);
  }
  return absl::InternalError("no such reason");
}

class OneidService final : public engine::Service {
 public:
  explicit OneidService(ServiceOptions options) : options_(std::move(options)) {}

  std::unique_ptr<engine::Batch> NewBatch() const override { return std::make_unique<engine::BatchOf<Oneid>>(); }

  absl::StatusOr<engine::Understood> FromRecord(const kafka::Record& record) const override {
    if (options_.answer_topics.contains(record.topic)) return FromAnswer(record);
    TESSERA_ASSIGN_OR_RETURN(ChannelEventCommand understood, UnderstandChannelEvent(record));
    return engine::Understood{.command = engine::MakeCommand<Oneid>(std::move(understood.event)),
                              .identity = std::move(understood.identity),
                              .cause = std::move(understood.cause)};
  }

  std::unique_ptr<engine::AnyCommand> FromTimer(const engine::TimerKey&) const override {
    CheckFailed("oneid sets no timers");
  }

 private:
  absl::StatusOr<engine::Understood> FromAnswer(const kafka::Record& record) const {
    TESSERA_ASSIGN_OR_RETURN(auto understood, UnderstandMergeAnswer(record, options_.answering_services));
    if (!understood) return engine::Understood{};
    return engine::Understood{.command = engine::MakeCommand<Oneid>(std::move(understood->answer)),
                              .identity = std::nullopt,
                              .cause = std::move(understood->cause)};
  }

  const ServiceOptions options_;
};

}  // namespace

std::unique_ptr<engine::Service> NewService(ServiceOptions options) {
  InstallKeys(options.keys);
  return std::make_unique<OneidService>(std::move(options));
}

std::vector<engine::PartitionedTable> PartitionedTables() {
  return {{.name = "identifier_event", .period = engine::PartitionPeriod::kMonth}};
}

}  // namespace tessera::oneid
