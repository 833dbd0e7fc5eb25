#include "tools/tessera/cli/vitals.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string_view>

namespace tessera::cli {
namespace {

using metrics::Labels;
using metrics::Sample;

std::string LabelOf(const Labels& labels, const std::string& name) {
  const auto found = labels.find(name);
  return found == labels.end() ? "" : found->second;
}

// What was counted between two looks.
class Growth {
 public:
  Growth(const std::vector<Sample>& before, const std::vector<Sample>& now, double seconds)
      : now_(now), seconds_(seconds) {
    for (const Sample& sample : before) before_[{sample.name, sample.labels}] = sample.value;
  }

  double PerSecond(std::string_view name) const { return Sum(name) / seconds_; }

  double Sum(std::string_view name) const {
    double sum = 0;
    Each(name, [&](const Labels&, double grown) { sum += grown; });
    return sum;
  }

  // By the value of one label, those that grew.
  std::map<std::string, double> By(std::string_view name, const std::string& label) const {
    std::map<std::string, double> sums;
    Each(name, [&](const Labels& labels, double grown) {
      if (grown > 0) sums[LabelOf(labels, label)] += grown;
    });
    return sums;
  }

  template <class F>
  void Each(std::string_view name, F f) const {
    for (const Sample& sample : now_) {
      if (sample.name != name) continue;
      const auto old = before_.find({sample.name, sample.labels});
      const double from = old == before_.end() || old->second > sample.value ? 0 : old->second;
      f(sample.labels, sample.value - from);
    }
  }

 private:
  const std::vector<Sample>& now_;
  const double seconds_;
  std::map<std::pair<std::string, Labels>, double> before_;
};

// The bound of the bucket in which the share of all observations is reached.
double Quantile(const std::map<double, double>& grown_by_bound, double share) {
  const double all = grown_by_bound.empty() ? 0 : grown_by_bound.rbegin()->second;
  for (const auto& [bound, grown] : grown_by_bound) {
    if (all > 0 && grown >= share * all) return bound;
  }
  return 0;
}

void ReadCalls(const Growth& growth, double seconds, Vitals& vitals) {
  for (const auto& [method, count] : growth.By("tessera_rpc_calls_total", "method")) {
    vitals.calls[method].per_second = count / seconds;
  }
  growth.Each("tessera_rpc_calls_total", [&](const Labels& labels, double grown) {
    if (grown > 0 && LabelOf(labels, "code") != "OK") {
      vitals.calls[LabelOf(labels, "method")].errors_per_second += grown / seconds;
    }
  });
  std::map<std::string, std::map<double, double>> buckets;
  growth.Each("tessera_rpc_latency_seconds_bucket", [&](const Labels& labels, double grown) {
    const std::string bound = LabelOf(labels, "le");
    const double le = bound == "+Inf" ? std::numeric_limits<double>::infinity() : std::atof(bound.c_str());
    buckets[LabelOf(labels, "method")][le] += grown;
  });
  for (auto& [method, calls] : vitals.calls) {
    calls.p50_ms = 1e3 * Quantile(buckets[method], 0.5);
    calls.p99_ms = 1e3 * Quantile(buckets[method], 0.99);
  }
}

void ReadWriters(const Growth& growth, Vitals& vitals) {
  const double batches = growth.Sum("tessera_writer_batches_total");
  vitals.batches_per_second = growth.PerSecond("tessera_writer_batches_total");
  vitals.commands_per_second = growth.PerSecond("tessera_writer_commands_total");
  vitals.restarts_per_second = growth.PerSecond("tessera_writer_restarts_total");
  vitals.retries_per_second = growth.PerSecond("tessera_writer_retries_total");
  vitals.data_errors_per_second = growth.PerSecond("tessera_writer_data_errors_total");
  if (batches == 0) return;
  vitals.commands_per_batch = growth.Sum("tessera_writer_commands_total") / batches;
  for (const auto& [phase, seconds] : growth.By("tessera_writer_phase_seconds_sum", "phase")) {
    vitals.phase_ms[phase] = 1e3 * seconds / batches;
  }
}

void ReadGauges(const std::vector<Sample>& now, double now_unix_seconds, Vitals& vitals) {
  for (const auto& [name, labels, value] : now) {
    const std::string topic = LabelOf(labels, "topic");
    if (name == "tessera_consumer_lag_records") vitals.reads[topic].items += value;
    if (name == "tessera_consumer_lag_seconds") {
      vitals.reads[topic].seconds = std::max(vitals.reads[topic].seconds, value);
    }
    if (name == "tessera_relay_lag_events") vitals.publishes[topic].items = value;
    if (name == "tessera_relay_lag_seconds") vitals.publishes[topic].seconds = value;
    if (name == "tessera_writer_queue_commands") vitals.queued += value;
    if (name == "process_start_time_seconds") vitals.up_seconds = now_unix_seconds - value;
    if (name == "process_resident_memory_bytes") vitals.resident_mb = value / 1e6;
    if (labels.empty() && name.starts_with("tessera_") && !name.ends_with("_total")) vitals.gauges[name] = value;
  }
}

}  // namespace

Vitals VitalsOf(const std::vector<Sample>& before, const std::vector<Sample>& now, double now_unix_seconds,
                double seconds) {
  const Growth growth(before, now, seconds);
  Vitals vitals;
  ReadGauges(now, now_unix_seconds, vitals);
  ReadWriters(growth, vitals);
  ReadCalls(growth, seconds, vitals);
  vitals.cpu_percent = 100 * growth.PerSecond("process_cpu_seconds_total");
  for (const char* counter : {"tessera_rpc_errors_total", "tessera_dead_letters_total"}) {
    for (const auto& [reason, count] : growth.By(counter, "reason")) {
      vitals.refusals_per_second[reason] += count / seconds;
    }
  }
  return vitals;
}

}  // namespace tessera::cli
