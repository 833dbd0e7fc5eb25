// Hexadecimal and base64 text of bytes. Pure, thread-safe.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace tessera {

std::string ToHex(std::string_view bytes);
std::string ToBase64(std::string_view bytes);

// nullopt if the text is no (padded, standard alphabet) base64.
std::optional<std::string> FromBase64(std::string_view text);

// The value of one hexadecimal digit, or -1.
int HexDigit(char c);

}  // namespace tessera
