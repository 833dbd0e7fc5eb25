// A closed loop of calls: so many are always under way, each answer makes room for the next call.
#pragma once

#include <cstdint>
#include <string>

#include "rpc/tls.h"
#include "tests/bench/load/round.h"

namespace tessera::bench {

struct GrpcLoad {
  std::string target;  // "127.0.0.1:5001"
  rpc::TlsFiles tls;
  std::string call;  // "read": GetBalance, "write": EarnPoints, "echo": an empty Echo
  int32_t channels = 1;
  int64_t in_flight = 64;
  int64_t members = 20'000;
  int64_t warm_up = 2'000;
  int64_t operations = 40'000;
  uint64_t seed = 1;
};

// With the latency of every call. The token is that of TESSERA_BENCH_TOKEN. A call that fails ends the process.
Round CallGrpc(const GrpcLoad& load);

}  // namespace tessera::bench
