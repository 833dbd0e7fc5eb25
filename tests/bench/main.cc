// tessera_bench COMMAND: one measured round of one side, or the preparation of a database. Run by tools/dev bench,
// which interleaves the rounds and compares. Prints one line of JSON.
#include <cstdio>
#include <functional>
#include <map>
#include <string>

#include "absl/flags/flag.h"
#include "absl/flags/parse.h"
#include "tests/bench/naive/ledger.h"
#include "tests/bench/naive/resolve.h"
#include "tests/bench/ours/ledger.h"
#include "tests/bench/ours/resolve.h"

ABSL_FLAG(int64_t, members, 20'000, "how many members there are");
ABSL_FLAG(int64_t, warm_up, 5'000, "operations before the clock starts");
ABSL_FLAG(int64_t, operations, 60'000, "operations that are measured");
ABSL_FLAG(uint64_t, seed, 1, "fixes who is asked for what");
ABSL_FLAG(int32_t, connections, 4, "connections of the naive side");
ABSL_FLAG(bool, are_new, false, "every event is the first of its customer");
ABSL_FLAG(std::string, program, "", "file with the program of the brand");

// Read by jemalloc: as in a service, see libs/engine/service_main.cc.
extern "C" {
extern const char* malloc_conf;
const char* malloc_conf = "dirty_decay_ms:30000,narenas:4";
}

namespace tessera::bench {
namespace {

EarnLoad EarnLoadOfFlags() {
  return {absl::GetFlag(FLAGS_members), absl::GetFlag(FLAGS_warm_up), absl::GetFlag(FLAGS_operations),
          absl::GetFlag(FLAGS_seed)};
}

ChannelLoad ChannelLoadOfFlags() {
  return {absl::GetFlag(FLAGS_members), absl::GetFlag(FLAGS_warm_up), absl::GetFlag(FLAGS_operations),
          absl::GetFlag(FLAGS_seed), absl::GetFlag(FLAGS_are_new)};
}

const std::map<std::string, std::function<Round()>>& Commands() {
  static const auto* commands = new std::map<std::string, std::function<Round()>>{
      {"ledger-prepare",
       [] {
         ours::PrepareLedger(absl::GetFlag(FLAGS_members), absl::GetFlag(FLAGS_program));
         return Round();
       }},
      {"ledger-ours", [] { return ours::EarnPoints(EarnLoadOfFlags()); }},
      {"ledger-naive", [] { return naive::EarnPoints(EarnLoadOfFlags(), absl::GetFlag(FLAGS_connections)); }},
      {"ledger-least", [] { return naive::EarnLeast(EarnLoadOfFlags(), absl::GetFlag(FLAGS_connections)); }},
      {"resolve-prepare",
       [] {
         ours::PrepareResolve(absl::GetFlag(FLAGS_members));
         return Round();
       }},
      {"resolve-ours", [] { return ours::Resolve(ChannelLoadOfFlags()); }},
      {"resolve-naive", [] { return naive::Resolve(ChannelLoadOfFlags(), absl::GetFlag(FLAGS_connections)); }},
  };
  return *commands;
}

int Main(int argc, char** argv) {
  const std::vector<char*> words = absl::ParseCommandLine(argc, argv);
  const auto command = words.size() == 2 ? Commands().find(words[1]) : Commands().end();
  if (command == Commands().end()) {
    std::fprintf(stderr, "tessera_bench: name one command:");
    for (const auto& [name, run] : Commands()) std::fprintf(stderr, " %s", name.c_str());
    std::fprintf(stderr, "\n");
    return 2;
  }
  std::printf("%s\n", ToJson(command->second()).c_str());
  return 0;
}

}  // namespace
}  // namespace tessera::bench

int main(int argc, char** argv) { return tessera::bench::Main(argc, argv); }
