#include "tests/hostile/fixtures.h"

#include "tessera/membership/v1/member_service.pb.h"
#include "tessera/membership/v1/points_service.pb.h"
#include "tessera/membership/v1/program_service.pb.h"
#include "tessera/oneid/v1/admin_service.pb.h"
#include "tessera/oneid/v1/identity_service.pb.h"
#include "tessera/oneid/v1/intake_service.pb.h"
#include "tessera/oneid/v1/merge_service.pb.h"
#include "tessera/ops/v1/operations_service.pb.h"

namespace tessera::hostile {
namespace {

constexpr char kProgram[] = R"({
  "program_id": "pet",
  "display_name": {"zh": "x", "en": "x"},
  "currencies": [{"name": "points", "kind": "KIND_POINTS", "expiry": {"kind": "KIND_NONE"},
                  "activation": {"kind": "KIND_AT_ONCE"}, "negative": {"kind": "KIND_DEBT"}},
                 {"name": "growth", "kind": "KIND_GROWTH"}],
  "tiers": [{"tier_id": "V1", "display_name": {"zh": "x", "en": "x"}, "threshold": "0"}],
  "tier_policy": {"qualifying_currency": "growth", "window": "WINDOW_LIFETIME",
                  "downgrade": "DOWNGRADE_BY_BALANCE", "on_return": "ON_RETURN_AT_ONCE"},
  "earning_rules": [{"rule_id": "r", "trigger": "order.paid", "base": "BASE_GOODS_PAID", "points": "1", "per": "100",
                     "rounding": "ROUNDING_FLOOR", "currency": "points"}],
  "enrol_on": ["any"]
})";

constexpr char kEvent[] = R"("brand_id": "shop", "event": {"event_id": "$event", "source": "jd",
  "event_time": "2026-01-01T00:00:00Z",
  "event": {"identifiers": [{"namespace": "jd_pin", "value": "zoe"}], "page_viewed": {"page": "p"}}})";

std::map<std::string, std::string> Membership() {
  const std::string of_customer = R"("brand_id": "shop", "customer_id": "$customer")";
  const std::string program = std::string(R"("brand_id": "shop", "program": )") + kProgram;
  const std::string points = "tessera.membership.v1.PointsService/", members = "tessera.membership.v1.MemberService/",
                    programs = "tessera.membership.v1.ProgramService/";
  return {
      {members + "GetMember", "{" + of_customer + "}"},
      {members + "ListMembers", R"({"brand_id": "shop", "order_by": "ORDER_BY_BALANCE_DESC", "currency": "points"})"},
      {members + "GetStatistics", R"({"brand_id": "shop"})"},
      {points + "EarnPoints", "{" + of_customer + R"(, "currency": "points", "amount": 1, "reason": "x"})"},
      {points + "BatchEarnPoints",
       R"({"brand_id": "shop", "items": [{)" + of_customer + R"(, "currency": "points", "amount": 1}]})"},
      {points + "HoldPoints", "{" + of_customer + R"(, "currency": "points", "amount": 1, "ttl": "600s"})"},
      {points + "CaptureHold", "{" + of_customer + R"(, "hold_id": "$hold", "amount": 1})"},
      {points + "ReleaseHold", "{" + of_customer + R"(, "hold_id": "$hold"})"},
      {points + "SpendPoints", "{" + of_customer + R"(, "currency": "points", "amount": 1})"},
      {points + "RefundSpend", "{" + of_customer + R"(, "spend_id": "$spend", "amount": 1})"},
      {points + "GetBalance", "{" + of_customer + "}"},
      {points + "ListEntries", "{" + of_customer + R"(, "currency": "points"})"},
      {points + "ListLots", "{" + of_customer + R"(, "currency": "points"})"},
      {points + "ExplainBalance", "{" + of_customer + R"(, "currency": "points"})"},
      {programs + "PutProgram", "{" + program + R"(, "valid_from_time": "2100-01-01T00:00:00Z"})"},
      {programs + "GetProgram", R"({"brand_id": "shop"})"},
      {programs + "ValidateProgram", "{" + program + "}"},
  };
}

