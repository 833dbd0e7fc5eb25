// One form for each value by which customers are known, by libraries that are kept up to date: libphonenumber for
// phones, ICU for text and domains. Pure functions, thread-safe. nullopt means that the text is no such value.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace tessera::normalise {

inline constexpr size_t kOpaqueBytesMax = 512;
inline constexpr size_t kCardDigitsMax = 64;

// E.164, such as "+8613912345678". `region` is the CLDR region ("CN") of numbers written without a country code. Only
// valid numbers of their country are accepted.
std::optional<std::string> Phone(std::string_view text, std::string_view region);

// Whether Phone knows numbers of this CLDR region; any other finds no number that is written without a country code.
bool IsPhoneRegion(std::string_view region);

// NFKC, local part and domain case-folded, the domain in ASCII (UTS 46). `fold_providers` also drops what providers
// are known to ignore: dots and plus suffixes of Gmail addresses, plus suffixes of some others.
std::optional<std::string> Email(std::string_view text, bool fold_providers);

// The text without surrounding white space: valid UTF-8 without control characters, at most kOpaqueBytesMax bytes.
std::optional<std::string> Opaque(std::string_view text);

// Digits only: spaces, dots and hyphens are dropped, anything else is refused.
std::optional<std::string> Card(std::string_view text);

}  // namespace tessera::normalise
