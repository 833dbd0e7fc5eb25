#include "services/membership/api/fields.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "base/status.h"

namespace tessera::membership::api {

absl::StatusOr<BrandId> BrandField(const std::string& text) {
  auto brand = BrandId::Parse(text);
  if (!brand) return InvalidField("brand_id", "must be lower-case letters, digits and hyphens, 1 to 40");
  return *std::move(brand);
}

absl::StatusOr<RequestId> RequestField(const std::string& text) {
  const auto id = RequestId::Parse(text);
  if (!id || id->is_nil()) return InvalidField("request_id", "must be a UUID");
  return *id;
}

absl::StatusOr<CustomerId> CustomerField(const std::string& text) {
  const auto id = CustomerId::Parse(text);
  if (!id || id->is_nil()) return InvalidField("customer_id", "must be a UUID");
  return *id;
}

absl::StatusOr<HoldId> HoldField(std::string_view field, const std::string& text) {
  const auto id = HoldId::Parse(text);
  if (!id || id->is_nil()) return InvalidField(field, "must be a UUID");
  return *id;
}

absl::StatusOr<std::string> CurrencyField(const std::string& text) {
  if (text.empty()) return "points";
  const bool valid = text.size() <= 40 && std::all_of(text.begin(), text.end(), [](char c) {
                       return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
                     });
  if (!valid) return InvalidField("currency", "must be lower-case letters, digits and underscores, at most 40");
  return text;
}

absl::StatusOr<int64_t> AmountField(int64_t amount, int64_t least) {
  if (amount < least) return InvalidField("amount", absl::StrCat("must be at least ", least));
  return amount;
}

}  // namespace tessera::membership::api
