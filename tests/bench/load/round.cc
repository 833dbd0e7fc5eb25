#include "tests/bench/load/round.h"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace tessera::bench {
namespace {

// Nearest rank, of sorted values.
double PercentileMs(const std::vector<int64_t>& sorted_us, size_t percent) {
  const size_t rank = (sorted_us.size() * percent + 99) / 100;
  return static_cast<double>(sorted_us[std::max<size_t>(rank, 1) - 1]) / 1e3;
}

}  // namespace

double MedianMs(std::vector<int64_t> latencies_us) {
  std::sort(latencies_us.begin(), latencies_us.end());
  return PercentileMs(latencies_us, 50);
}

std::string ToJson(Round round) {
  nlohmann::json json = round.figures;
  json["operations"] = round.operations;
  json["seconds"] = round.seconds;
  if (!round.latencies_us.empty()) {
    std::sort(round.latencies_us.begin(), round.latencies_us.end());
    json["latency_p50_ms"] = PercentileMs(round.latencies_us, 50);
    json["latency_p99_ms"] = PercentileMs(round.latencies_us, 99);
  }
  return json.dump();
}

}  // namespace tessera::bench
