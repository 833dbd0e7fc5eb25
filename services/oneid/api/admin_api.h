// AdminService: requests to commands and queries, answers to responses. Pure functions.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "services/oneid/api/fields.h"
#include "services/oneid/domain/views.h"
#include "tessera/oneid/v1/admin_service.pb.h"

namespace tessera::oneid {

absl::StatusOr<ApiCall> PutBrandGroupCall(const v1::PutBrandGroupRequest& request);
absl::StatusOr<ApiCall> PutNamespaceCall(const v1::PutNamespaceRequest& request);

// The serialised response of a command that took effect; "" for commands that are not calls.
std::string EncodeReply(const Command& command, const Reply& reply);

// `namespaces` is what the version holds; empty means that there is no such version.
absl::StatusOr<v1::ListNamespacesResponse> NamespacesPage(const v1::ListNamespacesRequest& request,
                                                          const std::vector<Namespace>& namespaces,
                                                          int64_t rule_version);

v1::GetStatisticsResponse ToProto(const StatisticsView& view, absl::Time now);

}  // namespace tessera::oneid
