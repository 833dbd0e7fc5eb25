// tessera points: what a customer has, the ledger behind it, and why.
#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "tessera/membership/v1/points_service.pb.h"
#include "tools/tessera/cli/customer.h"
#include "tools/tessera/cli/output.h"
#include "tools/tessera/cli/table.h"
#include "tools/tessera/cli/text.h"
#include "tools/tessera/commands/commands.h"

namespace tessera::cli {
namespace {

namespace v1 = ::tessera::membership::v1;
constexpr auto kRight = Table::Align::kRight;

template <class Request>
absl::StatusOr<Request> RequestFor(Stack& stack, const Arguments& arguments) {
  Request request;
  request.set_brand_id(BrandOf(arguments));
  TESSERA_ASSIGN_OR_RETURN(*request.mutable_customer_id(), CustomerOf(stack, arguments));
  return request;
}

absl::StatusOr<int> Balance(Stack& stack, const Arguments& arguments) {
  TESSERA_ASSIGN_OR_RETURN(const auto request, RequestFor<v1::GetBalanceRequest>(stack, arguments));
  TESSERA_ASSIGN_OR_RETURN(const auto response,
                           (stack.Call<v1::GetBalanceRequest, v1::GetBalanceResponse>(
                               "membership", "tessera.membership.v1.PointsService/GetBalance", request)));
  if (arguments.Has("json")) {
    PrintJson(ToJson(response));
    return 0;
  }
  Table table({{"CURRENCY"},
               {"AVAILABLE", kRight},
               {"PENDING", kRight},
               {"HELD", kRight},
               {"DEBT", kRight},
               {"BALANCE", kRight},
               {"EXPIRES IN 30 DAYS", kRight},
               {"NEXT EXPIRY"}});
  for (const v1::CurrencyStatement& statement : response.statements()) {
    const v1::Balance& balance = statement.balance();
    table.Add({balance.currency(), Grouped(balance.available()), Grouped(balance.pending()), Grouped(balance.held()),
               Grouped(balance.debt()), Grouped(balance.balance()), Grouped(statement.expiring()),
               TimeText(statement.next_expiry_time())});
  }
  Print("customer " + response.customer_id() + "\n\n" + table.Text());
  return 0;
}

std::string KindText(const v1::Entry& entry) { return EnumText(v1::EntryKind_Name(entry.kind()), "ENTRY_KIND_"); }

std::string CauseText(const v1::Entry& entry) { return absl::StrCat(entry.cause_source(), " ", entry.cause_id()); }

absl::StatusOr<int> Entries(Stack& stack, const Arguments& arguments) {
  TESSERA_ASSIGN_OR_RETURN(const int64_t limit, arguments.Number("limit", 50, 1, 1'000'000));
  TESSERA_ASSIGN_OR_RETURN(auto request, RequestFor<v1::ListEntriesRequest>(stack, arguments));
  request.set_currency(arguments.Text("currency"));
  Table table(
      {{"HAPPENED"}, {"KIND"}, {"CURRENCY"}, {"AMOUNT", kRight}, {"CHANGE", kRight}, {"CAUSE"}, {"RULE"}, {"SIDE"}});
  Json json = Json::array();
  bool more = true;
  for (int64_t left = limit; more && left > 0;) {
    request.set_page_size(static_cast<int32_t>(std::min<int64_t>(left, 500)));
    TESSERA_ASSIGN_OR_RETURN(const auto page,
                             (stack.Call<v1::ListEntriesRequest, v1::ListEntriesResponse>(
                                 "membership", "tessera.membership.v1.PointsService/ListEntries", request)));
    for (const v1::Entry& entry : page.entries()) {
      json.push_back(ToJson(entry));
      table.Add({TimeText(entry.effective_time()), KindText(entry), entry.currency(), Grouped(entry.amount()),
                 Grouped(entry.change()), CauseText(entry), entry.rule_id(), entry.customer_id()});
    }
    left -= page.entries_size();
    more = !page.next_page_token().empty();
    request.set_page_token(page.next_page_token());
  }
  if (arguments.Has("json")) {
    PrintJson({{"entries", json}, {"more", more}});
  } else if (table.empty()) {
    Print("there are no entries\n");
  } else {
    Print(table.Text() + (more ? "there are more; --limit shows them\n" : ""));
  }
  return 0;
}

void AddMovement(const v1::Entry& entry, Table& table) {
  table.Add({"", TimeText(entry.effective_time()), KindText(entry), Grouped(entry.amount()), CauseText(entry)});
}

void PrintStory(const v1::ExplainBalanceResponse& response) {
  const v1::Balance& balance = response.balance();
  Print(Pairs({{"customer", response.customer_id()},
               {"currency", balance.currency()},
               {"available", Grouped(balance.available())},
               {"pending", Grouped(balance.pending())},
               {"held", Grouped(balance.held())},
               {"debt", Grouped(balance.debt())},
               {"balance", Grouped(balance.balance())}}) +
        "\n");
  Table table({{"LOT"}, {"WHEN"}, {"WHAT"}, {"AMOUNT", kRight}, {"CAUSE"}});
  for (const v1::LotStory& story : response.lots()) {
    const v1::Lot& lot = story.lot();
    const std::string expiry = lot.has_expiry_time() ? ", expires " + TimeText(lot.expiry_time()) : "";
    table.Add({lot.lot_id(), TimeText(lot.earned_time()),
               absl::StrCat(EnumText(v1::Lot_State_Name(lot.state()), "STATE_"), ": left", expiry),
               Grouped(lot.remaining()), absl::StrCat("of ", Grouped(lot.amount()))});
    for (const v1::Entry& entry : story.movements()) AddMovement(entry, table);
  }
  if (response.other_entries_size() > 0) table.Add({"without a lot", "", "", "", ""});
  for (const v1::Entry& entry : response.other_entries()) AddMovement(entry, table);
  Print(table.Text());
  if (!response.next_page_token().empty()) Print("there are more lots; --limit shows them\n");
}

absl::StatusOr<int> Explain(Stack& stack, const Arguments& arguments) {
  TESSERA_ASSIGN_OR_RETURN(const int64_t limit, arguments.Number("limit", 50, 1, 500));
  TESSERA_ASSIGN_OR_RETURN(auto request, RequestFor<v1::ExplainBalanceRequest>(stack, arguments));
  request.set_currency(arguments.Text("currency"));
  request.set_page_size(static_cast<int32_t>(limit));
  TESSERA_ASSIGN_OR_RETURN(const auto response,
                           (stack.Call<v1::ExplainBalanceRequest, v1::ExplainBalanceResponse>(
                               "membership", "tessera.membership.v1.PointsService/ExplainBalance", request)));
  if (arguments.Has("json")) {
    PrintJson(ToJson(response));
  } else {
    PrintStory(response);
  }
  return 0;
}

}  // namespace

std::vector<Command> PointsCommands() {
  const Option limit = {"limit", "N", "how many at most (50)"};
  return {{{.words = "points balance",
            .summary = "Shows what a customer has, by currency.",
            .positionals = {CustomerPositional()},
            .options = {BrandOption()},
            .example = "points balance jd_pin=12415@jd"},
           &Balance},
          {{.words = "points entries",
            .summary = "Lists the ledger of a customer, latest first.",
            .positionals = {CustomerPositional()},
            .options = {BrandOption(), {"currency", "NAME", "only this one (all)"}, limit}},
           &Entries},
          {{.words = "points explain",
            .summary = "Tells why a balance is what it is: every lot with all that moved it.",
            .positionals = {CustomerPositional()},
            .options = {BrandOption(), {"currency", "NAME", "which (points)"}, limit}},
           &Explain}};
}

}  // namespace tessera::cli
