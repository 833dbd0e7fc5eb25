#include "kafka/security.h"

#include <fstream>
#include <iterator>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "base/strings.h"

namespace tessera::kafka {
namespace {

bool IsSecurity(std::string_view name) {
  return name == "security.protocol" || name.starts_with("ssl.") || name.starts_with("sasl.");
}

}  // namespace

absl::StatusOr<Settings> ParseSecurity(std::string_view text) {
  Settings settings;
  int number = 0;
  for (absl::string_view line : absl::StrSplit(ToAbsl(text), '\n')) {
    ++number;
    line = absl::StripAsciiWhitespace(line);
    if (line.empty() || line.front() == '#') continue;
    const std::pair<std::string, std::string> setting = absl::StrSplit(line, absl::MaxSplits('=', 1));
    const std::string name(absl::StripAsciiWhitespace(setting.first));
    if (line.find('=') == absl::string_view::npos) {  // What stands there may be a secret.
      return absl::InvalidArgumentError(absl::StrCat("Kafka properties, line ", number, ": must be name=value"));
    }
    if (!IsSecurity(name)) {
      return absl::InvalidArgumentError(absl::StrCat("Kafka properties, line ", number, ": ", name,
                                                     " is none of security.protocol, ssl.* and sasl.*"));
    }
    settings.emplace_back(name, absl::StripAsciiWhitespace(setting.second));
  }
  return settings;
}

absl::StatusOr<Settings> ReadSecurity(const std::string& path) {
  if (path.empty()) return Settings();
  std::ifstream file(path);
  const std::string text{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  if (!file) return absl::NotFoundError(absl::StrCat("the Kafka properties cannot be read: ", path));
  return ParseSecurity(text);
}

}  // namespace tessera::kafka
