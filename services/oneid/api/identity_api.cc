#include "services/oneid/api/identity_api.h"

#include "absl/strings/str_cat.h"
#include "base/proto_time.h"
#include "rpc/paging.h"

namespace tessera::oneid {
namespace {

constexpr int kLookUpsMax = 1'000;
constexpr size_t kTextBytesMax = 2'048;

v1::OwnedIdentifier OwnedProto(const OwnedView& owned, bool reveal) {
  v1::OwnedIdentifier out;
  out.set_identifier_id(owned.key.identifier.ToString());
  out.set_namespace_(owned.edge.name);
  out.set_scope(owned.edge.scope);
  out.set_value(reveal ? owned.value : Masked(owned.value));
  out.set_origin_customer_id(owned.edge.customer->ToString());
  *out.mutable_valid_from() = ToTimestamp(owned.key.from);
  if (owned.edge.to != absl::InfiniteFuture()) *out.mutable_valid_to() = ToTimestamp(owned.edge.to);
  out.set_quarantined(owned.quarantined);
  out.set_shared(owned.shared);
  out.set_source(owned.edge.source);
  out.set_event_id(owned.edge.event_id);
  return out;
}

// Orders pages: by identifier, start and arrival.
std::string PageKey(const EdgeKey& key) {
  return absl::StrCat(key.identifier.ToString(), " ", absl::ToUnixMicros(key.from), " ", key.seq);
}

}  // namespace

absl::StatusOr<OwnersQuery> OwnersQueryOf(const v1::ResolveIdentifiersRequest& request, absl::Time now) {
  OwnersQuery query;
  TESSERA_ASSIGN_OR_RETURN(query.brand, BrandField(request.brand_id()));
  if (request.identifiers().empty()) return InvalidField("identifiers", "is empty", "FIELD_MISSING");
  if (request.identifiers_size() > kLookUpsMax) return InvalidField("identifiers", "has more than 1,000");
  query.time = now;
  if (request.has_at_time()) {
    TESSERA_ASSIGN_OR_RETURN(query.time, TimeField(request.at_time(), "at_time"));
  }
  for (int i = 0; i < request.identifiers_size(); ++i) {
    const auto& one = request.identifiers(i);
    const std::string path = absl::StrCat("identifiers[", i, "]");
    if (one.namespace_().empty()) return InvalidField(path + ".namespace", "is missing");
    if (one.value().size() > kTextBytesMax) return InvalidField(path + ".value", "is too long");
    query.identifiers.push_back({one.namespace_(), one.scope(), one.value()});
  }
  return query;
}

v1::ResolveIdentifiersResponse OwnersResponse(const std::vector<OwnerView>& owners) {
  v1::ResolveIdentifiersResponse response;
  for (const OwnerView& owner : owners) {
    auto* out = response.add_owners();
    if (!owner.id.is_nil()) out->set_identifier_id(owner.id.ToString());
    out->set_left_out_reason(static_cast<v1::LeftOutReason>(owner.left_out));
    if (owner.root) out->set_customer_id(owner.root->ToString());
    if (owner.origin) out->set_origin_customer_id(owner.origin->ToString());
    out->set_anonymous(owner.anonymous);
  }
  return response;
}

absl::StatusOr<CustomerQuery> CustomerQueryOf(std::string_view brand_id, std::string_view customer_id) {
  CustomerQuery query;
  TESSERA_ASSIGN_OR_RETURN(query.brand, BrandField(brand_id));
  TESSERA_ASSIGN_OR_RETURN(query.customer, IdField<CustomerId>(customer_id, "customer_id"));
  return query;
}

v1::GetCustomerResponse CustomerResponse(const CustomerView& view, absl::Time now) {
  v1::GetCustomerResponse response;
  v1::Customer& customer = *response.mutable_customer();
  customer.set_customer_id(view.root.ToString());
  customer.set_group_id(view.group.value);
  customer.set_anonymous(view.anonymous);
  for (const CustomerId& other : view.others) customer.add_absorbed_customer_ids(other.ToString());
  for (const OwnedView& owned : view.owned) {
    if (owned.key.from <= now && now < owned.edge.to) *customer.add_identifiers() = OwnedProto(owned, false);
  }
  for (const MergeId& merge : view.merges) customer.add_merge_ids(merge.ToString());
  *customer.mutable_since_time() = ToTimestamp(view.root.uuid.TimeOfV7());
  return response;
}

namespace {

template <class Response, class Request>
absl::StatusOr<Response> IdentifiersPage(const CustomerView& view, const Request& request, bool reveal) {
  TESSERA_ASSIGN_OR_RETURN(const rpc::Page page, rpc::ReadPage(request));
  auto at = view.owned.begin();
  if (!page.position.empty()) {
    while (at != view.owned.end() && PageKey(at->key) != page.position) ++at;
    if (at == view.owned.end()) return InvalidField("page_token", "is of no response", "PAGE_TOKEN_INVALID");
    ++at;
  }
  Response response;
  for (; at != view.owned.end(); ++at) {
    if (response.identifiers_size() == page.size) {
      response.set_next_page_token(rpc::NextPageToken(request, PageKey((at - 1)->key)));
      break;
    }
    *response.add_identifiers() = OwnedProto(*at, reveal);
  }
  return response;
}

}  // namespace

absl::StatusOr<v1::ListIdentifiersResponse> ListResponse(const CustomerView& view,
                                                         const v1::ListIdentifiersRequest& request) {
  return IdentifiersPage<v1::ListIdentifiersResponse>(view, request, false);
}

absl::StatusOr<v1::RevealIdentifiersResponse> RevealResponse(const CustomerView& view,
                                                             const v1::RevealIdentifiersRequest& request) {
  return IdentifiersPage<v1::RevealIdentifiersResponse>(view, request, true);
}

absl::StatusOr<EventQuery> EventQueryOf(const v1::ExplainResolutionRequest& request) {
  EventQuery query;
  TESSERA_ASSIGN_OR_RETURN(query.brand, BrandField(request.brand_id()));
  if (request.source().empty()) return InvalidField("source", "is missing");
  if (request.event_id().empty()) return InvalidField("event_id", "is missing");
  query.source = request.source();
  query.event_id = request.event_id();
  return query;
}

v1::ExplainResolutionResponse ExplainResponse(const EventView& view) {
  v1::ExplainResolutionResponse response;
  const EventRecord& record = view.record;
  if (view.root_now) response.set_customer_id(view.root_now->ToString());
  if (record.root) response.set_resolved_customer_id(record.root->ToString());
  if (record.origin) response.set_origin_customer_id(record.origin->ToString());
  response.set_created(record.created);
  for (const Step& step : record.steps) {
    auto* out = response.add_steps();
    out->set_namespace_(step.name);
    if (!step.id.is_nil()) out->set_identifier_id(step.id.ToString());
    out->set_use(static_cast<v1::IdentifierUse>(step.use));
    out->set_left_out_reason(static_cast<v1::LeftOutReason>(step.left_out));
    out->set_rule(step.rule);
    if (step.owner) out->set_owner_customer_id(step.owner->ToString());
  }
  for (const MergeId& merge : record.merges) response.add_merge_ids(merge.ToString());
  *response.mutable_event_time() = ToTimestamp(record.event_time);
  *response.mutable_posted_time() = ToTimestamp(view.posted_time);
  response.set_payload(record.payload);
  response.set_rule_version(record.rule_version);
  response.set_decision_number(record.decision_number);
  response.set_changed_graph(record.changed_graph);
  return response;
}

}  // namespace tessera::oneid
