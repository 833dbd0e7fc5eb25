// What one measured round tells. Plain values.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace tessera::bench {

struct Round {
  int64_t operations = 0;
  double seconds = 0;
  std::vector<int64_t> latencies_us{};      // of single operations, where they were taken
  std::map<std::string, double> figures{};  // whatever else the round measured
};

// Nearest rank; there is at least one.
double MedianMs(std::vector<int64_t> latencies_us);

// One line of JSON: operations, seconds, latency_p50_ms and latency_p99_ms where there are latencies, and the figures.
std::string ToJson(Round round);

}  // namespace tessera::bench
