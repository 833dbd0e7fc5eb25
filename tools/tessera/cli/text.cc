#include "tools/tessera/cli/text.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "base/status.h"
#include "base/strings.h"

namespace tessera::cli {
namespace {

constexpr int kBarCells = 30;

// The code point at `at` and its bytes; 0 bytes where there is no well-formed one.
std::pair<uint32_t, size_t> Decode(std::string_view text, size_t at) {
  const auto byte = [&](size_t i) { return static_cast<uint8_t>(text[i]); };
  const uint8_t first = byte(at);
  if (first < 0x80) return {first, 1};
  const size_t length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
  if (first < 0xc2 || first > 0xf4 || at + length > text.size()) return {0, 0};
  uint32_t code = first & (0xff >> (length + 1));
  for (size_t i = 1; i < length; ++i) {
    if ((byte(at + i) & 0xc0) != 0x80) return {0, 0};
    code = code << 6 | (byte(at + i) & 0x3f);
  }
  const bool overlong = (length == 3 && code < 0x800) || (length == 4 && code < 0x10000);
  const bool not_a_character = (code >= 0xd800 && code < 0xe000) || code > 0x10ffff;
  return overlong || not_a_character ? std::pair<uint32_t, size_t>{0, 0} : std::pair<uint32_t, size_t>{code, length};
}

// Control characters, and those that turn the direction of writing.
bool IsControl(uint32_t code) {
  return code < 0x20 || (code >= 0x7f && code < 0xa0) || (code >= 0x200e && code <= 0x200f) ||
         (code >= 0x2028 && code <= 0x202e) || (code >= 0x2066 && code <= 0x2069);
}

bool IsWide(uint32_t code) {
  return (code >= 0x1100 && code < 0x1160) || (code >= 0x2e80 && code < 0xa4d0) || (code >= 0xac00 && code < 0xd7a4) ||
         (code >= 0xf900 && code < 0xfb00) || (code >= 0xfe30 && code < 0xfe70) || (code >= 0xff00 && code < 0xff61) ||
         (code >= 0x1f300 && code < 0x1f650) || (code >= 0x20000 && code < 0x30000);
}

const char* WhatToDo(absl::StatusCode code) {
  switch (code) {
    case absl::StatusCode::kInvalidArgument:
      return "correct the request";
    case absl::StatusCode::kUnauthenticated:
      return "give a valid token: TESSERA_TOKEN or --token-file (on the local stack leave both out)";
    case absl::StatusCode::kPermissionDenied:
      return "use a token with the role and the brand that the method wants";
    case absl::StatusCode::kFailedPrecondition:
      return "change what the reason names, then try again";
    case absl::StatusCode::kAborted:
      return "read again and repeat the whole step";
    case absl::StatusCode::kResourceExhausted:
      return "wait a little and try again";
    case absl::StatusCode::kUnavailable:
      return "see that the service runs (`tools/dev status`), then repeat the same call with the same request_id";
    case absl::StatusCode::kDeadlineExceeded:
      return "repeat the same call with the same request_id, perhaps with a longer --timeout";
    case absl::StatusCode::kInternal:
    case absl::StatusCode::kUnknown:
    case absl::StatusCode::kDataLoss:
      return "look for the id in the service's log (`tools/dev logs`) and report it";
    default:
      return "";
  }
}

// Further lines of a message are set in, so that none can be taken for one of ours.
std::string Lines(std::string_view message) {
  std::vector<std::string> lines;
  for (const absl::string_view line : absl::StrSplit(ToAbsl(message), '\n', absl::SkipWhitespace())) {
    lines.push_back(Printable(ToStd(line)));
  }
  return absl::StrJoin(lines, "\n    ");
}

}  // namespace

std::string Printable(std::string_view text) {
  std::string result;
  for (size_t at = 0; at < text.size();) {
    const auto [code, length] = Decode(text, at);
    if (length == 0 || IsControl(code)) {
      result += '?';
    } else {
      result += text.substr(at, length);
    }
    at += std::max<size_t>(length, 1);
  }
  return result;
}

size_t Width(std::string_view text) {
  size_t width = 0;
  for (size_t at = 0; at < text.size();) {
    const auto [code, length] = Decode(text, at);
    width += IsWide(code) ? 2 : 1;
    at += std::max<size_t>(length, 1);
  }
  return width;
}

std::string Grouped(int64_t number) {
  std::string digits = absl::StrCat(number);
  const size_t first = number < 0 ? 1 : 0;
  for (size_t at = digits.size(); at > first + 3;) digits.insert(at -= 3, 1, ',');
  return digits;
}

std::string TimeText(const google::protobuf::Timestamp& time) {
  if (time.seconds() == 0 && time.nanos() == 0) return "";
  return absl::FormatTime("%Y-%m-%d %H:%M:%SZ", absl::FromUnixSeconds(time.seconds()), absl::UTCTimeZone());
}

std::string EnumText(std::string_view name, std::string_view prefix) {
  if (name.starts_with(prefix)) name.remove_prefix(prefix.size());
  return absl::AsciiStrToLower(ToAbsl(name));
}

std::string ProgressBar(std::string_view what, int64_t done, int64_t all, absl::Duration elapsed) {
  const double fraction = all > 0 ? static_cast<double>(done) / static_cast<double>(all) : 1.0;
  const auto filled = static_cast<size_t>(fraction * kBarCells);
  const double seconds = absl::ToDoubleSeconds(elapsed);
  const int64_t rate = seconds > 0 ? static_cast<int64_t>(static_cast<double>(done) / seconds) : 0;
  return absl::StrFormat("%s [%s%s] %3d %%  %s of %s  %s/s", ToAbsl(what), std::string(filled, '#'),
                         std::string(kBarCells - filled, '.'), static_cast<int>(fraction * 100), Grouped(done),
                         Grouped(all), Grouped(rate));
}

std::string ErrorText(const absl::Status& status) {
  const auto info = ErrorInfoOf(status);
  const std::string code = absl::StatusCodeToString(status.code());
  std::string text = absl::StrCat("error: ", code);
  if (info && info->reason != code) absl::StrAppend(&text, " ", Printable(info->reason));
  absl::StrAppend(&text, ": ", Lines(ToStd(status.message())), "\n");
  if (info) {
    for (const auto& [name, value] : info->metadata) {
      absl::StrAppend(&text, "  ", Printable(name), ": ", Printable(value), "\n");
    }
  }
  if (const auto delay = RetryDelayOf(status)) {
    absl::StrAppend(&text, "  retry after: ", absl::FormatDuration(*delay), "\n");
  }
  if (const char* what = WhatToDo(status.code()); *what != '\0') absl::StrAppend(&text, "  to do: ", what, "\n");
  return text;
}

}  // namespace tessera::cli
