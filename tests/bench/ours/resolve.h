// oneid's rounds by the service's own writers.
#pragma once

#include "base/crypto.h"
#include "tests/bench/load/channel_load.h"
#include "tests/bench/load/round.h"
#include "tests/bench/ours/service_writers.h"

namespace tessera::bench::ours {

// oneid's writers, with the run's keys.
class OneidWriters : public ServiceWriters {
 public:
  OneidWriters();

 private:
  explicit OneidWriters(const KeyFile& keys);
};

// The brand alone, in a migrated database.
void PrepareOneid();

// The brand and its known customers, in a migrated database.
void PrepareResolve(int64_t customers);

Round Resolve(const ChannelLoad& load);

}  // namespace tessera::bench::ours
