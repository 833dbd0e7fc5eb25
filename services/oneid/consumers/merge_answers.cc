#include "services/oneid/consumers/merge_answers.h"

#include "base/fault_point.h"
#include "base/status.h"
#include "events/cloud_event.h"
#include "events/payload.h"
#include "tessera/events/v1/rekeyed.pb.h"

namespace tessera::oneid {
namespace {

RecordAnswer::Totals TotalsOf(const events::v1::RekeyedTotals& totals) {
  return {totals.totals().begin(), totals.totals().end()};
}

}  // namespace

absl::StatusOr<std::optional<MergeAnswerCommand>> UnderstandMergeAnswer(const kafka::Record& record,
                                                                        const std::set<std::string>& required) {
  TESSERA_ASSIGN_OR_RETURN(const events::CloudEvent event, events::DecodeCloudEvent(record));
  if (!event.type.ends_with(".rekeyed.v1")) return std::nullopt;
  events::v1::Rekeyed message;
  TESSERA_RETURN_IF_ERROR(events::DecodePayload(event, &message));
  const auto merge = MergeId::Parse(message.merge_id());
  if (!merge) return InvalidField("merge_id", "is no UUID");
  if (message.service().empty()) return InvalidField("service", "is missing");
  FaultPoint("merge.answer_read");
  MergeAnswerCommand command;
  command.answer = {.merge = *merge,
                    .service = message.service(),
                    .survivor_before = TotalsOf(message.survivor_before()),
                    .absorbed_before = TotalsOf(message.absorbed_before()),
                    .survivor_after = TotalsOf(message.survivor_after()),
                    .required_services = required};
  auto extension = [&](const char* name) {
    auto at = event.extensions.find(name);
    return at == event.extensions.end() ? std::string() : at->second;
  };
  command.cause = {.id = event.id,
                   .correlation_id = extension("correlationid"),
                   .traceparent = extension("traceparent"),
                   .time = event.time.value_or(record.timestamp),
                   .brand = extension("brandid")};
  if (command.cause.correlation_id.empty()) command.cause.correlation_id = event.id;
  return command;
}

}  // namespace tessera::oneid
