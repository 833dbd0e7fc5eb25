
#include <map>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "base/proto_time.h"
#include "base/status.h"
#include "base/strings.h"
#include "rpc/paging.h"
#include "services/membership/api/fields.h"
#include "services/membership/api/reads.h"

namespace tessera::membership::api {
namespace {

void SetBalance(const BalanceView& from, v1::Balance* to) {
  to->set_currency(from.currency);
  to->set_available(from.available);
  to->set_pending(from.pending);
  to->set_held(from.held);
  to->set_debt(from.debt);
  to->set_balance(from.available + from.pending + from.held - from.debt);
}

// A page token comes from NextPageToken, so it is either whole or of another service's making.
absl::Status BadToken() { return InvalidField("page_token", "is not of this request", "PAGE_TOKEN_INVALID"); }

absl::StatusOr<std::optional<EntryCursor>> EntryCursorOf(const std::string& position) {
  if (position.empty()) return std::nullopt;
  const std::vector<std::string> parts = absl::StrSplit(position, '/');
  EntryCursor cursor;
  if (parts.size() != 3 || !absl::SimpleAtoi(parts[0], &cursor.member_seq) ||
      !absl::SimpleAtoi(parts[2], &cursor.number)) {
    return BadToken();
  }
  const auto side = CustomerId::Parse(parts[1]);
  if (!side) return BadToken();
  cursor.side = *side;
  return cursor;
}

absl::StatusOr<std::optional<LotId>> LotCursorOf(const std::string& position) {
  if (position.empty()) return std::nullopt;
  const auto lot = LotId::Parse(position);
  if (!lot) return BadToken();
  return *lot;
}

// What an entry did to the customer's balance.
int64_t ChangeOf(const Transfer& transfer) {
  if (transfer.from != AccountKind::kCustomer) return transfer.amount;
  return transfer.to == AccountKind::kCustomer ? 0 : -transfer.amount;
}

void SetEntry(const EntryView& view, v1::Entry* to) {
  const Transfer& transfer = view.transfer;
  to->set_transaction_id(transfer.transaction.ToString());
  to->set_member_seq(view.member_seq);
  to->set_number(view.number);
  to->set_kind(static_cast<v1::EntryKind>(transfer.kind));
  to->set_currency(view.currency);
  to->set_amount(transfer.amount);
  to->set_change(ChangeOf(transfer));
  to->set_customer_id(view.side.customer.ToString());
  const AccountKind counter = transfer.from == AccountKind::kCustomer ? transfer.to : transfer.from;
  to->set_counter_account(static_cast<v1::SystemAccount>(counter));
  if (!transfer.counterparty.is_nil()) to->set_counter_customer_id(transfer.counterparty.ToString());
  if (!transfer.lot.is_nil()) to->set_lot_id(transfer.lot.ToString());
  to->set_cause_id(transfer.cause_id);
  to->set_cause_source(transfer.cause_source);
  to->set_rule_id(view.rule_id);
  to->set_program_version(transfer.program_version);
  if (!transfer.corrects.is_nil()) to->set_corrects_transaction_id(transfer.corrects.ToString());
  *to->mutable_effective_time() = ToTimestamp(transfer.effective_time);
  *to->mutable_posted_time() = ToTimestamp(view.posted_time);
}

v1::Lot::State StateOf(LotState state) {
  switch (state) {
    case LotState::kPending:
      return v1::Lot::STATE_PENDING;
    case LotState::kActive:
      return v1::Lot::STATE_ACTIVE;
    case LotState::kClosed:
      return v1::Lot::STATE_CLOSED;
  }
  return v1::Lot::STATE_UNSPECIFIED;
}

void SetLot(const LotView& view, v1::Lot* to) {
  to->set_lot_id(view.key.lot.ToString());
  to->set_customer_id(view.key.side.customer.ToString());
  to->set_currency(view.currency);
  to->set_state(StateOf(view.lot.state));
  to->set_amount(view.lot.amount);
  to->set_remaining(view.lot.remaining);
  to->set_held(view.lot.held);
  to->set_expired(view.lot.expired);
  *to->mutable_earned_time() = ToTimestamp(view.lot.earned);
  if (view.lot.activation != absl::InfiniteFuture()) *to->mutable_activation_time() = ToTimestamp(view.lot.activation);
  if (view.expiry != absl::InfiniteFuture()) *to->mutable_expiry_time() = ToTimestamp(view.expiry);
  to->set_origin_transaction_id(view.lot.transaction.ToString());
  if (!view.lot.origin.is_nil()) to->set_origin_lot_id(view.lot.origin.ToString());
}

// Drops the row beyond the page; true if there was one.
template <class View>
bool CutPage(std::vector<View>& views, int32_t limit) {
  if (static_cast<int32_t>(views.size()) <= limit) return false;
  views.resize(static_cast<size_t>(limit));
  return true;
}

}  // namespace

absl::StatusOr<MemberKey> ToKey(const v1::GetBalanceRequest& request) { return MemberField(request); }

v1::GetBalanceResponse ToResponse(const BalancesView& view) {
  v1::GetBalanceResponse response;
  response.set_customer_id(view.root.ToString());
  response.set_member_seq(view.member_seq);
  for (const BalanceView& balance : view.balances) {
    v1::CurrencyStatement& statement = *response.add_statements();
    SetBalance(balance, statement.mutable_balance());
    statement.set_expiring(balance.expiring);
    if (balance.next_expiry != absl::InfiniteFuture()) {
      *statement.mutable_next_expiry_time() = ToTimestamp(balance.next_expiry);
    }
  }
  return response;
}

absl::StatusOr<EntryFilter> ToFilter(const v1::ListEntriesRequest& request) {
  EntryFilter filter;
  TESSERA_ASSIGN_OR_RETURN(filter.customer, MemberField(request));
  if (!request.currency().empty()) {
    TESSERA_ASSIGN_OR_RETURN(filter.currency, CurrencyField(request.currency()));
  }
  for (int i = 0; i < request.kinds_size(); ++i) {
    if (request.kinds(i) == v1::ENTRY_KIND_UNSPECIFIED || !v1::EntryKind_IsValid(request.kinds(i))) {
      return InvalidField(absl::StrCat("kinds[", i, "]"), "no such kind");
    }
    filter.kinds.push_back(static_cast<int16_t>(request.kinds(i)));
  }
  TESSERA_ASSIGN_OR_RETURN(const rpc::Page page, rpc::ReadPage(request));
  TESSERA_ASSIGN_OR_RETURN(filter.after, EntryCursorOf(page.position));
  filter.limit = page.size;
  return filter;
}

v1::ListEntriesResponse ToResponse(const v1::ListEntriesRequest& request, int32_t limit, std::vector<EntryView> views) {
  v1::ListEntriesResponse response;
  const bool more = CutPage(views, limit);
  for (const EntryView& view : views) SetEntry(view, response.add_entries());
  if (more) {
    const EntryView& last = views.back();
    const std::string position = absl::StrCat(last.member_seq, "/", last.side.customer.ToString(), "/", last.number);
    response.set_next_page_token(rpc::NextPageToken(request, position));
  }
  return response;
}

absl::StatusOr<LotFilter> ToFilter(const v1::ListLotsRequest& request) {
  LotFilter filter;
  TESSERA_ASSIGN_OR_RETURN(filter.customer, MemberField(request));
  if (!request.currency().empty()) {
    TESSERA_ASSIGN_OR_RETURN(filter.currency, CurrencyField(request.currency()));
  }
  filter.include_closed = request.include_closed();
  TESSERA_ASSIGN_OR_RETURN(const rpc::Page page, rpc::ReadPage(request));
  TESSERA_ASSIGN_OR_RETURN(filter.after, LotCursorOf(page.position));
  filter.limit = page.size;
  return filter;
}

v1::ListLotsResponse ToResponse(const v1::ListLotsRequest& request, int32_t limit, std::vector<LotView> views) {
  v1::ListLotsResponse response;
  if (CutPage(views, limit)) {
    response.set_next_page_token(rpc::NextPageToken(request, views.back().key.lot.ToString()));
  }
  for (const LotView& view : views) SetLot(view, response.add_lots());
  return response;
}

absl::StatusOr<LotFilter> ToFilter(const v1::ExplainBalanceRequest& request) {
  LotFilter filter;
  TESSERA_ASSIGN_OR_RETURN(filter.customer, MemberField(request));
  TESSERA_ASSIGN_OR_RETURN(filter.currency, CurrencyField(request.currency()));
  filter.include_closed = true;
  TESSERA_ASSIGN_OR_RETURN(const rpc::Page page, rpc::ReadPage(request));
  TESSERA_ASSIGN_OR_RETURN(filter.after, LotCursorOf(page.position));
  filter.limit = page.size;
  return filter;
}

v1::ExplainBalanceResponse ToResponse(const v1::ExplainBalanceRequest& request, int32_t limit, ExplanationView view) {
  v1::ExplainBalanceResponse response;
  response.set_customer_id(view.root.ToString());
  SetBalance(view.balance, response.mutable_balance());
  if (CutPage(view.lots, limit)) {
    response.set_next_page_token(rpc::NextPageToken(request, view.lots.back().key.lot.ToString()));
  }
  std::map<LotId, v1::LotStory*> stories;
  for (const LotView& lot : view.lots) {
    v1::LotStory* story = response.add_lots();
    SetLot(lot, story->mutable_lot());
    stories[lot.key.lot] = story;
  }
  for (const EntryView& movement : view.movements) {
    auto at = stories.find(movement.transfer.lot);
    if (at != stories.end()) SetEntry(movement, at->second->add_movements());
  }
  for (const EntryView& entry : view.others) SetEntry(entry, response.add_other_entries());
  return response;
}

}  // namespace tessera::membership::api
