// What a writer tells of itself. Thread-safe.
#pragma once

#include <array>

#include "engine/effects.h"
#include "engine/phases.h"
#include "metrics/metrics.h"

namespace tessera::engine {

class WriterMetrics {
 public:
  // Labelled by a number: the writers of a process are counted from 0 as they are made.
  WriterMetrics();

  // A batch of so many commands was committed, with these effects.
  void Committed(size_t batch_commands, const Phases& phases, const Effects& effects) const;

  metrics::Gauge& queue;
  metrics::Counter &batches, &commands, &restarts, &retries, &data_errors, &expired_calls;

 private:
  explicit WriterMetrics(const metrics::Labels& writer);

  metrics::Histogram& batch_commands_;
  std::array<metrics::Histogram*, kPhaseNames.size()> phase_seconds_;
};

}  // namespace tessera::engine
