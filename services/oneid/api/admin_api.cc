#include "services/oneid/api/admin_api.h"

#include <algorithm>
#include <memory>
#include <set>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "base/proto_time.h"
#include "rpc/paging.h"
#include "services/oneid/api/namespace_fields.h"

namespace tessera::oneid {
namespace {

constexpr int kBrandsMax = 200;

template <class... F>
struct Overloaded : F... {
  using F::operator()...;
};
template <class... F>
Overloaded(F...) -> Overloaded<F...>;

}  // namespace

absl::StatusOr<ApiCall> PutBrandGroupCall(const v1::PutBrandGroupRequest& request) {
  TESSERA_ASSIGN_OR_RETURN(const BrandId brand, BrandField(request.brand_id()));
  TESSERA_ASSIGN_OR_RETURN(const RequestId request_id, IdField<RequestId>(request.request_id(), "request_id"));
  const auto group = GroupId::Parse(request.group_id());
  if (!group) return InvalidField("group_id", "must be 1 to 40 lower-case letters, digits and hyphens");
  if (request.brands().empty() || request.brands_size() > kBrandsMax) {
    return InvalidField("brands", "must be 1 to 200");
  }
  auto put = std::make_shared<PutBrandGroup>();
  put->group = *group;
  std::set<BrandId> seen;
  for (int i = 0; i < request.brands_size(); ++i) {
    const std::string path = absl::StrCat("brands[", i, "]");
    TESSERA_ASSIGN_OR_RETURN(Brand one, BrandOf(request.brands(i), path));
    if (!seen.insert(one.id).second) return InvalidField(path + ".brand_id", "is listed twice");
    put->brands.push_back(std::move(one));
  }
  if (!seen.contains(brand)) return InvalidField("brand_id", "must be one of the brands");
  return ApiCall{PutBrandGroupPtr(std::move(put)), brand, request_id};
}

absl::StatusOr<ApiCall> PutNamespaceCall(const v1::PutNamespaceRequest& request) {
  TESSERA_ASSIGN_OR_RETURN(const BrandId brand, BrandField(request.brand_id()));
  TESSERA_ASSIGN_OR_RETURN(const RequestId request_id, IdField<RequestId>(request.request_id(), "request_id"));
  if (!request.has_namespace_()) return InvalidField("namespace", "is missing");
  TESSERA_ASSIGN_OR_RETURN(Namespace ns, NamespaceOf(request.namespace_()));
  auto put = std::make_shared<PutNamespace>();
  put->brand = brand;
  put->definition = std::move(ns);
  return ApiCall{PutNamespacePtr(std::move(put)), brand, request_id};
}

std::string EncodeReply(const Command& command, const Reply& reply) {
  const auto* stored = std::get_if<GroupStored>(&reply);
  if (stored == nullptr) return "";
  const GroupConfig& config = *stored->config;
  return std::visit(Overloaded{[&](const PutBrandGroupPtr&) {
                                 v1::PutBrandGroupResponse response;
                                 response.set_group_id(config.id.value);
                                 for (const Brand& brand : config.brands) *response.add_brands() = ToProto(brand);
                                 response.set_rule_version(config.rule_version);
                                 return response.SerializeAsString();
                               },
                               [&](const PutNamespacePtr& put) {
                                 v1::PutNamespaceResponse response;
                                 *response.mutable_namespace_() = ToProto(put->definition);
                                 response.set_rule_version(config.rule_version);
                                 return response.SerializeAsString();
                               },
                               [](const auto&) { return std::string(); }},
                    command);
}

absl::StatusOr<v1::ListNamespacesResponse> NamespacesPage(const v1::ListNamespacesRequest& request,
                                                          const std::vector<Namespace>& namespaces,
                                                          int64_t rule_version) {
  if (namespaces.empty()) return Unknown("RULE_VERSION_UNKNOWN", "no such rule version");
  TESSERA_ASSIGN_OR_RETURN(const rpc::Page page, rpc::ReadPage(request));
  int32_t after = 0;
  if (!page.position.empty() && !absl::SimpleAtoi(page.position, &after)) {
    return InvalidField("page_token", "is not from a response", "PAGE_TOKEN_INVALID");
  }
  v1::ListNamespacesResponse response;
  response.set_rule_version(rule_version);
  for (const Namespace& ns : namespaces) {
    if (ns.rank <= after) continue;
    if (response.namespaces_size() == page.size) {
      const int32_t last = response.namespaces(response.namespaces_size() - 1).rank();
      response.set_next_page_token(rpc::NextPageToken(request, absl::StrCat(last)));
      break;
    }
    *response.add_namespaces() = ToProto(ns);
  }
  return response;
}

v1::GetStatisticsResponse ToProto(const StatisticsView& view, absl::Time now) {
  v1::GetStatisticsResponse response;
  response.set_events_accepted(view.events_accepted);
  response.set_duplicates_dropped(view.duplicates_dropped);
  response.set_dead_letters(view.dead_letters);
  response.set_dead_letters_unattributed(view.dead_letters_unattributed);
  response.set_customers(view.customers);
  response.set_anonymous_customers(view.anonymous_customers);
  response.set_merges(view.merges);
  response.set_merges_complete(view.merges_complete);
  response.set_merges_open(view.merges - view.merges_complete - view.merges_mismatched);
  response.set_merges_mismatched(view.merges_mismatched);
  response.set_unresolved_events(view.unresolved_events);
  *response.mutable_count_time() = ToTimestamp(now);
  return response;
}

}  // namespace tessera::oneid
