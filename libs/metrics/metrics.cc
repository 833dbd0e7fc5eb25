#include "metrics/metrics.h"

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include "absl/synchronization/mutex.h"

namespace tessera::metrics {
namespace {

class CounterOf final : public Counter {
 public:
  explicit CounterOf(prometheus::Counter& counter) : counter_(counter) {}
  void Add(double by) override { counter_.Increment(by); }
  double Value() const override { return counter_.Value(); }

 private:
  prometheus::Counter& counter_;
};

class GaugeOf final : public Gauge {
 public:
  explicit GaugeOf(prometheus::Gauge& gauge) : gauge_(gauge) {}
  void Set(double value) override { gauge_.Set(value); }
  void Add(double by) override { gauge_.Increment(by); }
  double Value() const override { return gauge_.Value(); }

 private:
  prometheus::Gauge& gauge_;
};

class HistogramOf final : public Histogram {
 public:
  explicit HistogramOf(prometheus::Histogram& histogram) : histogram_(histogram) {}
  void Observe(double value) override { histogram_.Observe(value); }

 private:
  prometheus::Histogram& histogram_;
};

using Key = std::pair<std::string, Labels>;

// Never destroyed: threads may count until the very end of the process.
struct State {
  prometheus::Registry registry;
  absl::Mutex mutex;
  std::map<Key, std::unique_ptr<Counter>> counters ABSL_GUARDED_BY(mutex);
  std::map<Key, std::unique_ptr<Gauge>> gauges ABSL_GUARDED_BY(mutex);
  std::map<Key, std::unique_ptr<Histogram>> histograms ABSL_GUARDED_BY(mutex);
};

State& TheState() {
  static State* const state = new State();
  return *state;
}

}  // namespace

Counter& GetCounter(const std::string& name, const std::string& help, const Labels& labels) {
  State& state = TheState();
  absl::MutexLock lock(&state.mutex);
  auto& metric = state.counters[Key(name, labels)];
  if (!metric) {
    auto& family = prometheus::BuildCounter().Name(name).Help(help).Register(state.registry);
    metric = std::make_unique<CounterOf>(family.Add(labels));
  }
  return *metric;
}

Gauge& GetGauge(const std::string& name, const std::string& help, const Labels& labels) {
  State& state = TheState();
  absl::MutexLock lock(&state.mutex);
  auto& metric = state.gauges[Key(name, labels)];
  if (!metric) {
    auto& family = prometheus::BuildGauge().Name(name).Help(help).Register(state.registry);
    metric = std::make_unique<GaugeOf>(family.Add(labels));
  }
  return *metric;
}

Histogram& GetHistogram(const std::string& name, const std::string& help, const Labels& labels,
                        const std::vector<double>& bounds) {
  State& state = TheState();
  absl::MutexLock lock(&state.mutex);
  auto& metric = state.histograms[Key(name, labels)];
  if (!metric) {
    auto& family = prometheus::BuildHistogram().Name(name).Help(help).Register(state.registry);
    metric = std::make_unique<HistogramOf>(family.Add(labels, bounds));
  }
  return *metric;
}

const std::vector<double>& LatencyBoundsSeconds() {
  static const auto* const bounds =
      new std::vector<double>{.0001, .00025, .0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10};
  return *bounds;
}

std::string Text() { return prometheus::TextSerializer().Serialize(TheState().registry.Collect()); }

}  // namespace tessera::metrics
