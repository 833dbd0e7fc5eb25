// How far a service is: what it read of each topic and how much was there, what it wrote and how much was published.
// Plain values; pure.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "tessera/ops/v1/operations_service.pb.h"

namespace tessera::cli {

struct Reading {
  std::map<int32_t, int64_t> next_by_partition;
  int64_t next = 0;  // sum over the partitions
  int64_t end = 0;   // sum over the partitions
  int64_t lag = 0;   // records that are still to be read

  // `ends` by partition; one that was not read yet is read from 0.
  void SetEnds(const std::vector<int64_t>& ends);
};

struct Writing {
  int64_t written = 0, relayed = 0;
};

struct Flow {
  std::map<std::string, Reading> reads;   // by topic
  std::map<std::string, Writing> writes;  // by topic
  int64_t waiting = 0, parked = 0, due_timers = 0;
};

// Topics that oneid and membership read are there also before they have read anything.
Flow FlowOf(const std::string& service, const ops::v1::GetProgressResponse& progress);

}  // namespace tessera::cli
