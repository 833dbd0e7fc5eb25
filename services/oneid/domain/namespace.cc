#include "services/oneid/domain/namespace.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"
#include "base/strings.h"

namespace tessera::oneid {
namespace {

constexpr size_t kScopeBytesMax = 200;

// ISO 8601: the week of a day is that of its Thursday.
std::string WeekOf(absl::Time time, absl::TimeZone zone) {
  absl::CivilDay day(absl::ToCivilDay(time, zone));
  const absl::CivilDay thursday = day + (3 - static_cast<int>(absl::GetWeekday(day)));
  return absl::StrFormat("%04d-W%02d", thursday.year(), (absl::GetYearDay(thursday) - 1) / 7 + 1);
}

}  // namespace

std::string Namespace::LimitText() const {
  if (at_most == 1) return absl::StrCat(name, " UNIQUE");
  return absl::StrCat(name, " AT_MOST ", at_most);
}

std::optional<std::string> ScopeKey(const Namespace& ns, std::string_view given, absl::Time time, absl::TimeZone zone) {
  if (ns.scope.empty()) return "";
  if (given.size() > kScopeBytesMax) return std::nullopt;
  if (std::any_of(given.begin(), given.end(), [](char c) { return c >= 0 && c < 0x20; })) return std::nullopt;
  std::vector<std::string> parts;
  if (!given.empty()) parts = absl::StrSplit(ToAbsl(given), '/');
  std::string key;
  size_t next = 0;
  for (const ScopePart part : ns.scope) {
    if (!key.empty()) key += '/';
    if (part == ScopePart::kWeek) {
      key += WeekOf(time, zone);
    } else {
      if (next >= parts.size() || parts[next].empty()) return std::nullopt;
      key += parts[next++];
    }
  }
  if (next != parts.size()) return std::nullopt;
  return key;
}

std::vector<std::string> DefaultBlockedValues(Normaliser normaliser) {
  std::vector<std::string> values = {"-1",   "null",    "none", "undefined", "anonymous", "guest",
                                     "test", "unknown", "n/a",  "true",      "false",     "[object Object]"};
  if (normaliser == Normaliser::kPhone) {
    values.insert(values.end(), {"+8613800000000", "+8613800138000"});
  }
  return values;
}

std::vector<std::string> DefaultBlockedPatterns(Normaliser normaliser) {
  std::vector<std::string> patterns = {"^[0\\-]*$"};
  if (normaliser == Normaliser::kPhone) {
    patterns.emplace_back("(0{8}|1{8}|2{8}|3{8}|4{8}|5{8}|6{8}|7{8}|8{8}|9{8})$");
  }
  return patterns;
}

}  // namespace tessera::oneid
