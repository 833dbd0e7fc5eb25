
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "base/proto_time.h"
#include "base/status.h"
#include "rpc/paging.h"
#include "services/membership/api/fields.h"
#include "services/membership/api/program_document.h"
#include "services/membership/api/reads.h"

namespace tessera::membership::api {
namespace {

// Infinite times stay absent.
template <class Mutable>
void SetTime(absl::Time from, Mutable mutable_field) {
  if (from == absl::InfiniteFuture() || from == absl::InfinitePast()) return;
  *mutable_field() = ToTimestamp(from);
}

int64_t BalanceOf(const BalanceView& view) { return view.available + view.pending + view.held - view.debt; }

void SetMember(const MemberView& view, v1::Member* to) {
  to->set_customer_id(view.root.ToString());
  for (const CustomerId& side : view.sides) to->add_side_customer_ids(side.ToString());
  to->set_enrolled(view.enrolled_time != absl::InfiniteFuture());
  SetTime(view.enrolled_time, [to] { return to->mutable_enrolled_time(); });
  to->set_tier_id(view.tier_id);
  to->set_tier_level(view.tier.level);
  SetTime(view.tier.since, [to] { return to->mutable_tier_since_time(); });
  SetTime(view.grace_end, [to] { return to->mutable_tier_grace_end_time(); });
  SetTime(view.tier.due, [to] { return to->mutable_next_review_time(); });
  for (const BalanceView& balance : view.balances) {
    v1::Balance* added = to->add_balances();
    added->set_currency(balance.currency);
    added->set_available(balance.available);
    added->set_pending(balance.pending);
    added->set_held(balance.held);
    added->set_debt(balance.debt);
    added->set_balance(BalanceOf(balance));
  }
  to->set_member_seq(view.member_seq);
  to->set_orders(view.orders);
}

// The position of a page: the last member's id, and his balance where that orders.
std::string PositionOf(const MemberFilter& filter, const MemberView& last) {
  int64_t balance = 0;
  for (const BalanceView& view : last.balances) {
    if (filter.by_balance && view.currency == filter.currency) balance = BalanceOf(view);
  }
  return absl::StrCat(balance, "/", last.root.ToString());
}

absl::StatusOr<std::optional<MemberCursor>> CursorOf(const std::string& position) {
  if (position.empty()) return std::nullopt;
  const std::vector<std::string> parts = absl::StrSplit(position, '/');
  MemberCursor cursor;
  const auto customer = parts.size() == 2 ? CustomerId::Parse(parts[1]) : std::nullopt;
  if (!customer || !absl::SimpleAtoi(parts[0], &cursor.balance)) {
    return InvalidField("page_token", "is not of this request", "PAGE_TOKEN_INVALID");
  }
  cursor.customer = *customer;
  return cursor;
}

}  // namespace

absl::StatusOr<MemberKey> ToKey(const v1::GetMemberRequest& request) { return MemberField(request); }

v1::GetMemberResponse ToResponse(const MemberView& view) {
  v1::GetMemberResponse response;
  SetMember(view, response.mutable_member());
  return response;
}

absl::StatusOr<MemberFilter> ToFilter(const v1::ListMembersRequest& request) {
  MemberFilter filter;
  TESSERA_ASSIGN_OR_RETURN(filter.brand, BrandField(request.brand_id()));
  switch (request.order_by()) {
    case v1::ListMembersRequest::ORDER_BY_UNSPECIFIED:
      break;
    case v1::ListMembersRequest::ORDER_BY_BALANCE_DESC:
      filter.by_balance = true;
      break;
    default:
      return InvalidField("order_by", "no such order");
  }
  if (!filter.by_balance && !request.currency().empty()) {
    return InvalidField("currency", "only with ORDER_BY_BALANCE_DESC");
  }
  TESSERA_ASSIGN_OR_RETURN(filter.currency, CurrencyField(request.currency()));
  filter.tier_id = request.tier_id();
  TESSERA_ASSIGN_OR_RETURN(const rpc::Page page, rpc::ReadPage(request));
  TESSERA_ASSIGN_OR_RETURN(filter.after, CursorOf(page.position));
  filter.limit = page.size;
  return filter;
}

v1::ListMembersResponse ToResponse(const v1::ListMembersRequest& request, const MemberFilter& filter,
                                   std::vector<MemberView> views) {
  v1::ListMembersResponse response;
  if (static_cast<int32_t>(views.size()) > filter.limit) {
    views.resize(static_cast<size_t>(filter.limit));
    response.set_next_page_token(rpc::NextPageToken(request, PositionOf(filter, views.back())));
  }
  for (const MemberView& view : views) SetMember(view, response.add_members());
  return response;
}

v1::GetStatisticsResponse ToResponse(const StatisticsView& view) {
  v1::GetStatisticsResponse response;
  response.set_members(view.members);
  response.set_known_customers(view.known);
  response.set_absorbed_customers(view.absorbed);
  response.set_orders(view.orders);
  response.set_entries(view.entries);
  response.set_lots(view.lots);
  for (const CurrencySums& from : view.currencies) {
    v1::CurrencyStatistics& to = *response.add_currencies();
    to.set_currency(from.currency);
    to.set_earned(from.sums[Measure::kEarned]);
    to.set_clawed_back(from.sums[Measure::kClawedBack]);
    to.set_forgiven(from.sums[Measure::kForgiven]);
    to.set_spent(from.sums[Measure::kSpent]);
    to.set_returned(from.sums[Measure::kReturned]);
    to.set_expired(from.sums[Measure::kExpired]);
    to.set_available(from.sums[Measure::kAvailable]);
    to.set_pending(from.sums[Measure::kPending]);
    to.set_held(from.sums[Measure::kHeld]);
    to.set_debt(from.sums[Measure::kDebt]);
    to.set_balance(from.balance);
  }
  for (const auto& [tier_id, members] : view.tiers) {
    v1::TierCount& count = *response.add_tiers();
    count.set_tier_id(tier_id);
    count.set_members(members);
  }
  return response;
}

v1::GetProgramResponse ToResponse(const ProgramView& view) {
  v1::GetProgramResponse response;
  v1::ProgramVersion& version = *response.mutable_program_version();
  version.set_version(view.version);
  SetTime(view.valid_from, [&version] { return version.mutable_valid_from_time(); });
  SetTime(view.created, [&version] { return version.mutable_create_time(); });
  *version.mutable_program() = ProtoOf(view.document);
  return response;
}

v1::ValidateProgramResponse Validate(const v1::ValidateProgramRequest& request) {
  v1::ValidateProgramResponse response;
  for (const ProgramMistake& from : ValidateProgram(FromProto(request.program()))) {
    v1::ProgramMistake& to = *response.add_mistakes();
    to.set_path(from.path);
    to.set_reason(from.reason);
    to.set_message(from.message);
  }
  return response;
}

}  // namespace tessera::membership::api
