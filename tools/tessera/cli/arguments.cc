#include "tools/tessera/cli/arguments.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "base/strings.h"

namespace tessera::cli {
namespace {

const Option* Find(const Syntax& syntax, std::string_view name) {
  for (const auto* options : {&syntax.options, &CommonOptions()}) {
    for (const Option& option : *options) {
      if (option.name == name) return &option;
    }
  }
  return nullptr;
}

absl::Status CheckCount(const Syntax& syntax, size_t count) {
  size_t least = 0, most = 0;
  bool unlimited = false;
  for (const Positional& positional : syntax.positionals) {
    if (positional.count == Count::kOne || positional.count == Count::kAtLeastOne) ++least;
    if (positional.count == Count::kAny || positional.count == Count::kAtLeastOne) unlimited = true;
    ++most;
    if (count < least) return absl::InvalidArgumentError(absl::StrCat(positional.name, " is missing"));
  }
  if (count > most && !unlimited) {
    return absl::InvalidArgumentError(absl::StrCat("`tessera ", syntax.words, "` takes ", most, " words, not ", count));
  }
  return absl::OkStatus();
}

std::string Placeholder(const Positional& positional) {
  std::string name = absl::AsciiStrToUpper(positional.name);
  switch (positional.count) {
    case Count::kOne:
      return name;
    case Count::kAtMostOne:
      return absl::StrCat("[", name, "]");
    case Count::kAny:
      return absl::StrCat("[", name, "...]");
    case Count::kAtLeastOne:
      return absl::StrCat(name, "...");
  }
  return name;
}

void AddLines(std::string_view title, const std::vector<std::pair<std::string, std::string>>& lines,
              std::string& text) {
  if (lines.empty()) return;
  size_t width = 0;
  for (const auto& [left, right] : lines) width = std::max(width, left.size());
  absl::StrAppend(&text, "\n", ToAbsl(title), "\n");
  for (const auto& [left, right] : lines) {
    absl::StrAppend(&text, "  ", left, std::string(width - left.size() + 2, ' '), right, "\n");
  }
}

std::vector<std::pair<std::string, std::string>> LinesOf(const std::vector<Option>& options) {
  std::vector<std::pair<std::string, std::string>> lines;
  for (const Option& option : options) {
    lines.emplace_back(absl::StrCat("--", option.name, option.value.empty() ? "" : " ", option.value), option.help);
  }
  return lines;
}

}  // namespace

const std::vector<Option>& CommonOptions() {
  static const auto& options = *new std::vector<Option>{
      {"json", "", "print JSON for scripts instead of tables"},
      {"oneid", "HOST:PORT", "where oneid answers (TESSERA_ONEID; else as the stack's ports.json says)"},
      {"membership", "HOST:PORT", "where membership answers (TESSERA_MEMBERSHIP; else as ports.json says)"},
      {"brokers", "HOST:PORT,...", "the Kafka brokers (TESSERA_BROKERS; else as ports.json says)"},
      {"token-file", "FILE", "holds the bearer token (else TESSERA_TOKEN; else one is made for the local stack)"},
      {"var", "DIR", "the folder of the local stack (TESSERA_VAR; else the `var` of this clone)"},
      {"timeout", "SECONDS", "how long a call may take (30; a stream: for ever)"},
      {"help", "", "print this text"},
  };
  return options;
}

absl::StatusOr<Arguments> Arguments::Parse(const Syntax& syntax, const std::vector<std::string>& words) {
  Arguments arguments;
  bool only_words = false;
  for (size_t i = 0; i < words.size(); ++i) {
    const std::string& word = words[i];
    if (only_words || word.size() < 2 || !word.starts_with("-")) {  // "-" is a word: standard input
      arguments.words_.push_back(word);
      continue;
    }
    if (word == "--") {
      only_words = true;
      continue;
    }
    const size_t equals = word.find('=');
    const std::string name = word == "-h" ? "help" : word.substr(std::min<size_t>(2, word.size()), equals - 2);
    const Option* const option = word.starts_with("--") || word == "-h" ? Find(syntax, name) : nullptr;
    if (option == nullptr && name == "token") {
      return absl::InvalidArgumentError(
          "a token is no argument, because other users see arguments: set TESSERA_TOKEN, or say --token-file FILE");
    }
    if (option == nullptr) {
      return absl::InvalidArgumentError(absl::StrCat("`tessera ", syntax.words, "` has no option ", word));
    }
    std::string value;
    if (option->value.empty()) {
      if (equals != std::string::npos) return absl::InvalidArgumentError(absl::StrCat("--", name, " takes no value"));
    } else if (equals != std::string::npos) {
      value = word.substr(equals + 1);
    } else if (++i < words.size()) {
      value = words[i];
    } else {
      return absl::InvalidArgumentError(absl::StrCat("--", name, " needs a value: ", option->value));
    }
    arguments.options_[name].push_back(std::move(value));
  }
  if (arguments.Has("help")) return arguments;
  TESSERA_RETURN_IF_ERROR(CheckCount(syntax, arguments.words_.size()));
  return arguments;
}

std::string Arguments::Text(std::string_view option, std::string_view otherwise) const {
  const auto found = options_.find(std::string(option));
  return found == options_.end() ? std::string(otherwise) : found->second.back();
}

std::vector<std::string> Arguments::All(std::string_view option) const {
  const auto found = options_.find(std::string(option));
  return found == options_.end() ? std::vector<std::string>() : found->second;
}

absl::StatusOr<int64_t> ParseNumber(std::string_view what, const std::string& text, int64_t least, int64_t most) {
  int64_t number = 0;
  if (absl::SimpleAtoi(text, &number) && number >= least && number <= most) return number;
  return absl::InvalidArgumentError(
      absl::StrCat(ToAbsl(what), " must be a whole number from ", least, " to ", most, ", not \"", text, "\""));
}

absl::StatusOr<int64_t> Arguments::Number(std::string_view option, int64_t otherwise, int64_t least,
                                          int64_t most) const {
  if (!Has(option)) return otherwise;
  return ParseNumber("--" + std::string(option), Text(option), least, most);
}

std::string HelpText(const Syntax& syntax) {
  std::string text = absl::StrCat(syntax.summary, "\n\nusage: tessera ", syntax.words);
  std::vector<std::pair<std::string, std::string>> positionals;
  for (const Positional& positional : syntax.positionals) {
    absl::StrAppend(&text, " ", Placeholder(positional));
    positionals.emplace_back(absl::AsciiStrToUpper(positional.name), positional.help);
  }
  absl::StrAppend(&text, " [OPTIONS]\n");
  AddLines("what it takes:", positionals, text);
  AddLines("options:", LinesOf(syntax.options), text);
  AddLines("options of every command:", LinesOf(CommonOptions()), text);
  if (!syntax.example.empty()) absl::StrAppend(&text, "\nexample:\n  tessera ", syntax.example, "\n");
  return text;
}

}  // namespace tessera::cli
