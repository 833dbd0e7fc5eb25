#include "tools/tessera/cli/vitals.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tessera::cli {
namespace {

using ::testing::ElementsAre;
using ::testing::Pair;

std::vector<metrics::Sample> Page(const std::string& text) {
  auto samples = metrics::ParsePage(text);
  EXPECT_TRUE(samples.ok()) << samples.status();
  return *samples;
}

TEST(VitalsTest, RatesAndMeansAreOfTheTimeBetweenTheLooks) {
  const auto before = Page(
      "tessera_writer_batches_total{writer=\"0\"} 10\n"
      "tessera_writer_batches_total{writer=\"1\"} 10\n"
      "tessera_writer_commands_total{writer=\"0\"} 1000\n"
      "tessera_writer_phase_seconds_sum{phase=\"save\",writer=\"0\"} 2\n"
      "process_cpu_seconds_total 7\n");
  const auto now = Page(
      "tessera_writer_batches_total{writer=\"0\"} 13\n"
      "tessera_writer_batches_total{writer=\"1\"} 11\n"
      "tessera_writer_commands_total{writer=\"0\"} 1400\n"
      "tessera_writer_phase_seconds_sum{phase=\"save\",writer=\"0\"} 2.02\n"
      "process_cpu_seconds_total 8\n");
  const Vitals vitals = VitalsOf(before, now, 0, 2);
  EXPECT_DOUBLE_EQ(vitals.batches_per_second, 2);
  EXPECT_DOUBLE_EQ(vitals.commands_per_second, 200);
  EXPECT_DOUBLE_EQ(vitals.commands_per_batch, 100);
  EXPECT_NEAR(vitals.phase_ms.at("save"), 5, 1e-9);
  EXPECT_DOUBLE_EQ(vitals.cpu_percent, 50);
}

TEST(VitalsTest, AProcessThatWasStartedAnewHasCountedFromZero) {
  const Vitals vitals = VitalsOf(Page("tessera_writer_commands_total{writer=\"0\"} 1000\n"),
                                 Page("tessera_writer_commands_total{writer=\"0\"} 30\n"), 0, 1);
  EXPECT_DOUBLE_EQ(vitals.commands_per_second, 30);
}

TEST(VitalsTest, LagsAreSumsOfRecordsAndTheLongestTime) {
  const Vitals vitals = VitalsOf({},
                                 Page("tessera_consumer_lag_records{partition=\"0\",topic=\"t\"} 5\n"
                                      "tessera_consumer_lag_records{partition=\"1\",topic=\"t\"} 7\n"
                                      "tessera_consumer_lag_seconds{partition=\"0\",topic=\"t\"} 3\n"
                                      "tessera_consumer_lag_seconds{partition=\"1\",topic=\"t\"} 0.5\n"
                                      "tessera_relay_lag_events{topic=\"out\"} 4\n"
                                      "tessera_relay_lag_seconds{topic=\"out\"} 9\n"
                                      "tessera_parked_keys 2\n"
                                      "process_start_time_seconds 900\n"),
                                 1'000, 1);
  EXPECT_DOUBLE_EQ(vitals.reads.at("t").items, 12);
  EXPECT_DOUBLE_EQ(vitals.reads.at("t").seconds, 3);
  EXPECT_DOUBLE_EQ(vitals.publishes.at("out").items, 4);
  EXPECT_DOUBLE_EQ(vitals.publishes.at("out").seconds, 9);
  EXPECT_DOUBLE_EQ(vitals.up_seconds, 100);
  EXPECT_THAT(vitals.gauges, ElementsAre(Pair("tessera_parked_keys", 2)));
}

TEST(VitalsTest, CallsHaveErrorsAndTheBoundsOfTheirTimes) {
  const Vitals vitals = VitalsOf({},
                                 Page("tessera_rpc_calls_total{code=\"OK\",method=\"M\"} 98\n"
                                      "tessera_rpc_calls_total{code=\"NOT_FOUND\",method=\"M\"} 2\n"
                                      "tessera_rpc_calls_total{code=\"OK\",method=\"Never\"} 0\n"
                                      "tessera_rpc_errors_total{method=\"M\",reason=\"MEMBER_UNKNOWN\"} 2\n"
                                      "tessera_dead_letters_total{reason=\"MEMBER_UNKNOWN\"} 4\n"
                                      "tessera_rpc_latency_seconds_bucket{le=\"0.001\",method=\"M\"} 60\n"
                                      "tessera_rpc_latency_seconds_bucket{le=\"0.01\",method=\"M\"} 99\n"
                                      "tessera_rpc_latency_seconds_bucket{le=\"+Inf\",method=\"M\"} 100\n"),
                                 0, 2);
  ASSERT_EQ(vitals.calls.size(), 1u);
  const Vitals::Calls& calls = vitals.calls.at("M");
  EXPECT_DOUBLE_EQ(calls.per_second, 50);
  EXPECT_DOUBLE_EQ(calls.errors_per_second, 1);
  EXPECT_DOUBLE_EQ(calls.p50_ms, 1);
  EXPECT_DOUBLE_EQ(calls.p99_ms, 10);
  EXPECT_THAT(vitals.refusals_per_second, ElementsAre(Pair("MEMBER_UNKNOWN", 3)));
}

}  // namespace
}  // namespace tessera::cli
