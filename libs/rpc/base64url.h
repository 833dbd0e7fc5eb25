// Base64 for URLs (RFC 4648, section 5), without padding. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace tessera::rpc {

std::string ToBase64Url(std::string_view bytes);

// nullopt for padding, blanks and whatever else ToBase64Url does not write.
std::optional<std::string> FromBase64Url(std::string_view text);

}  // namespace tessera::rpc
