#include "normalise/normalise.h"

#include <unicode/uchar.h>

#include <algorithm>

#include "base/text.h"

namespace tessera::normalise {

std::optional<std::string> Opaque(std::string_view text) {
  if (text.size() > 4 * kOpaqueBytesMax) return std::nullopt;
  size_t start = text.size(), end = 0;
  for (std::string_view rest = text; !rest.empty();) {
    const size_t at = text.size() - rest.size();
    const auto code_point = TakeCodePoint(rest);
    if (!code_point) return std::nullopt;
    const auto c = static_cast<UChar32>(*code_point);
    if (u_isUWhiteSpace(c)) continue;
    if (u_iscntrl(c)) return std::nullopt;
    start = std::min(start, at);
    end = text.size() - rest.size();
  }
  if (start >= end) return std::nullopt;
  text = text.substr(start, end - start);
  // A tab or line break inside.
  if (std::any_of(text.begin(), text.end(), [](char c) { return static_cast<uint8_t>(c) < 0x20; })) return std::nullopt;
  if (text.size() > kOpaqueBytesMax) return std::nullopt;
  return std::string(text);
}

std::optional<std::string> Card(std::string_view text) {
  std::string digits;
  for (const char c : text) {
    if (c >= '0' && c <= '9') {
      digits += c;
    } else if (c != ' ' && c != '-' && c != '.') {
      return std::nullopt;
    }
    if (digits.size() > kCardDigitsMax) return std::nullopt;
  }
  if (digits.empty()) return std::nullopt;
  return digits;
}

}  // namespace tessera::normalise
