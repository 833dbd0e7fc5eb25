#include "base/text.h"

#include <cstdint>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "absl/time/time.h"
#include "base/strings.h"
#include "events/cloud_event.h"
#include "events/internal.h"

namespace tessera::events {
namespace {

bool IsClean(uint32_t c) {
  if (c < 0x20 || (c >= 0x7F && c <= 0x9F)) return false;                    // control characters
  if ((c & 0xFFFE) == 0xFFFE || (c >= 0xFDD0 && c <= 0xFDEF)) return false;  // not characters
  return !IsBidiControl(c);
}

// Digits, where the pattern has '0', else the very character; 'T' and 'Z' stand for either case.
bool HasShape(std::string_view text, std::string_view pattern) {
  if (text.size() != pattern.size()) return false;
  for (size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    if (pattern[i] == '0' ? !absl::ascii_isdigit(c) : absl::ascii_toupper(c) != pattern[i]) return false;
  }
  return true;
}

}  // namespace

bool IsCleanText(std::string_view text) {
  while (!text.empty()) {
    const auto code_point = TakeCodePoint(text);
    if (!code_point || !IsClean(*code_point)) return false;
  }
  return true;
}

bool ContentType::is_json() const { return media == "application/json" || absl::EndsWith(media, "+json"); }

ContentType ParseContentType(std::string_view text) {
  ContentType type;
  bool first = true;
  for (absl::string_view part : absl::StrSplit(ToAbsl(text), ';')) {
    const std::string word = absl::AsciiStrToLower(absl::StripAsciiWhitespace(part));
    if (first) {
      type.media = word;
    } else if (absl::string_view value = word; absl::ConsumePrefix(&value, "charset=")) {
      absl::ConsumePrefix(&value, "\"");
      absl::ConsumeSuffix(&value, "\"");
      type.charset = std::string(value);
    }
    first = false;
  }
  return type;
}

std::optional<absl::Time> ParseRfc3339(std::string_view text) {
  // absl::ParseTime alone would also take spaces, years of any length and "infinite-future".
  constexpr size_t kWithoutFraction = std::string_view("0000-00-00T00:00:00").size();
  if (text.size() < kWithoutFraction + 1 || text.size() > 64) return std::nullopt;
  if (!HasShape(text.substr(0, kWithoutFraction), "0000-00-00T00:00:00")) return std::nullopt;
  size_t zone = kWithoutFraction;
  if (text[zone] == '.') {
    const size_t digits = ++zone;
    while (zone < text.size() && absl::ascii_isdigit(static_cast<unsigned char>(text[zone]))) ++zone;
    if (zone == digits) return std::nullopt;
  }
  const std::string_view offset = text.substr(zone);
  if (!HasShape(offset, "Z") && !HasShape(offset, "+00:00") && !HasShape(offset, "-00:00")) return std::nullopt;
  absl::Time time;
  std::string error;
  const std::string upper = absl::AsciiStrToUpper(ToAbsl(text));
  if (!absl::ParseTime(absl::RFC3339_full, upper, &time, &error)) return std::nullopt;
  return absl::FromUnixMicros(absl::ToUnixMicros(time));
}

std::string FormatRfc3339(absl::Time time) {
  return absl::FormatTime("%Y-%m-%d%ET%H:%M:%E*SZ", absl::FromUnixMicros(absl::ToUnixMicros(time)),
                          absl::UTCTimeZone());
}

}  // namespace tessera::events
