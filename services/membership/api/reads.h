// The reading methods: request -> what to read, what was read -> response. Pure, thread-safe.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "services/membership/domain/views.h"
#include "tessera/membership/v1/member_service.pb.h"
#include "tessera/membership/v1/points_service.pb.h"
#include "tessera/membership/v1/program_service.pb.h"

namespace tessera::membership::api {

absl::StatusOr<MemberKey> ToKey(const v1::GetBalanceRequest& request);
v1::GetBalanceResponse ToResponse(const BalancesView& view);

absl::StatusOr<EntryFilter> ToFilter(const v1::ListEntriesRequest& request);
// `views` has one more than the page if there is a next one; so in all lists.
v1::ListEntriesResponse ToResponse(const v1::ListEntriesRequest& request, int32_t limit, std::vector<EntryView> views);

absl::StatusOr<LotFilter> ToFilter(const v1::ListLotsRequest& request);
v1::ListLotsResponse ToResponse(const v1::ListLotsRequest& request, int32_t limit, std::vector<LotView> views);

// The page of lots to explain, closed ones too.
absl::StatusOr<LotFilter> ToFilter(const v1::ExplainBalanceRequest& request);
v1::ExplainBalanceResponse ToResponse(const v1::ExplainBalanceRequest& request, int32_t limit, ExplanationView view);

absl::StatusOr<MemberKey> ToKey(const v1::GetMemberRequest& request);
v1::GetMemberResponse ToResponse(const MemberView& view);

absl::StatusOr<MemberFilter> ToFilter(const v1::ListMembersRequest& request);
v1::ListMembersResponse ToResponse(const v1::ListMembersRequest& request, const MemberFilter& filter,
                                   std::vector<MemberView> views);

v1::GetStatisticsResponse ToResponse(const StatisticsView& view);
v1::GetProgramResponse ToResponse(const ProgramView& view);
v1::ValidateProgramResponse Validate(const v1::ValidateProgramRequest& request);

}  // namespace tessera::membership::api
