// tessera waiting: events that came before what they need.
#include "tessera/ops/v1/operations_service.pb.h"
#include "tools/tessera/cli/records.h"
#include "tools/tessera/cli/table.h"
#include "tools/tessera/cli/text.h"
#include "tools/tessera/commands/commands.h"

namespace tessera::cli {
namespace {

namespace ops = ::tessera::ops::v1;

absl::StatusOr<int> List(Stack& stack, const Arguments& arguments) {
  TESSERA_ASSIGN_OR_RETURN(int64_t left, arguments.Number("limit", 50, 1, 1'000'000));
  TESSERA_ASSIGN_OR_RETURN(const auto services, stack.Services());
  RecordList list({{"EVENT"}, {"WAITS FOR"}, {"BRAND"}, {"EVENT ID"}, {"SINCE"}, {"UNTIL"}});
  int64_t total = 0;
  TESSERA_ASSIGN_OR_RETURN(const int exit_code, AskEach(services, [&](const std::string& service) {
                             const auto show = [&](const ops::ListWaitingResponse& page) {
                               for (const ops::WaitingEvent& event : page.events()) {
                                 list.Add(
                                     service, event,
                                     {ToText({service, event.waiting_id()}), event.wait_key(), event.brand_id(),
                                      event.event_id(), TimeText(event.posted_time()), TimeText(event.until_time())});
                               }
                               return page.events_size();
                             };
                             return ReadPages<ops::ListWaitingRequest, ops::ListWaitingResponse>(
                                 stack, service, "tessera.ops.v1.OperationsService/ListWaiting", {}, left, total, show);
                           }));
  list.Print(arguments, total, "waiting", "nothing waits");
  return exit_code;
}

absl::StatusOr<int> Drop(Stack& stack, const Arguments& arguments) {
  return ForEachRecord(arguments, "is a dead letter now", [&](const RecordName& name) {
    ops::DropWaitingRequest request;
    request.set_waiting_id(name.number);
    return stack
        .Call<ops::DropWaitingRequest, ops::DropWaitingResponse>(
            name.service, "tessera.ops.v1.OperationsService/DropWaiting", request)
        .status();
  });
}

}  // namespace

std::vector<Command> WaitingCommands() {
  return {{{.words = "waiting list",
            .summary = "Lists the events that came before what they need, such as a refund before its order.",
            .options = {ServiceOption(), LimitOption()}},
           &List},
          {{.words = "waiting drop",
            .summary = "Refuses waiting events now: they become dead letters.",
            .positionals = {{"event", "as `waiting list` shows it", Count::kAtLeastOne}},
            .example = "waiting drop membership/17"},
           &Drop}};
}

}  // namespace tessera::cli
