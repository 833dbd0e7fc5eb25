#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>

#include "base/status.h"
#include "rpc/metrics.h"
#include "rpc/paging.h"
#include "tessera/testing/v1/echo_service.pb.h"

namespace tessera::rpc {
namespace {

using tessera::testing::v1::ListRequest;
using ::testing::HasSubstr;

ListRequest Request(int32_t size, std::string token) {
  ListRequest request;
  request.set_brand_id("pet");
  request.set_page_size(size);
  request.set_page_token(std::move(token));
  return request;
}

TEST(PagingTest, SizesAndTheirDefault) {
  EXPECT_EQ(ReadPage(Request(0, ""))->size, 50);
  EXPECT_EQ(ReadPage(Request(1, ""))->size, 1);
  EXPECT_EQ(ReadPage(Request(1'000, ""))->size, 1'000);
  EXPECT_EQ(ReadPage(Request(0, ""))->position, "");
  for (const int32_t size : {-1, 1'001}) {
    const absl::Status status = ReadPage(Request(size, "")).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
    EXPECT_EQ(FieldOf(status), "page_size");
  }
}

TEST(PagingTest, TokenCarriesThePositionOverAnotherPageSize) {
  const std::string position("key\0\xff with anything", 19);
  const std::string token = NextPageToken(Request(10, ""), position);
  EXPECT_EQ(token.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"),
            std::string::npos);
  EXPECT_EQ(ReadPage(Request(20, token))->position, position);
  EXPECT_EQ(NextPageToken(Request(20, token), position), token);
}

TEST(PagingTest, TokenOfAnotherQueryIsInvalid) {
  const std::string token = NextPageToken(Request(10, ""), "key");
  ListRequest other = Request(10, token);
  other.set_brand_id("skin");
  std::vector<ListRequest> bad = {other};
  for (const std::string& text : {std::string("x"), std::string("AAAA"), token + "A", token.substr(1), token + "=",
                                  std::string(10'000, 'A'), std::string("%00")}) {
    bad.push_back(Request(10, text));
  }
  for (const ListRequest& request : bad) {
    const absl::Status status = ReadPage(request).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << request.page_token();
    EXPECT_EQ(FieldOf(status), "page_token");
    EXPECT_EQ(ErrorInfoOf(status)->reason, "PAGE_TOKEN_INVALID");
  }
}

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

TEST(MetricsTest, PageShowsWhatWasCounted) {
  metrics::GetCounter("test_events_total", "Events", {{"kind", "a"}}).Add(2);
  metrics::GetCounter("test_events_total", "Events", {{"kind", "a"}}).Add();
  metrics::GetCounter("test_events_total", "Events", {{"kind", "b"}}).Add();
  metrics::GetGauge("test_depth", "Depth").Set(7);
  metrics::GetGauge("test_depth", "Depth").Add(-2);
  metrics::GetHistogram("test_seconds", "Time", {}, {0.1, 1}).Observe(0.5);

  std::atomic<bool> serving = false;
  const auto exposition = metrics::Exposition::Start("127.0.0.1:0", [&] { return serving.load(); });
  ASSERT_TRUE(exposition.ok()) << exposition.status();
  const std::string page = Get((*exposition)->port(), "/metrics");
  for (const char* line : {"HTTP/1.1 200 OK", "text/plain; version=0.0.4", "# TYPE test_events_total counter",
                           "test_events_total{kind=\"a\"} 3\n", "test_events_total{kind=\"b\"} 1\n", "test_depth 5\n",
                           "test_seconds_bucket{le=\"0.1\"} 0\n", "test_seconds_bucket{le=\"1\"} 1\n"}) {
    EXPECT_THAT(page, HasSubstr(line));
  }
  EXPECT_THAT(Get((*exposition)->port(), "/healthz"), HasSubstr("503"));
  serving = true;
  EXPECT_THAT(Get((*exposition)->port(), "/healthz"), HasSubstr("200 OK"));
  EXPECT_THAT(Get((*exposition)->port(), "/other"), HasSubstr("404"));
  const std::string taken = "127.0.0.1:" + std::to_string((*exposition)->port());
  EXPECT_EQ(metrics::Exposition::Start(taken, [] { return true; }).status().code(), absl::StatusCode::kUnavailable);
}

}  // namespace
}  // namespace tessera::rpc
