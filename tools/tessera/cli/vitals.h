// How an instance is doing, from two looks at its metrics. Plain values; pure.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "metrics/page.h"

namespace tessera::cli {

// Gauges are of the later look; what is "per second", and the means, are of the time between both.
struct Vitals {
  struct Lag {
    double items = 0, seconds = 0;
  };
  struct Calls {
    double per_second = 0, errors_per_second = 0;
    double p50_ms = 0, p99_ms = 0;  // upper bounds: of the histogram's bucket
  };

  double up_seconds = 0, cpu_percent = 0, resident_mb = 0;
  double commands_per_second = 0, batches_per_second = 0, commands_per_batch = 0, queued = 0;
  double restarts_per_second = 0, retries_per_second = 0, data_errors_per_second = 0;
  std::map<std::string, double> phase_ms;             // mean time of a batch in each phase
  std::map<std::string, Lag> reads;                   // by topic: of all partitions together, the latest of them
  std::map<std::string, Lag> publishes;               // by topic
  std::map<std::string, Calls> calls;                 // by method, those that were called
  std::map<std::string, double> refusals_per_second;  // by reason, of calls and of records, those that were
  std::map<std::string, double> gauges;               // "tessera_parked_keys" and whatever else has no label
};

// `now_unix_seconds` is the time of the later look, `seconds` (over 0) what passed between both. A process that was
// started between them has counted from 0.
Vitals VitalsOf(const std::vector<metrics::Sample>& before, const std::vector<metrics::Sample>& now,
                double now_unix_seconds, double seconds);

}  // namespace tessera::cli
