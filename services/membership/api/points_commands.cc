#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "base/crypto.h"
#include "base/proto_time.h"
#include "base/status.h"
#include "base/strings.h"
#include "services/membership/api/commands.h"
#include "services/membership/api/fields.h"
#include "tessera/membership/v1/points_service.pb.h"

namespace tessera::membership::api {
namespace {

using engine::ApiCommand;

constexpr std::string_view kService = "tessera.membership.v1.PointsService/";
constexpr int kItemsMax = 1'000;
constexpr size_t kReasonBytesMax = 200;
constexpr absl::Duration kTtlDefault = absl::Minutes(15), kTtlLeast = absl::Seconds(1), kTtlMost = absl::Hours(24 * 90);

std::string Name(std::string_view method) { return absl::StrCat(ToAbsl(kService), ToAbsl(method)); }

// The id of what a call makes. Other methods may use the same request_id, so it is of a kind of its own.
Uuid MadeBy(const RequestId& request, const MemberKey& customer, std::string_view kind) {
  return UuidV8Of(Sha256OfParts({"call", kind, customer.brand.value, request.ToString()}));
}

Cause CauseOf(const RequestId& request) { return {"call", request.ToString(), absl::InfinitePast()}; }

ApiCommand Make(Command command, const MemberKey& customer, const RequestId& request) {
  return {Wrap(std::move(command)), customer.brand, request, customer.customer.ToString()};
}

absl::StatusOr<ApiCommand> ToEarn(const v1::EarnPointsRequest& request) {
  EarnPoints command;
  TESSERA_ASSIGN_OR_RETURN(command.customer, MemberField(request));
  TESSERA_ASSIGN_OR_RETURN(const RequestId id, RequestField(request.request_id()));
  TESSERA_ASSIGN_OR_RETURN(command.currency, CurrencyField(request.currency()));
  TESSERA_ASSIGN_OR_RETURN(command.amount, AmountField(request.amount(), 1));
  if (request.reason().size() > kReasonBytesMax) return InvalidField("reason", "at most 200 bytes");
  command.cause = CauseOf(id);
  if (!request.reason().empty()) command.cause.source = absl::StrCat("call: ", request.reason());
  command.lot = {MadeBy(id, command.customer, "lot")};
  const MemberKey customer = command.customer;
  return Make(std::move(command), customer, id);
}

// An item without a brand takes the batch's; one with another is refused.
absl::StatusOr<engine::ApiItem> ToItem(const v1::BatchEarnPointsRequest& request, int i) {
  v1::EarnPointsRequest item = request.items(i);
  if (item.brand_id().empty()) item.set_brand_id(request.brand_id());
  if (item.brand_id() != request.brand_id()) {
    return InvalidField(absl::StrCat("items[", i, "].brand_id"), "must be the request's brand_id or empty");
  }
  auto command = ToEarn(item);
  if (!command.ok()) {
    const std::string field = FieldOf(command.status());
    const auto what = absl::StripPrefix(command.status().message(), field + ": ");
    return InvalidField(absl::StrCat("items[", i, "].", field), ToStd(what));
  }
  return engine::ApiItem{*std::move(command), Name("EarnPoints"), engine::InputHash(item)};
}

absl::StatusOr<std::vector<absl::StatusOr<engine::ApiItem>>> SplitEarn(const v1::BatchEarnPointsRequest& request) {
  TESSERA_RETURN_IF_ERROR(BrandField(request.brand_id()).status());
  if (request.items_size() < 1 || request.items_size() > kItemsMax) {
    return InvalidField("items", absl::StrCat("must be 1 to ", kItemsMax));
  }
  std::vector<absl::StatusOr<engine::ApiItem>> items;
  for (int i = 0; i < request.items_size(); ++i) items.push_back(ToItem(request, i));
  return items;
}

v1::BatchEarnPointsResponse JoinEarned(const std::vector<absl::StatusOr<std::string>>& answers) {
  v1::BatchEarnPointsResponse response;
  for (const auto& answer : answers) {
    v1::BatchEarnPointsResult& result = *response.add_results();
    if (answer.ok()) {
      result.mutable_response()->ParseFromString(*answer);
    } else {
      result.mutable_error()->ParseFromString(EncodeStatus(answer.status()));
    }
  }
  return response;
}

absl::StatusOr<ApiCommand> ToHold(const v1::HoldPointsRequest& request) {
  HoldPoints command;
  TESSERA_ASSIGN_OR_RETURN(command.customer, MemberField(request));
  TESSERA_ASSIGN_OR_RETURN(const RequestId id, RequestField(request.request_id()));
  TESSERA_ASSIGN_OR_RETURN(command.currency, CurrencyField(request.currency()));
  TESSERA_ASSIGN_OR_RETURN(command.amount, AmountField(request.amount(), 1));
  command.ttl = kTtlDefault;
  if (request.has_ttl()) {
    command.ttl = absl::Seconds(request.ttl().seconds()) + absl::Microseconds(request.ttl().nanos() / 1'000);
  }
  if (command.ttl < kTtlLeast || command.ttl > kTtlMost) return InvalidField("ttl", "must be 1 second to 90 days");
  command.cause = CauseOf(id);
  command.hold = {MadeBy(id, command.customer, "hold")};
  const MemberKey customer = command.customer;
  return Make(std::move(command), customer, id);
}

absl::StatusOr<ApiCommand> ToCapture(const v1::CaptureHoldRequest& request) {
  CaptureHold command;
  TESSERA_ASSIGN_OR_RETURN(command.customer, MemberField(request));
  TESSERA_ASSIGN_OR_RETURN(const RequestId id, RequestField(request.request_id()));
  TESSERA_ASSIGN_OR_RETURN(command.hold, HoldField("hold_id", request.hold_id()));
  TESSERA_ASSIGN_OR_RETURN(command.amount, AmountField(request.amount(), 0));
  command.cause = CauseOf(id);
  const MemberKey customer = command.customer;
  return Make(std::move(command), customer, id);
}

absl::StatusOr<ApiCommand> ToRelease(const v1::ReleaseHoldRequest& request) {
  ReleaseHold command;
  TESSERA_ASSIGN_OR_RETURN(command.customer, MemberField(request));
  TESSERA_ASSIGN_OR_RETURN(const RequestId id, RequestField(request.request_id()));
  TESSERA_ASSIGN_OR_RETURN(command.hold, HoldField("hold_id", request.hold_id()));
  command.cause = CauseOf(id);
  const MemberKey customer = command.customer;
  return Make(std::move(command), customer, id);
}

absl::StatusOr<ApiCommand> ToSpend(const v1::SpendPointsRequest& request) {
  SpendPoints command;
  TESSERA_ASSIGN_OR_RETURN(command.customer, MemberField(request));
  TESSERA_ASSIGN_OR_RETURN(const RequestId id, RequestField(request.request_id()));
  TESSERA_ASSIGN_OR_RETURN(command.currency, CurrencyField(request.currency()));
  TESSERA_ASSIGN_OR_RETURN(command.amount, AmountField(request.amount(), 1));
  command.cause = CauseOf(id);
  command.spend = {MadeBy(id, command.customer, "spend")};
  const MemberKey customer = command.customer;
  return Make(std::move(command), customer, id);
}

absl::StatusOr<ApiCommand> ToRefund(const v1::RefundSpendRequest& request) {
  RefundSpend command;
  TESSERA_ASSIGN_OR_RETURN(command.customer, MemberField(request));
  TESSERA_ASSIGN_OR_RETURN(const RequestId id, RequestField(request.request_id()));
  TESSERA_ASSIGN_OR_RETURN(command.spend, HoldField("spend_id", request.spend_id()));
  TESSERA_ASSIGN_OR_RETURN(command.amount, AmountField(request.amount(), 0));
  command.cause = CauseOf(id);
  const MemberKey customer = command.customer;
  return Make(std::move(command), customer, id);
}

// ---- replies ----

void SetBalance(const BalanceAfter& from, v1::Balance* to) {
  to->set_currency(from.currency);
  to->set_available(from.available);
  to->set_pending(from.pending);
  to->set_held(from.held);
  to->set_debt(from.debt);
  to->set_balance(from.available + from.pending + from.held - from.debt);
}

// What every response about points has.
template <class Response>
Response Start(const PointsReply& reply) {
  Response response;
  response.set_member_seq(reply.member_seq);
  SetBalance(reply.balance, response.mutable_balance());
  return response;
}

struct ReplyEncoder {
  const Reply& reply;

  const PointsReply& points() const { return std::get<PointsReply>(reply); }

  std::string operator()(const EarnPoints&) const {
    auto response = Start<v1::EarnPointsResponse>(points());
    response.set_transaction_id(points().transaction.ToString());
    if (!points().lot.is_nil()) response.set_lot_id(points().lot.ToString());
    return response.SerializeAsString();
  }
  std::string operator()(const HoldPoints&) const {
    auto response = Start<v1::HoldPointsResponse>(points());
    response.set_hold_id(points().hold.ToString());
    *response.mutable_expire_time() = ToTimestamp(points().hold_end);
    return response.SerializeAsString();
  }
  std::string operator()(const CaptureHold&) const {
    auto response = Start<v1::CaptureHoldResponse>(points());
    response.set_spend_id(points().hold.ToString());
    response.set_transaction_id(points().transaction.ToString());
    response.set_captured(points().amount);
    response.set_released(points().released);
    return response.SerializeAsString();
  }
  std::string operator()(const ReleaseHold&) const {
    auto response = Start<v1::ReleaseHoldResponse>(points());
    response.set_released(points().amount);
    return response.SerializeAsString();
  }
  std::string operator()(const SpendPoints&) const {
    auto response = Start<v1::SpendPointsResponse>(points());
    response.set_spend_id(points().hold.ToString());
    response.set_transaction_id(points().transaction.ToString());
    return response.SerializeAsString();
  }
  std::string operator()(const RefundSpend&) const {
    auto response = Start<v1::RefundSpendResponse>(points());
    response.set_transaction_id(points().transaction.ToString());
    response.set_returned(points().amount);
    response.set_expired(points().expired);
    return response.SerializeAsString();
  }
  std::string operator()(const PutProgram&) const { return EncodeProgramReply(std::get<ProgramReply>(reply)); }
  // Events and timers are not answered.
  template <class Other>
  std::string operator()(const Other&) const {
    return "";
  }
};

}  // namespace

void RegisterPointsCommands(engine::Api& api) {
  api.Command<v1::EarnPointsRequest>(Name("EarnPoints"), &ToEarn);
  api.Commands<v1::BatchEarnPointsRequest, v1::BatchEarnPointsResponse>(Name("BatchEarnPoints"), &SplitEarn,
                                                                        &JoinEarned);
  api.Command<v1::HoldPointsRequest>(Name("HoldPoints"), &ToHold);
  api.Command<v1::CaptureHoldRequest>(Name("CaptureHold"), &ToCapture);
  api.Command<v1::ReleaseHoldRequest>(Name("ReleaseHold"), &ToRelease);
  api.Command<v1::SpendPointsRequest>(Name("SpendPoints"), &ToSpend);
  api.Command<v1::RefundSpendRequest>(Name("RefundSpend"), &ToRefund);
}

std::string EncodeReply(const Command& command, const Reply& reply) { return std::visit(ReplyEncoder{reply}, command); }

}  // namespace tessera::membership::api
