#include "rpc/endpoint.h"

#include <gtest/gtest.h>

namespace tessera::rpc {
namespace {

TEST(EndpointTest, LoopbackIsThisMachineOnly) {
  for (const char* endpoint : {"127.0.0.1:1", "127.1.2.3:1", "localhost:1", "[::1]:1"}) {
    EXPECT_TRUE(IsLoopback(endpoint)) << endpoint;
  }
  for (const char* endpoint : {"10.0.0.1:1", "0.0.0.0:1", "[::]:1", "localhost.example.com:1", "127.example.com:1",
                               "127.0.0.1.example.com:1", "", ":1"}) {
    EXPECT_FALSE(IsLoopback(endpoint)) << endpoint;
  }
}

}  // namespace
}  // namespace tessera::rpc
