// tessera customer: who somebody is, and why.
#include "tools/tessera/cli/customer.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/status.h"
#include "tessera/membership/v1/member_service.pb.h"
#include "tools/tessera/cli/output.h"
#include "tools/tessera/cli/table.h"
#include "tools/tessera/cli/text.h"
#include "tools/tessera/commands/commands.h"
#include "tools/tessera/commands/views.h"

namespace tessera::cli {
namespace {

namespace v1 = ::tessera::oneid::v1;
using membership::v1::GetMemberRequest;
using membership::v1::GetMemberResponse;
using membership::v1::Member;

constexpr int32_t kIdentifiersMax = 1'000;  // the most that a customer can have

absl::StatusOr<v1::Customer> GetCustomer(Stack& stack, const std::string& brand, const std::string& customer_id) {
  v1::GetCustomerRequest request;
  request.set_brand_id(brand);
  request.set_customer_id(customer_id);
  TESSERA_ASSIGN_OR_RETURN(auto response, (stack.Call<v1::GetCustomerRequest, v1::GetCustomerResponse>(
                                              "oneid", "tessera.oneid.v1.IdentityService/GetCustomer", request)));
  return std::move(*response.mutable_customer());
}

// Puts the values themselves in place of the masked ones.
absl::Status Reveal(Stack& stack, const std::string& brand, v1::Customer& customer) {
  v1::RevealIdentifiersRequest request;
  request.set_brand_id(brand);
  request.set_customer_id(customer.customer_id());
  request.set_page_size(kIdentifiersMax);
  TESSERA_ASSIGN_OR_RETURN(auto response, (stack.Call<v1::RevealIdentifiersRequest, v1::RevealIdentifiersResponse>(
                                              "oneid", "tessera.oneid.v1.IdentityService/RevealIdentifiers", request)));
  customer.mutable_identifiers()->Swap(response.mutable_identifiers());
  return absl::OkStatus();
}

// What membership knows of the customer; nullopt if it does not know him.
absl::StatusOr<std::optional<Member>> FindMember(Stack& stack, const std::string& brand,
                                                 const std::string& customer_id) {
  GetMemberRequest request;
  request.set_brand_id(brand);
  request.set_customer_id(customer_id);
  auto response = stack.Call<GetMemberRequest, GetMemberResponse>(
      "membership", "tessera.membership.v1.MemberService/GetMember", request);
  if (absl::IsNotFound(response.status())) return std::optional<Member>();
  if (!response.ok()) return response.status();
  return std::optional<Member>(std::move(*response->mutable_member()));
}

void PrintIdentifiers(const v1::Customer& customer) {
  Table table({{"NAMESPACE"}, {"SCOPE"}, {"VALUE"}, {"SINCE"}, {"UNTIL"}, {"CAME WITH"}, {"NOTE"}});
  for (const v1::OwnedIdentifier& one : customer.identifiers()) {
    const char* note = one.quarantined() ? "quarantined" : one.shared() ? "shared" : "";
    table.Add({one.namespace_(), one.scope(), one.value(), TimeText(one.valid_from()), TimeText(one.valid_to()),
               absl::StrCat(one.source(), " ", one.event_id()), note});
  }
  Print(table.Text());
}

absl::StatusOr<int> Get(Stack& stack, const Arguments& arguments) {
  const std::string brand = BrandOf(arguments);
  TESSERA_ASSIGN_OR_RETURN(const std::string customer_id, CustomerOf(stack, arguments));
  TESSERA_ASSIGN_OR_RETURN(v1::Customer customer, GetCustomer(stack, brand, customer_id));
  if (arguments.Has("reveal")) TESSERA_RETURN_IF_ERROR(Reveal(stack, brand, customer));
  TESSERA_ASSIGN_OR_RETURN(const auto member, FindMember(stack, brand, customer.customer_id()));
  if (arguments.Has("json")) {
    PrintJson({{"customer", ToJson(customer)}, {"member", member ? ToJson(*member) : Json(nullptr)}});
    return 0;
  }
  std::vector<std::pair<std::string, std::string>> pairs = {
      {"customer", customer.customer_id()},
      {"group", customer.group_id()},
      {"known since", TimeText(customer.since_time())},
      {"anonymous", customer.anonymous() ? "yes" : "no"},
      {"absorbed", absl::StrJoin(customer.absorbed_customer_ids(), ", ")},
      {"member", !member              ? "not known to membership"
                 : member->enrolled() ? "yes"
                                      : "no"}};
  if (member) {
    pairs.insert(pairs.end(),
                 {{"tier", absl::StrCat(member->tier_id(), " since ", TimeText(member->tier_since_time()))},
                  {"orders", Grouped(member->orders())}});
    for (const auto& balance : member->balances()) pairs.emplace_back(balance.currency(), Grouped(balance.balance()));
  }
  Print(Pairs(pairs) + "\n");
  PrintIdentifiers(customer);
  return 0;
}

absl::StatusOr<v1::ExplainResolutionResponse> Explanation(Stack& stack, const std::string& brand,
                                                          const std::string& source, const std::string& event_id) {
  v1::ExplainResolutionRequest request;
  request.set_brand_id(brand);
  request.set_source(source);
  request.set_event_id(event_id);
  return stack.Call<v1::ExplainResolutionRequest, v1::ExplainResolutionResponse>(
      "oneid", "tessera.oneid.v1.IdentityService/ExplainResolution", request);
}

void PrintSteps(const v1::ExplainResolutionResponse& explained) {
  Table table({{"NAMESPACE"}, {"IDENTIFIER"}, {"WHAT BECAME OF IT"}, {"WHY"}, {"OWNER BEFORE"}});
  for (const v1::ExplainedStep& step : explained.steps()) {
    const std::string reason = v1::LeftOutReason_Name(step.left_out_reason());
    std::string why =
        step.left_out_reason() == v1::LEFT_OUT_REASON_UNSPECIFIED ? "" : EnumText(reason, "LEFT_OUT_REASON_");
    if (!step.rule().empty()) absl::StrAppend(&why, " (", step.rule(), ")");
    table.Add({step.namespace_(), step.identifier_id(), EnumText(v1::IdentifierUse_Name(step.use()), "IDENTIFIER_USE_"),
               why, step.owner_customer_id()});
  }
  Print(table.Text());
}

absl::StatusOr<int> ExplainEvent(Stack& stack, const Arguments& arguments) {
  const auto& words = arguments.words();
  TESSERA_ASSIGN_OR_RETURN(const auto explained, Explanation(stack, BrandOf(arguments), words[0], words[1]));
  if (arguments.Has("json")) {
    PrintJson(ToJson(explained));
    return 0;
  }
  std::vector<std::pair<std::string, std::string>> pairs = {
      {"event", absl::StrCat(words[0], " ", words[1], " (", explained.payload(), ")")},
      {"happened", TimeText(explained.event_time())},
      {"resolved", TimeText(explained.posted_time())},
      {"customer", explained.customer_id().empty() ? "unresolved" : explained.customer_id()},
      {"came to", absl::StrCat(explained.origin_customer_id(), explained.created() ? ", created by it" : "")},
      {"merges", absl::StrJoin(explained.merge_ids(), ", ")},
      {"rules", absl::StrCat("version ", explained.rule_version())}};
  Print(Pairs(pairs) + "\n");
  PrintSteps(explained);
  return 0;
}

absl::StatusOr<int> Explain(Stack& stack, const Arguments& arguments) {
  if (arguments.words().size() == 2) return ExplainEvent(stack, arguments);
  const std::string brand = BrandOf(arguments);
  TESSERA_ASSIGN_OR_RETURN(const std::string customer_id, CustomerOf(stack, arguments));
  TESSERA_ASSIGN_OR_RETURN(const v1::Customer customer, GetCustomer(stack, brand, customer_id));
  Table merges = MergeTable();
  Json json = {{"customer", ToJson(customer)}, {"merges", Json::array()}};
  for (const std::string& merge_id : customer.merge_ids()) {
    v1::GetMergeRequest request;
    request.set_brand_id(brand);
    request.set_merge_id(merge_id);
    TESSERA_ASSIGN_OR_RETURN(const auto response, (stack.Call<v1::GetMergeRequest, v1::GetMergeResponse>(
                                                      "oneid", "tessera.oneid.v1.MergeService/GetMerge", request)));
    AddMerge(response.merge(), merges);
    json["merges"].push_back(ToJson(response.merge()));
  }
  if (arguments.Has("json")) {
    PrintJson(json);
    return 0;
  }
  Print(Pairs({{"customer", customer.customer_id()}, {"known since", TimeText(customer.since_time())}}) + "\n");
  PrintIdentifiers(customer);
  Print("\n" + (merges.empty() ? "nobody was merged into this customer\n" : merges.Text()));
  Print("\n`tessera customer explain CHANNEL EVENT` tells what was done with one of these events\n");
  return 0;
}

}  // namespace

std::vector<Command> CustomerCommands() {
  return {{{.words = "customer get",
            .summary = "Shows a customer: its identifiers, what it absorbed, its tier and balances.",
            .positionals = {CustomerPositional()},
            .options = {BrandOption(), {"reveal", "", "show identifiers' values, not masked ones"}},
            .example = "customer get jd_pin=12415@jd"},
           &Get},
          {{.words = "customer explain",
            .summary = "Tells which events made a customer what it is; or, with a channel and an event id, what was "
                       "done with each identifier of that event.",
            .positionals = {{"customer", "its id, an identifier (phone=...), or the channel of an event"},
                            {"event", "the id of the channel's event", Count::kAtMostOne}},
            .options = {BrandOption()},
            .example = "customer explain jd or-536365"},
           &Explain}};
}

}  // namespace tessera::cli
