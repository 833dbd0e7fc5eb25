#include "base/time_zone.h"

#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_split.h"
#include "base/strings.h"

namespace tessera {
namespace {

constexpr size_t kNameBytesMax = 64;

// Among the database's files, or taken by the loader, but no zones of their own.
constexpr std::array<std::string_view, 7> kNoZones = {"localtime", "posixrules", "Factory", "UTC0",
                                                      "Fixed",     "posix",      "right"};

bool IsWord(std::string_view word) {
  return !word.empty() && absl::ascii_isalpha(static_cast<unsigned char>(word[0])) &&
         std::all_of(word.begin(), word.end(), [](char c) {
           return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '_' || c == '+' || c == '-';
         });
}

bool IsName(std::string_view name) {
  if (name.size() > kNameBytesMax) return false;
  const std::vector<std::string> words = absl::StrSplit(ToAbsl(name), '/');
  return std::find(kNoZones.begin(), kNoZones.end(), words[0]) == kNoZones.end() &&
         std::all_of(words.begin(), words.end(), IsWord);
}

}  // namespace

std::optional<absl::TimeZone> FindTimeZone(std::string_view name) {
  absl::TimeZone zone;
  if (!IsName(name) || !absl::LoadTimeZone(ToAbsl(name), &zone)) return std::nullopt;
  return zone;
}

}  // namespace tessera
