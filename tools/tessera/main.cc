// The command-line client: finds the command that was asked for, runs it, and shows what went wrong.
#include <algorithm>
#include <cstdio>

#include "absl/strings/str_cat.h"
#include "base/log.h"
#include "tools/tessera/cli/output.h"
#include "tools/tessera/cli/text.h"
#include "tools/tessera/commands/commands.h"

namespace tessera::cli {
namespace {

constexpr int kUsageError = 2;

std::vector<Command> AllCommands() {
  std::vector<Command> all;
  for (const auto& group : {CustomerCommands(), PointsCommands(), MergeCommands(), DeadLetterCommands(),
                            WaitingCommands(), ParkedCommands(), CheckCommands(), ProgressCommands(), TopCommands(),
                            HealthCommands(), CallCommands(), ReplayCommands(), TokenCommands()}) {
    all.insert(all.end(), group.begin(), group.end());
  }
  return all;
}

std::string Overview(const std::vector<Command>& commands) {
  std::string text = "The command-line client of Tessera.\n\nusage: tessera COMMAND [OPTIONS]\n\ncommands:\n";
  size_t width = 0;
  for (const Command& command : commands) width = std::max(width, command.syntax.words.size());
  for (const Command& command : commands) {
    const std::string& words = command.syntax.words;
    absl::StrAppend(&text, "  ", words, std::string(width - words.size() + 2, ' '), command.syntax.summary, "\n");
  }
  return text + "\n`tessera COMMAND --help` explains one.\n";
}

// How many of the words name the command; 0 if they do not.
size_t NamedBy(const Syntax& syntax, const std::vector<std::string>& words) {
  const auto count = static_cast<size_t>(1 + std::count(syntax.words.begin(), syntax.words.end(), ' '));
  if (words.size() < count) return 0;
  std::string named = words[0];
  for (size_t i = 1; i < count; ++i) named += " " + words[i];
  return named == syntax.words ? count : 0;
}

int UsageError(const std::string& message, const std::string& hint) {
  std::fprintf(stderr, "error: %s\n%s\n", message.c_str(), hint.c_str());
  return kUsageError;
}

int RunCommand(const Command& command, const std::vector<std::string>& words) {
  const std::string hint = absl::StrCat("`tessera ", command.syntax.words, " --help` explains it");
  const auto arguments = Arguments::Parse(command.syntax, words);
  if (!arguments.ok()) return UsageError(std::string(arguments.status().message()), hint);
  if (arguments->Has("help")) {
    Print(HelpText(command.syntax));
    return 0;
  }
  auto stack = Stack::Find(*arguments);
  if (!stack.ok()) return UsageError(std::string(stack.status().message()), hint);
  const absl::StatusOr<int> exit_code = command.run(**stack, *arguments);
  if (exit_code.ok()) return *exit_code;
  std::fputs(ErrorText(exit_code.status()).c_str(), stderr);
  return 1;
}

int Run(const std::vector<std::string>& words) {
  const std::vector<Command> commands = AllCommands();
  if (words.empty()) {
    std::fputs(Overview(commands).c_str(), stderr);
    return kUsageError;
  }
  for (const Command& command : commands) {
    const size_t count = NamedBy(command.syntax, words);
    if (count > 0) return RunCommand(command, {words.begin() + static_cast<std::ptrdiff_t>(count), words.end()});
  }
  if (words[0] == "--help" || words[0] == "-h" || words[0] == "help") {
    Print(Overview(commands));
    return 0;
  }
  std::string similar;
  for (const Command& command : commands) {
    if (command.syntax.words.starts_with(words[0] + " "))
      absl::StrAppend(&similar, "  tessera ", command.syntax.words, "\n");
  }
  if (!similar.empty()) return UsageError("which of these?", similar);
  return UsageError(absl::StrCat("there is no command ", Printable(words[0])), "`tessera --help` lists them");
}

}  // namespace
}  // namespace tessera::cli

int main(int argc, char** argv) {
  tessera::InitLog("tessera", "", "error");
  return tessera::cli::Run({argv + 1, argv + argc});
}
