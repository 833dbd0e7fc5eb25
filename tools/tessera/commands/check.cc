// tessera check: the invariants, against the live databases.
#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "tessera/ops/v1/operations_service.pb.h"
#include "tools/tessera/cli/output.h"
#include "tools/tessera/cli/records.h"
#include "tools/tessera/cli/table.h"
#include "tools/tessera/cli/text.h"
#include "tools/tessera/commands/commands.h"

namespace tessera::cli {
namespace {

namespace ops = ::tessera::ops::v1;

void AddViolations(const std::string& service, const ops::CheckResult& check, Table& violations) {
  for (const ops::CheckViolation& violation : check.violations()) {
    violations.Add(
        {absl::StrCat(service, "/", check.name()), violation.brand_id(), violation.subject(), violation.detail()});
  }
}

absl::StatusOr<int> Check(Stack& stack, const Arguments& arguments) {
  std::vector<std::string> services = arguments.words();
  if (services.empty()) {
    TESSERA_ASSIGN_OR_RETURN(services, stack.Services());
  }
  Table checks({{"SERVICE"}, {"INVARIANT"}, {"VIOLATIONS", Table::Align::kRight}});
  Table violations({{"INVARIANT"}, {"BRAND"}, {"SUBJECT"}, {"WHAT IS BROKEN"}});
  Json json = Json::array();
  int64_t count = 0;
  TESSERA_ASSIGN_OR_RETURN(const int exit_code, AskEach(services, [&](const std::string& service) -> absl::Status {
                             TESSERA_ASSIGN_OR_RETURN(const auto response,
                                                      (stack.Call<ops::RunChecksRequest, ops::RunChecksResponse>(
                                                          service, "tessera.ops.v1.OperationsService/RunChecks", {})));
                             for (const ops::CheckResult& check : response.checks()) {
                               Json one = {{"service", service}};
                               one.update(ToJson(check));
                               one["violation_count"] = check.violation_count();
                               json.push_back(std::move(one));
                               checks.Add({service, check.name(), Grouped(check.violation_count())});
                               AddViolations(service, check, violations);
                               count += check.violation_count();
                             }
                             return absl::OkStatus();
                           }));
  if (arguments.Has("json")) {
    PrintJson({{"violation_count", count}, {"checks", json}});
  } else {
    Print(checks.Text());
    if (!violations.empty()) Print("\n" + violations.Text());
    Print(count == 0   ? exit_code == 0 ? "all hold\n" : "all that were checked hold\n"
          : count == 1 ? "1 violation\n"
                       : absl::StrCat(Grouped(count), " violations; the first ten of each are shown\n"));
  }
  return count == 0 ? exit_code : 1;
}

}  // namespace

std::vector<Command> CheckCommands() {
  return {{{.words = "check",
            .summary = "Checks the invariants of each service against its database; exit code 1 if one is broken.",
            .positionals = {{"service", "oneid, membership ... (all that are known)", Count::kAny}},
            .example = "check membership"},
           &Check}};
}

}  // namespace tessera::cli
