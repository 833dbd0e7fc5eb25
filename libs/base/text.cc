#include "base/text.h"

namespace tessera {
namespace {

// The length of the UTF-8 sequence that starts with `lead`, or 0.
size_t SequenceLength(uint8_t lead) {
  if (lead < 0x80) return 1;
  if (lead >= 0xC2 && lead <= 0xDF) return 2;
  if (lead >= 0xE0 && lead <= 0xEF) return 3;
  if (lead >= 0xF0 && lead <= 0xF4) return 4;
  return 0;
}

bool IsCodePoint(uint32_t c, size_t length) {
  if (c >= 0xD800 && c <= 0xDFFF) return false;  // surrogates
  if (length == 3 && c < 0x800) return false;    // longer than needed
  return length != 4 || (c >= 0x10000 && c <= 0x10FFFF);
}

}  // namespace

std::optional<uint32_t> TakeCodePoint(std::string_view& text) {
  if (text.empty()) return std::nullopt;
  const auto lead = static_cast<uint8_t>(text[0]);
  const size_t length = SequenceLength(lead);
  if (length == 0 || length > text.size()) return std::nullopt;
  uint32_t c = length == 1 ? lead : lead & (0x7Fu >> length);
  for (size_t k = 1; k < length; ++k) {
    const auto next = static_cast<uint8_t>(text[k]);
    if ((next & 0xC0) != 0x80) return std::nullopt;
    c = (c << 6) | (next & 0x3Fu);
  }
  if (!IsCodePoint(c, length)) return std::nullopt;
  text.remove_prefix(length);
  return c;
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
