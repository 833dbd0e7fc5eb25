// Process-wide metrics for Prometheus, for any library and without its headers. Thread-safe. Getting a metric takes a
// lock and a look-up: keep the reference, which is valid for ever. Names as "tessera_relay_lag_seconds" (unit last).
// Never put an identifier of a person, or anything of unbounded variety, into a label.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace tessera::metrics {

using Labels = std::map<std::string, std::string>;

// Only grows.
class Counter {
 public:
  virtual ~Counter() = default;
  virtual void Add(double by = 1) = 0;
  virtual double Value() const = 0;
};

// Goes up and down.
class Gauge {
 public:
  virtual ~Gauge() = default;
  virtual void Set(double value) = 0;
  virtual void Add(double by) = 0;
  virtual double Value() const = 0;
};

// Counts observations by size.
class Histogram {
 public:
  virtual ~Histogram() = default;
  virtual void Observe(double value) = 0;
};

// The metric of this name and these labels; made when first asked for. One name always has one kind and one set of
// label names. `help` of the first call is kept.
Counter& GetCounter(const std::string& name, const std::string& help, const Labels& labels = {});
Gauge& GetGauge(const std::string& name, const std::string& help, const Labels& labels = {});
// `bounds` ascend; the first call decides.
Histogram& GetHistogram(const std::string& name, const std::string& help, const Labels& labels,
                        const std::vector<double>& bounds);

// From 100 us to 10 s.
const std::vector<double>& LatencyBoundsSeconds();

// Everything, in Prometheus' text format.
std::string Text();

// Serves GET /metrics, and GET /healthz: 200 while `serving()` is true, else 503. Stops when destroyed.
class Exposition {
 public:
  // `listen` is "127.0.0.1:0" (a free port) or another address and port. `serving` is called on several threads.
  // Unavailable if the port cannot be had.
  static absl::StatusOr<std::unique_ptr<Exposition>> Start(const std::string& listen, std::function<bool()> serving);
  virtual ~Exposition() = default;

  virtual int port() const = 0;
};

}  // namespace tessera::metrics
