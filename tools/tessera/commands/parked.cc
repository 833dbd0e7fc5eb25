// tessera parked: records that failed alone, with those of their key behind them.
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
  RecordList list({{"RECORD"}, {"REASON"}, {"KEY"}, {"TOPIC"}, {"OFFSET", Table::Align::kRight}, {"SINCE"}});
  int64_t total = 0;
  TESSERA_ASSIGN_OR_RETURN(const int exit_code, AskEach(services, [&](const std::string& service) {
                             const auto show = [&](const ops::ListParkedResponse& page) {
                               for (const ops::ParkedRecord& record : page.records()) {
                                 list.Add(service, record,
                                          {ToText({service, record.parked_id()}), record.reason(), record.key_hash(),
                                           absl::StrCat(record.topic(), "/", record.partition()),
                                           absl::StrCat(record.offset()), TimeText(record.posted_time())});
                               }
                               return page.records_size();
                             };
                             return ReadPages<ops::ListParkedRequest, ops::ListParkedResponse>(
                                 stack, service, "tessera.ops.v1.OperationsService/ListParked", {}, left, total, show);
                           }));
  list.Print(arguments, total, "parked", "nothing is parked");
  return exit_code;
}

absl::StatusOr<int> Retry(Stack& stack, const Arguments& arguments) {
  return ForEachRecord(arguments, "was decided", [&](const RecordName& name) {
    ops::RetryParkedRequest request;
    request.set_parked_id(name.number);
    return stack
        .Call<ops::RetryParkedRequest, ops::RetryParkedResponse>(
            name.service, "tessera.ops.v1.OperationsService/RetryParked", request)
        .status();
  });
}

absl::StatusOr<int> Drop(Stack& stack, const Arguments& arguments) {
  return ForEachRecord(arguments, "is gone", [&](const RecordName& name) {
    ops::DropParkedRequest request;
    request.set_parked_id(name.number);
    return stack
        .Call<ops::DropParkedRequest, ops::DropParkedResponse>(name.service,
                                                               "tessera.ops.v1.OperationsService/DropParked", request)
        .status();
  });
}

}  // namespace

std::vector<Command> ParkedCommands() {
  return {{{.words = "parked list",
            .summary = "Lists the records that failed alone, with those of their key behind them, oldest first.",
            .options = {ServiceOption(), LimitOption()}},
           &List},
          {{.words = "parked retry",
            .summary = "Decides parked records again; those of one key must be retried oldest first.",
            .positionals = {{"record", "as `parked list` shows it", Count::kAtLeastOne}},
            .example = "parked retry oneid/3 oneid/4"},
           &Retry},
          {{.words = "parked drop",
            .summary = "Removes parked records for good.",
            .positionals = {{"record", "as `parked list` shows it", Count::kAtLeastOne}},
            .example = "parked drop oneid/3"},
           &Drop}};
}

}  // namespace tessera::cli
