// IdentityService: requests to queries, answers to responses. Pure functions.
#pragma once

#include "absl/status/statusor.h"
#include "services/oneid/api/fields.h"
#include "services/oneid/domain/views.h"
#include "tessera/oneid/v1/identity_service.pb.h"

namespace tessera::oneid {

absl::StatusOr<OwnersQuery> OwnersQueryOf(const v1::ResolveIdentifiersRequest& request, absl::Time now);
v1::ResolveIdentifiersResponse OwnersResponse(const std::vector<OwnerView>& owners);

absl::StatusOr<CustomerQuery> CustomerQueryOf(std::string_view brand_id, std::string_view customer_id);
v1::GetCustomerResponse CustomerResponse(const CustomerView& view, absl::Time now);

// One page of a customer's identifiers: values masked, or not.
absl::StatusOr<v1::ListIdentifiersResponse> ListResponse(const CustomerView& view,
                                                         const v1::ListIdentifiersRequest& request);
absl::StatusOr<v1::RevealIdentifiersResponse> RevealResponse(const CustomerView& view,
                                                             const v1::RevealIdentifiersRequest& request);

absl::StatusOr<EventQuery> EventQueryOf(const v1::ExplainResolutionRequest& request);
v1::ExplainResolutionResponse ExplainResponse(const EventView& view);

}  // namespace tessera::oneid
