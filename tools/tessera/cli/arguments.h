// The words after a command: what it takes, read and explained. Plain values.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace tessera::cli {

// An option "--name VALUE" or "--name=VALUE"; with an empty `value`, a switch "--name".
struct Option {
  std::string name, value, help;
};

enum class Count { kOne, kAtMostOne, kAny, kAtLeastOne };

// A word without a dash. Only the last of a command may be other than kOne.
struct Positional {
  std::string name, help;
  Count count = Count::kOne;
};

// What a command takes.
struct Syntax {
  std::string words;    // "points balance"
  std::string summary;  // one sentence
  std::vector<Positional> positionals;
  std::vector<Option> options;  // besides CommonOptions()
  std::string example;          // what follows the program's name; may be empty
};

// Options that every command takes.
const std::vector<Option>& CommonOptions();

// What was said.
class Arguments {
 public:
  // InvalidArgument that says what is wrong, for a word that the command does not take or one that is missing.
  static absl::StatusOr<Arguments> Parse(const Syntax& syntax, const std::vector<std::string>& words);

  bool Has(std::string_view option) const { return options_.contains(std::string(option)); }

  // The last value of an option, or `otherwise`.
  std::string Text(std::string_view option, std::string_view otherwise = "") const;

  // All values of an option.
  std::vector<std::string> All(std::string_view option) const;

  // InvalidArgument if it is no whole number from `least` to `most`.
  absl::StatusOr<int64_t> Number(std::string_view option, int64_t otherwise, int64_t least, int64_t most) const;

  // The words without a dash.
  const std::vector<std::string>& words() const { return words_; }

 private:
  std::map<std::string, std::vector<std::string>> options_;
  std::vector<std::string> words_;
};

// The text of --help.
std::string HelpText(const Syntax& syntax);

// A whole number in `text`; InvalidArgument that names `what`.
absl::StatusOr<int64_t> ParseNumber(std::string_view what, const std::string& text, int64_t least, int64_t most);

}  // namespace tessera::cli
