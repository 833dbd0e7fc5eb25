// tessera_bench COMMAND: one measured round of one side, or the preparation of a database. Run by tools/dev bench,
// which interleaves the rounds and compares. Prints one line of JSON.
#include <cstdio>
#include <functional>
#include <map>
#include <string>

#include "absl/flags/flag.h"
#include "absl/flags/parse.h"
#include "absl/synchronization/mutex.h"
#include "tests/bench/load/database.h"
#include "tests/bench/load/flow_load.h"
#include "tests/bench/load/grpc_load.h"
#include "tests/bench/load/latency.h"
#include "tests/bench/load/seed_ledger.h"
#include "tests/bench/naive/flow.h"
#include "tests/bench/naive/ledger.h"
#include "tests/bench/naive/relay.h"
#include "tests/bench/naive/resolve.h"
#include "tests/bench/naive/server.h"
#include "tests/bench/ours/ledger.h"
#include "tests/bench/ours/merge.h"
#include "tests/bench/ours/relay.h"
#include "tests/bench/ours/resolve.h"

ABSL_FLAG(int64_t, members, 20'000, "how many members there are");
ABSL_FLAG(int64_t, warm_up, 5'000, "operations before the clock starts");
ABSL_FLAG(int64_t, operations, 60'000, "operations that are measured");
ABSL_FLAG(uint64_t, seed, 1, "fixes who is asked for what");
ABSL_FLAG(int32_t, connections, 4, "connections of the naive side");
ABSL_FLAG(bool, are_new, false, "every event is the first of its customer");
ABSL_FLAG(int64_t, rows, 0, "ledger-seed: how many transfers");
ABSL_FLAG(int64_t, pairs, 0, "merge-*: pairs of customers with a long past, and as many with a short one");
ABSL_FLAG(int64_t, long_past, 0, "merge-prepare: events of each customer with a long past");
ABSL_FLAG(int64_t, short_past, 0, "merge-prepare: events of each customer with a short past");
ABSL_FLAG(std::string, topic_prefix, "", "put before every topic's name");
ABSL_FLAG(bool, first, false, "flow-load: the first events of the known customers, instead of later ones");
ABSL_FLAG(std::string, oneid, "", "latency: host:port of oneid; the target is membership");
ABSL_FLAG(std::string, target, "", "host:port of the server that is called");
ABSL_FLAG(std::string, call, "read", "grpc-load: read, write or echo");
ABSL_FLAG(int32_t, channels, 1, "grpc-load: connections to the server");
ABSL_FLAG(int64_t, in_flight, 64, "grpc-load: calls under way");
ABSL_FLAG(std::string, tls, "", "grpc-load, grpc-serve-naive: folder of certificates for TLS; none: plain text");
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

// The files of one side, as `tools/dev certs` names them.
rpc::TlsFiles TlsFilesOfFlag(const std::string& side) {
  const std::string folder = absl::GetFlag(FLAGS_tls);
  if (folder.empty()) return {};
  return {folder + "/" + side + ".pem", folder + "/" + side + ".key", folder + "/ca.pem"};
}

GrpcLoad GrpcLoadOfFlags() {
  return {.target = absl::GetFlag(FLAGS_target),
          .tls = TlsFilesOfFlag("client"),
          .call = absl::GetFlag(FLAGS_call),
          .channels = absl::GetFlag(FLAGS_channels),
          .in_flight = absl::GetFlag(FLAGS_in_flight),
          .members = absl::GetFlag(FLAGS_members),
          .warm_up = absl::GetFlag(FLAGS_warm_up),
          .operations = absl::GetFlag(FLAGS_operations),
          .seed = absl::GetFlag(FLAGS_seed)};
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
      {"ledger-seed",
       [] {
         SeedLedger(*ConnectAsAdmin(), absl::GetFlag(FLAGS_rows), absl::GetFlag(FLAGS_members));
         return Round();
       }},
      {"relay-ours", [] { return ours::Relay(absl::GetFlag(FLAGS_topic_prefix)); }},
      {"relay-naive", [] { return naive::Relay(absl::GetFlag(FLAGS_topic_prefix), absl::GetFlag(FLAGS_operations)); }},
      {"flow-load",
       [] { return DriveFlow(ChannelLoadOfFlags(), absl::GetFlag(FLAGS_topic_prefix), absl::GetFlag(FLAGS_first)); }},
      {"flow-serve-oneid",
       [] {
         naive::ServeOneid(absl::GetFlag(FLAGS_topic_prefix), absl::GetFlag(FLAGS_connections));
         return Round();
       }},
      {"flow-serve-membership",
       [] {
         naive::ServeMembership(absl::GetFlag(FLAGS_topic_prefix), absl::GetFlag(FLAGS_connections));
         return Round();
       }},
      {"latency",
       [] {
         return MeasureLatency(absl::GetFlag(FLAGS_oneid), absl::GetFlag(FLAGS_target), absl::GetFlag(FLAGS_operations),
                               absl::GetFlag(FLAGS_seed));
       }},
      {"merge-prepare",
       [] {
         ours::PrepareMerges({.pairs = absl::GetFlag(FLAGS_pairs),
                              .longer = absl::GetFlag(FLAGS_long_past),
                              .shorter = absl::GetFlag(FLAGS_short_past)});
         return Round();
       }},
      {"merge-oneid", [] { return ours::MergeInOneid(absl::GetFlag(FLAGS_pairs)); }},
      {"merge-membership", [] { return ours::MergeInMembership(absl::GetFlag(FLAGS_pairs)); }},
      {"grpc-load", [] { return CallGrpc(GrpcLoadOfFlags()); }},
      {"grpc-serve-naive",
       [] {
         naive::Serve(absl::GetFlag(FLAGS_connections), TlsFilesOfFlag("server"));
         return Round();
       }},
  };
  return *commands;
}

int Main(int argc, char** argv) {
  absl::SetMutexDeadlockDetectionMode(absl::OnDeadlockCycle::kIgnore);  // as in a service
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
