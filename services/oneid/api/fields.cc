#include "services/oneid/api/fields.h"

namespace tessera::oneid {

absl::StatusOr<BrandId> BrandField(std::string_view text, std::string_view field) {
  auto brand = BrandId::Parse(text);
  if (!brand) return InvalidField(field, "must be 1 to 40 lower-case letters, digits and hyphens");
  return *brand;
}

absl::Status Unknown(std::string_view reason, std::string_view message) {
  return MakeError(absl::StatusCode::kNotFound, message, {std::string(reason), "oneid.tessera", {}});
}

absl::Status BrandUnknown() { return Unknown("BRAND_UNKNOWN", "no such brand"); }

std::string Masked(std::string_view value) {
  if (value.empty()) return "";
  if (const size_t at = value.find('@'); at != std::string_view::npos && at > 0) {
    return std::string(value.substr(0, 1)) + "***" + std::string(value.substr(at));
  }
  if (value.front() == '+' && value.size() > 7) {
    return std::string(value.substr(0, 3)) + std::string(value.size() - 7, '*') +
           std::string(value.substr(value.size() - 4));
  }
  constexpr size_t kShown = 2;
  if (value.size() <= 2 * kShown) return "***";
  size_t shown = kShown;  // never a part of a character
  while (shown > 0 && (static_cast<unsigned char>(value[shown]) & 0xC0) == 0x80) --shown;
  return std::string(value.substr(0, shown)) + "***";
}

}  // namespace tessera::oneid
