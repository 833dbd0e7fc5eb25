#include "engine/writer_metrics.h"

#include <atomic>
#include <map>
#include <string>

#include "base/status.h"

namespace tessera::engine {
namespace {

using metrics::GetCounter;
using metrics::GetHistogram;
using metrics::Labels;

Labels NextWriter() {
  static std::atomic<int> writers = 0;
  return {{"writer", std::to_string(writers++)}};
}

const std::vector<double>& BatchBounds() {
  static const auto* const bounds = new std::vector<double>{1, 2, 5, 10, 20, 50, 100, 200, 500, 1'000};
  return *bounds;
}

// By what became of a record; all are there from the start, because an alarm sees no increase in a counter whose first
// value is 1.
constexpr const char* kOutcomes[] = {"events_accepted", "duplicates_dropped", "dead_letters", "sequence_gaps"};

metrics::Counter& RecordsBy(const std::string& outcome) {
  return GetCounter("tessera_events_total", "What became of the records read, by outcome", {{"outcome", outcome}});
}

void CountByReason(const char* name, const char* help, const std::map<std::string, int64_t>& counts) {
  for (const auto& [reason, count] : counts)
    GetCounter(name, help, {{"reason", reason}}).Add(static_cast<double>(count));
}

}  // namespace

WriterMetrics::WriterMetrics() : WriterMetrics(NextWriter()) {}

WriterMetrics::WriterMetrics(const Labels& writer)
    : queue(metrics::GetGauge("tessera_writer_queue_commands", "Commands waiting", writer)),
      batches(GetCounter("tessera_writer_batches_total", "Batches committed", writer)),
      commands(GetCounter("tessera_writer_commands_total", "Commands committed", writer)),
      restarts(GetCounter("tessera_writer_restarts_total", "Attempts begun anew because what had been discovered moved",
                          writer)),
      retries(GetCounter("tessera_writer_retries_total", "Attempts repeated after a conflict or a lost connection",
                         writer)),
      data_errors(GetCounter("tessera_writer_data_errors_total", "Attempts that Postgres refused for a value", writer)),
      expired_calls(GetCounter("tessera_writer_expired_calls_total",
                               "Calls whose deadline passed in the queue, not executed", writer)),
      batch_commands_(
          GetHistogram("tessera_writer_batch_commands", "Commands of a committed batch", writer, BatchBounds())),
      phase_seconds_() {
  for (const char* outcome : kOutcomes) RecordsBy(outcome);
  for (size_t phase = 0; phase < kPhaseNames.size(); ++phase) {
    Labels labels = writer;
    labels["phase"] = kPhaseNames[phase];
    phase_seconds_[phase] = &GetHistogram("tessera_writer_phase_seconds", "Time of a committed batch by phase", labels,
                                          metrics::LatencyBoundsSeconds());
  }
}

void WriterMetrics::Committed(size_t batch_commands, const Phases& phases, const Effects& effects) const {
  batches.Add();
  commands.Add(static_cast<double>(batch_commands));
  batch_commands_.Observe(static_cast<double>(batch_commands));
  for (size_t phase = 0; phase < kPhaseNames.size(); ++phase) {
    phase_seconds_[phase]->Observe(phases.Seconds(static_cast<Phase>(phase)));
  }
  for (const auto& [key, count] : effects.counters) RecordsBy(key.second).Add(static_cast<double>(count));
  std::map<std::string, int64_t> refused, parked;
  for (const NewDeadLetter& letter : effects.dead_letters) {
    const auto info = ErrorInfoOf(letter.refusal);
    ++refused[info ? info->reason : "REFUSED"];
  }
  for (const NewParked& one : effects.parked) ++parked[one.reason];
  CountByReason("tessera_dead_letters_total", "Records refused, by reason", refused);
  CountByReason("tessera_parked_records_total", "Records set aside, by reason", parked);
}

}  // namespace tessera::engine