std::map<std::string, std::string> Oneid() {
  const std::string of_customer = R"("brand_id": "shop", "customer_id": "$customer")";
  const std::string admin = "tessera.oneid.v1.AdminService/", identity = "tessera.oneid.v1.IdentityService/",
                    merges = "tessera.oneid.v1.MergeService/", intake = "tessera.oneid.v1.IntakeService/";
  return {
      {admin + "PutBrandGroup", R"({"brand_id": "shop", "group_id": "shop", "brands": [{"brand_id": "shop",
         "time_zone": "Europe/London", "region": "CN", "currency": "GBP"}]})"},
      {admin + "PutNamespace", R"({"brand_id": "shop", "namespace": {"name": "club_card", "scope": ["SCOPE_PART_SHOP"],
         "at_most": 3, "strength": "STRENGTH_STRONG", "rank": 500, "normaliser": "NORMALISER_OPAQUE"}})"},
      {admin + "ListNamespaces", R"({"brand_id": "shop"})"},
      {admin + "GetStatistics", R"({"brand_id": "shop"})"},
      {identity + "ResolveIdentifiers",
       R"({"brand_id": "shop", "identifiers": [{"namespace": "jd_pin", "value": "ann"}]})"},
      {identity + "GetCustomer", "{" + of_customer + "}"},
      {identity + "ListIdentifiers", "{" + of_customer + "}"},
      {identity + "RevealIdentifiers", "{" + of_customer + "}"},
      {identity + "ExplainResolution", R"({"brand_id": "shop", "source": "jd", "event_id": "paid-before"})"},
      {merges + "GetMerge", R"({"brand_id": "shop", "merge_id": "$merge"})"},
      {merges + "ListMerges", R"({"brand_id": "shop"})"},
      {intake + "PublishEvent", std::string("{") + kEvent + "}"},
      {intake + "PublishEvents", std::string("{") + kEvent + "}"},
  };
}

// The same in every service.
std::map<std::string, std::string> Operations() {
  const std::string ops = "tessera.ops.v1.OperationsService/";
  return {{ops + "ListWaiting", "{}"},
          {ops + "DropWaiting", R"({"waiting_id": 1000000})"},
          {ops + "ListParked", "{}"},
          {ops + "RetryParked", R"({"parked_id": 1000000})"},
          {ops + "DropParked", R"({"parked_id": 1000000})"},
          {ops + "ListDeadLetters", "{}"},
          {ops + "GetDeadLetter", R"({"dead_letter_id": 1000000})"},
          {ops + "ReplayDeadLetter", R"({"dead_letter_id": 1000000})"},
          {ops + "RunChecks", "{}"},
          {ops + "GetProgress", "{}"}};
}

}  // namespace

// A static library's protos are linked only where they are used: one message of each file.
const google::protobuf::ServiceDescriptor* FindService(const std::string& name) {
  for (const google::protobuf::Descriptor* linked :
       {membership::v1::GetMemberRequest::descriptor(), membership::v1::GetBalanceRequest::descriptor(),
        membership::v1::GetProgramRequest::descriptor(), oneid::v1::PutNamespaceRequest::descriptor(),
        oneid::v1::GetCustomerRequest::descriptor(), oneid::v1::PublishEventRequest::descriptor(),
        oneid::v1::GetMergeRequest::descriptor(), ops::v1::GetProgressRequest::descriptor()}) {
    for (int i = 0; i < linked->file()->service_count(); ++i) {
      if (linked->file()->service(i)->full_name() == name) return linked->file()->service(i);
    }
  }
  return nullptr;
}

const std::map<std::string, std::string>& GoodRequests() {
  static const auto& all = *[] {
    auto* const requests = new std::map<std::string, std::string>(Membership());
    for (auto group : {Oneid(), Operations()}) requests->merge(group);
    return requests;
  }();
  return all;
}

}  // namespace tessera::hostile
