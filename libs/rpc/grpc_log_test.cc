#include "rpc/grpc_log.h"

#include <gmock/gmock.h>
#include <grpc/grpc.h>
#include <grpc/support/log.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "tessera/testing/v1/echo_service.pb.h"

namespace tessera::rpc {
namespace {

TEST(GrpcLogTest, WhatGrpcReportsIsALineOfTheLog) {
  grpc_init();
  ReportInLog();
  ::testing::internal::CaptureStderr();
  gpr_log(GPR_ERROR, "Handshake failed: \"%s\"", "no certificate");
  const auto line = nlohmann::json::parse(::testing::internal::GetCapturedStderr());
  grpc_shutdown();
  EXPECT_EQ(line["level"], "warning");
  EXPECT_EQ(line["message"], "gRPC reports");
  EXPECT_EQ(line["reason"], "Handshake failed: \"no certificate\"");
}

TEST(GrpcLogTest, WhatProtobufReportsIsALineOfTheLogWithoutItsText) {
  ReportInLog();
  ::testing::internal::CaptureStderr();
  tessera::testing::v1::EchoRequest request;
  request.set_text("\xff");
  request.SerializeAsString();
  const std::string told = ::testing::internal::GetCapturedStderr();
  const auto line = nlohmann::json::parse(told);
  EXPECT_EQ(line["level"], "warning");
  EXPECT_EQ(line["message"], "protobuf reports");
  EXPECT_THAT(told, ::testing::Not(::testing::HasSubstr("UTF-8"))) << "protobuf's text, which may hold a value";
}

}  // namespace
}  // namespace tessera::rpc
