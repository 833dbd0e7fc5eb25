// tessera merge: customers that became one.
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "tools/tessera/cli/customer.h"
#include "tools/tessera/cli/output.h"
#include "tools/tessera/cli/text.h"
#include "tools/tessera/commands/commands.h"
#include "tools/tessera/commands/views.h"

namespace tessera::cli {
namespace {

namespace v1 = ::tessera::oneid::v1;

absl::StatusOr<int> List(Stack& stack, const Arguments& arguments) {
  TESSERA_ASSIGN_OR_RETURN(const int64_t limit, arguments.Number("limit", 50, 1, 1'000'000));
  v1::ListMergesRequest request;
  request.set_brand_id(BrandOf(arguments));
  if (arguments.Has("state")) {
    v1::MergeState state = v1::MERGE_STATE_UNSPECIFIED;
    if (!v1::MergeState_Parse("MERGE_STATE_" + absl::AsciiStrToUpper(arguments.Text("state")), &state)) {
      return absl::InvalidArgumentError("--state must be open, complete or mismatch");
    }
    request.set_state(state);
  }
  Table table = MergeTable();
  Json json = Json::array();
  bool more = true;
  for (int64_t left = limit; more && left > 0;) {
    request.set_page_size(static_cast<int32_t>(std::min<int64_t>(left, 500)));
    TESSERA_ASSIGN_OR_RETURN(const auto page, (stack.Call<v1::ListMergesRequest, v1::ListMergesResponse>(
                                                  "oneid", "tessera.oneid.v1.MergeService/ListMerges", request)));
    for (const v1::Merge& merge : page.merges()) {
      AddMerge(merge, table);
      json.push_back(ToJson(merge));
    }
    left -= page.merges_size();
    more = !page.next_page_token().empty();
    request.set_page_token(page.next_page_token());
  }
  if (arguments.Has("json")) {
    PrintJson({{"merges", json}, {"more", more}});
  } else if (table.empty()) {
    Print("there are no such merges\n");
  } else {
    Print(table.Text() + (more ? "there are more; --limit shows them\n" : ""));
  }
  return 0;
}

}  // namespace

Table MergeTable() {
  return Table({{"MERGE"}, {"STATE"}, {"SURVIVOR"}, {"ABSORBED"}, {"HAPPENED"}, {"BECAUSE OF"}, {"MISMATCH"}});
}

void AddMerge(const v1::Merge& merge, Table& table) {
  table.Add({merge.merge_id(), EnumText(v1::MergeState_Name(merge.state()), "MERGE_STATE_"),
             merge.survivor_customer_id(), merge.absorbed_customer_id(), TimeText(merge.merge_time()),
             absl::StrCat(merge.cause_source(), " ", merge.cause_event_id()), merge.mismatch()});
}

std::vector<Command> MergeCommands() {
  return {{{.words = "merge list",
            .summary = "Lists the merges of the brand's group, oldest first.",
            .options = {BrandOption(),
                        {"state", "STATE", "only those that are open, complete or mismatch"},
                        {"limit", "N", "how many at most (50)"}},
            .example = "merge list --state open"},
           &List}};
}

}  // namespace tessera::cli
