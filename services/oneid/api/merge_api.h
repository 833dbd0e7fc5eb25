// MergeService: answers to responses. Pure functions.
#pragma once

#include <optional>
#include <string_view>

#include "absl/status/statusor.h"
#include "services/oneid/api/fields.h"
#include "services/oneid/domain/views.h"
#include "tessera/oneid/v1/merge_service.pb.h"

namespace tessera::oneid {

v1::Merge ToProto(const MergeView& view);

// What ListMerges asks for.
struct MergesQuery {
  BrandId brand;
  std::optional<MergeState> state;
  MergeId after;
  int32_t size = 0;
};
absl::StatusOr<MergesQuery> MergesQueryOf(const v1::ListMergesRequest& request);

// `views` holds one more than the page if there is a next one.
v1::ListMergesResponse MergesPage(const v1::ListMergesRequest& request, const std::vector<MergeView>& views,
                                  int32_t size);

}  // namespace tessera::oneid
