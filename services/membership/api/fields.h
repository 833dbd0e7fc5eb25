// Checks of request fields. Each answers INVALID_ARGUMENT that names the field. Pure, thread-safe.
#pragma once

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "services/membership/domain/commands.h"

namespace tessera::membership::api {

absl::StatusOr<BrandId> BrandField(const std::string& text);
absl::StatusOr<RequestId> RequestField(const std::string& text);
absl::StatusOr<CustomerId> CustomerField(const std::string& text);
absl::StatusOr<HoldId> HoldField(std::string_view field, const std::string& text);

// The customer and the brand of a request that has both.
template <class Request>
absl::StatusOr<MemberKey> MemberField(const Request& request) {
  auto brand = BrandField(request.brand_id());
  if (!brand.ok()) return brand.status();
  auto customer = CustomerField(request.customer_id());
  if (!customer.ok()) return customer.status();
  return MemberKey{*customer, *std::move(brand)};
}

// A currency's name; "" stands for "points".
absl::StatusOr<std::string> CurrencyField(const std::string& text);

absl::StatusOr<int64_t> AmountField(int64_t amount, int64_t least);

}  // namespace tessera::membership::api
