#include <phonenumbers/phonenumberutil.h>

#include <set>

#include "normalise/normalise.h"

namespace tessera::normalise {

std::optional<std::string> Phone(std::string_view text, std::string_view region) {
  using i18n::phonenumbers::PhoneNumber;
  using i18n::phonenumbers::PhoneNumberUtil;
  constexpr size_t kBytesMax = 64;
  if (text.empty() || text.size() > kBytesMax) return std::nullopt;
  const PhoneNumberUtil& util = *PhoneNumberUtil::GetInstance();
  PhoneNumber number;
  if (util.Parse(std::string(text), std::string(region), &number) != PhoneNumberUtil::NO_PARSING_ERROR ||
      !util.IsValidNumber(number)) {
    return std::nullopt;
  }
  number.clear_extension();
  std::string e164;
  util.Format(number, PhoneNumberUtil::E164, &e164);
  return e164;
}

bool IsPhoneRegion(std::string_view region) {
  static const auto& regions = *[] {
    auto* const known = new std::set<std::string>;
    i18n::phonenumbers::PhoneNumberUtil::GetInstance()->GetSupportedRegions(known);
    return known;
  }();
  return regions.contains(std::string(region));
}

}  // namespace tessera::normalise
