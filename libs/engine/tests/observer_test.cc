// The gauges that operators alarm on, from a real service's tables.
#include "engine/observer.h"

#include "engine/tests/writer_fixture.h"
#include "metrics/metrics.h"

namespace tessera::engine {
namespace {

using toy::Earn;

class ObserverTest : public WriterFixture {
 protected:
  static double Gauge(const std::string& name, const metrics::Labels& labels = {}) {
    return metrics::GetGauge(name, "", labels).Value();
  }
  static double Counter(const std::string& name, const metrics::Labels& labels) {
    return metrics::GetCounter(name, "", labels).Value();
  }

  Observer observer_ = Observer({"out", "", "dead", ""}, database_.options(),
                                {{"toy_accounts", "Accounts", {"toy_accounts", "SELECT count(*) FROM account"}},
                                 {"toy_nothing", "Null", {"toy_nothing", "SELECT max(balance) FROM account"}}});
};

TEST_F(ObserverTest, WhatIsNotPublishedWaitsOrIsSetAsideIsTold) {
  ASSERT_TRUE(observer_.Step().ok());
  EXPECT_EQ(Gauge("toy_accounts"), 0);
  EXPECT_EQ(Gauge("toy_nothing"), 0) << "null counts as 0";
  EXPECT_EQ(Gauge("tessera_relay_lag_events", {{"topic", "out"}}), 0);
  EXPECT_EQ(Gauge("tessera_relay_lag_seconds", {{"topic", "out"}}), 0);

  Call("a", Earn{"alice", "o1", 10});
  Record("refund alice o9 3");
  Record("no words");
  Run();
  database_.Text(
      "INSERT INTO parked (topic, partition, record_key, record_offset, reason, posted_time, record) "
      "SELECT 'in', 0, k::bytea, n, 'DATA_ERROR', now(), '' FROM (VALUES ('a', 1), ('a', 2), ('b', 3)) v(k, n)");
  database_.Text("INSERT INTO timer VALUES (gen_random_uuid(), 'toy', 1, now() - interval '90 s')");
  ASSERT_TRUE(observer_.Step().ok());
  EXPECT_EQ(Gauge("toy_accounts"), 1);
  EXPECT_EQ(Gauge("tessera_relay_lag_events", {{"topic", "out"}}), 1);
  EXPECT_GT(Gauge("tessera_relay_lag_seconds", {{"topic", "out"}}), 3'600) << "the fixture's clock is years behind";
  EXPECT_EQ(Gauge("tessera_relay_lag_events", {{"topic", "dead"}}), 1);
  EXPECT_EQ(Gauge("tessera_parked_records"), 3);
  EXPECT_EQ(Gauge("tessera_parked_keys"), 2);
  EXPECT_EQ(Gauge("tessera_waiting_events"), 1);
  EXPECT_GT(Gauge("tessera_waiting_oldest_seconds"), 3'600);
  EXPECT_EQ(Gauge("tessera_timers_overdue"), 1);
  EXPECT_GE(Gauge("tessera_timers_overdue_seconds"), 90);
}

TEST_F(ObserverTest, ACommittedBatchIsCountedWithItsPhasesAndRefusals) {
  const double letters = Counter("tessera_dead_letters_total", {{"reason", "UNKNOWN_TYPE"}});
  const double outcomes = Counter("tessera_events_total", {{"outcome", "dead_letters"}});
  Call("a", Earn{"alice", "o1", 10});
  Call("b", Earn{"alice", "o2", 10});
  Record("no words");
  Run();
  EXPECT_EQ(writer_.Observe().commands.Value(), 3);
  EXPECT_EQ(writer_.Observe().batches.Value(), 1);
  EXPECT_EQ(writer_.Observe().queue.Value(), 0);
  EXPECT_EQ(Counter("tessera_events_total", {{"outcome", "dead_letters"}}), outcomes + 1);
  EXPECT_EQ(Counter("tessera_dead_letters_total", {{"reason", "UNKNOWN_TYPE"}}), letters + 1);
  const std::string page = metrics::Text();
  for (const char* phase : kPhaseNames) {
    EXPECT_NE(page.find("tessera_writer_phase_seconds_count{phase=\"" + std::string(phase)), std::string::npos);
  }
}

}  // namespace
}  // namespace tessera::engine
