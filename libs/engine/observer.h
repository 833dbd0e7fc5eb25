// Looks at a service's tables for the gauges that alarms hang on: what is late, set aside or open. Every instance tells
// the same of the whole service, so sum nothing over instances: take the maximum. Step is called by one thread.
#pragma once

#include <vector>

#include "absl/status/status.h"
#include "engine/relay.h"
#include "pg/connection.h"
#include "pg/tx.h"

namespace tessera::engine {

// A number that one statement answers; null counts as 0.
struct ObservedGauge {
  const char* metric;
  const char* help;
  pg::Statement statement;
};

class Observer {
 public:
  // Tells of the engine's own tables and of `gauges`, which are the service's.
  Observer(LogTopics topics, pg::ConnectionOptions connection, std::vector<ObservedGauge> gauges);

  // Unavailable: the database is away; all gauges stay as they were.
  absl::Status Step();

 private:
  void ObserveRelay(pg::Tx& tx) const;

  const LogTopics topics_;
  const std::vector<ObservedGauge> gauges_;
  pg::Session session_;
};

}  // namespace tessera::engine
