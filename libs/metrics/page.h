// The reader's side of what Exposition serves: fetched and taken apart. Pure but for Fetch.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "metrics/metrics.h"

namespace tessera::metrics {

// What "host:port" answers for `path` ("/metrics", "/healthz"). Unavailable if it cannot be had within about `timeout`,
// or is not answered by 200; InvalidArgument if `address` is none.
absl::StatusOr<std::string> Fetch(const std::string& address, std::string_view path, absl::Duration timeout);

struct Sample {
  std::string name;  // "tessera_rpc_calls_total"; of a histogram with _bucket, _sum or _count
  Labels labels;
  double value = 0;
};

// Prometheus' text format. InvalidArgument, with the line's number, for what is none.
absl::StatusOr<std::vector<Sample>> ParsePage(std::string_view page);

}  // namespace tessera::metrics
