#include "metrics/metrics.h"

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>

#include "absl/time/clock.h"
#include "metrics/page.h"
#include "metrics/process.h"

namespace tessera::metrics {
namespace {

using ::testing::HasSubstr;

std::string Get(int port, const std::string& path) {
  const int fd = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  EXPECT_EQ(connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof(address)), 0);
  const std::string request = "GET " + path + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
  EXPECT_EQ(write(fd, request.data(), request.size()), static_cast<ssize_t>(request.size()));
  std::string response;
  char buffer[4096];
  for (ssize_t n = 0; (n = read(fd, buffer, sizeof(buffer))) > 0;) response.append(buffer, static_cast<size_t>(n));
  close(fd);
  return response;
}

std::atomic<bool> serving = false;

// Started once and never stopped, because stopping takes civetweb two seconds.
Exposition& ThePage() {
  static auto* const page = Exposition::Start("127.0.0.1:0", [] { return serving.load(); })->release();
  return *page;
}

std::string Address() { return "127.0.0.1:" + std::to_string(ThePage().port()); }

TEST(MetricsTest, PageShowsWhatWasCounted) {
  GetCounter("test_events_total", "Events", {{"kind", "a"}}).Add(2);
  GetCounter("test_events_total", "Events", {{"kind", "a"}}).Add();
  GetCounter("test_events_total", "Events", {{"kind", "b"}}).Add();
  GetGauge("test_depth", "Depth").Set(7);
  GetGauge("test_depth", "Depth").Add(-2);
  GetHistogram("test_seconds", "Time", {}, {0.1, 1}).Observe(0.5);

  const std::string page = Get(ThePage().port(), "/metrics");
  for (const char* line : {"HTTP/1.1 200 OK", "text/plain; version=0.0.4", "# TYPE test_events_total counter",
                           "test_events_total{kind=\"a\"} 3\n", "test_events_total{kind=\"b\"} 1\n", "test_depth 5\n",
                           "test_seconds_bucket{le=\"0.1\"} 0\n", "test_seconds_bucket{le=\"1\"} 1\n"}) {
    EXPECT_THAT(page, HasSubstr(line));
  }
  EXPECT_THAT(Get(ThePage().port(), "/other"), HasSubstr("404"));
  EXPECT_EQ(Exposition::Start(Address(), [] { return true; }).status().code(), absl::StatusCode::kUnavailable);
}

TEST(MetricsTest, ThePageIsReadBackAsItWasCounted) {
  GetCounter("test_read_total", "Read", {{"name", "a \"quoted\" \\ name\nof two lines"}}).Add(5);
  const auto page = Fetch(Address(), "/metrics", absl::Seconds(5));
  ASSERT_TRUE(page.ok()) << page.status();
  const auto samples = ParsePage(*page);
  ASSERT_TRUE(samples.ok()) << samples.status();
  const auto found = std::find_if(samples->begin(), samples->end(),
                                  [](const Sample& sample) { return sample.name == "test_read_total"; });
  ASSERT_NE(found, samples->end());
  EXPECT_EQ(found->labels, (Labels{{"name", "a \"quoted\" \\ name\nof two lines"}}));
  EXPECT_EQ(found->value, 5);
}

TEST(MetricsTest, HealthIsFetchedAsAnErrorWhileItIsNotServing) {
  serving = false;
  EXPECT_THAT(Get(ThePage().port(), "/healthz"), HasSubstr("503"));
  EXPECT_EQ(Fetch(Address(), "/healthz", absl::Seconds(5)).status(),
            absl::UnavailableError(Address() + " does not answer: Service Unavailable"));
  serving = true;
  EXPECT_EQ(*Fetch(Address(), "/healthz", absl::Seconds(5)), "SERVING\n");
}

TEST(MetricsTest, WhatIsNoPageIsAnErrorWithItsLine) {
  for (const char* bad : {"name", "name{a=\"b\" 1", "name{a=b} 1", " 1", "name one"}) {
    const auto samples = ParsePage(std::string("ok 1\n") + bad);
    EXPECT_EQ(samples.status().message(), "line 2 is no metric") << bad;
  }
  EXPECT_EQ(Fetch("127.0.0.1:1", "/metrics", absl::Seconds(1)).status().code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(Fetch("nowhere", "/metrics", absl::Seconds(1)).status().code(), absl::StatusCode::kInvalidArgument);
}

TEST(MetricsTest, TheProcessIsObserved) {
  ObserveProcess();
  EXPECT_GT(GetGauge("process_resident_memory_bytes", "").Value(), 1'000'000);
  EXPECT_GT(GetGauge("process_open_fds", "").Value(), 2);
  EXPECT_GT(GetCounter("process_cpu_seconds_total", "").Value(), 0);
  const double age =
      absl::ToDoubleSeconds(absl::Now() - absl::UnixEpoch()) - GetGauge("process_start_time_seconds", "").Value();
  EXPECT_GE(age, -1);
  EXPECT_LT(age, 600);
}

}  // namespace
}  // namespace tessera::metrics
