#include "normalise/normalise.h"

#include <unicode/uchar.h>
#include <unicode/utf8.h>

namespace tessera::normalise {

std::optional<std::string> Opaque(std::string_view text) {
  if (text.size() > 4 * kOpaqueBytesMax) return std::nullopt;
  const auto* bytes = reinterpret_cast<const uint8_t*>(text.data());
  const int32_t size = static_cast<int32_t>(text.size());
  int32_t start = -1, end = 0;
  for (int32_t i = 0; i < size;) {
    const int32_t at = i;
    UChar32 c;
    U8_NEXT(bytes, i, size, c);
    if (c < 0) return std::nullopt;
    if (u_isUWhiteSpace(c)) continue;
    if (u_iscntrl(c)) return std::nullopt;
    if (start < 0) start = at;
    end = i;
  }
  if (start < 0) return std::nullopt;
  for (int32_t i = start; i < end; ++i) {
    if (bytes[i] < 0x20) return std::nullopt;  // a tab or line break inside
  }
  if (static_cast<size_t>(end - start) > kOpaqueBytesMax) return std::nullopt;
  return std::string(text.substr(static_cast<size_t>(start), static_cast<size_t>(end - start)));
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
