#include "base/text.h"

#include <unicode/utf8.h>  // macros only: nothing of ICU is linked

#include <algorithm>

namespace tessera {

std::optional<uint32_t> TakeCodePoint(std::string_view& text) {
  if (text.empty()) return std::nullopt;
  const auto* bytes = reinterpret_cast<const uint8_t*>(text.data());
  // ICU counts in 32 bits; no sequence is longer.
  const auto size = static_cast<int32_t>(std::min<size_t>(text.size(), U8_MAX_LENGTH));
  int32_t taken = 0;
  UChar32 c;
  U8_NEXT(bytes, taken, size, c);
  if (c < 0) return std::nullopt;
  text.remove_prefix(static_cast<size_t>(taken));
  return static_cast<uint32_t>(c);
}

bool IsUtf8(std::string_view text) {
  while (!text.empty()) {
    if (!TakeCodePoint(text)) return false;
  }
  return true;
}

bool IsBidiControl(uint32_t code_point) {
  return code_point == 0x061C || code_point == 0x200E || code_point == 0x200F ||
         (code_point >= 0x202A && code_point <= 0x202E) || (code_point >= 0x2066 && code_point <= 0x2069);
}

std::string_view WhyUnfit(std::string_view text) {
  for (size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<uint8_t>(text[i]);
    if (byte == 0) return "must not contain NUL";
    if (byte != 0xD8 && byte != 0xE2) continue;  // The lead bytes of all bidirectional controls.
    std::string_view rest = text.substr(i);
    const auto code_point = TakeCodePoint(rest);
    if (code_point && IsBidiControl(*code_point)) return "must not contain controls of the direction of text";
  }
  return "";
}

}  // namespace tessera
