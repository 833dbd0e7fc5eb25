#include "kafka/security.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "kafka/producer.h"

namespace tessera::kafka {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::Pair;

std::string ErrorOf(std::string_view text) { return std::string(ParseSecurity(text).status().message()); }

TEST(SecurityTest, ReadsPropertiesOfTheConnection) {
  EXPECT_THAT(*ParseSecurity("# how\n\nsecurity.protocol = SASL_SSL\r\nssl.ca.location=/ca.pem\nsasl.password=a=b\n"),
              ElementsAre(Pair("security.protocol", "SASL_SSL"), Pair("ssl.ca.location", "/ca.pem"),
                          Pair("sasl.password", "a=b")));
  EXPECT_TRUE(ReadSecurity("")->empty());
}

TEST(SecurityTest, OtherPropertiesAreRefusedByName) {
  EXPECT_THAT(ErrorOf("sasl.username=u\nacks=0"), AllOf(HasSubstr("line 2"), HasSubstr("acks")));
  EXPECT_THAT(ErrorOf("enable.idempotence=false"), HasSubstr("enable.idempotence"));
}

TEST(SecurityTest, NoValueIsInAMessage) {
  EXPECT_THAT(ErrorOf("hunter2"), AllOf(HasSubstr("line 1"), Not(HasSubstr("hunter2"))));
  EXPECT_THAT(ErrorOf("password=hunter2"), AllOf(HasSubstr("password"), Not(HasSubstr("hunter2"))));
}

TEST(SecurityTest, AMissingFileIsTold) {
  EXPECT_EQ(ReadSecurity("/no/such/file").status().code(), absl::StatusCode::kNotFound);
}

TEST(SecurityTest, AClientUsesThem) {
  const auto producer = Producer::Create(
      {.brokers = "127.0.0.1:1", .security = {{"security.protocol", "ssl"}, {"ssl.ca.location", "/no/such/ca"}}});
  EXPECT_THAT(std::string(producer.status().message()), HasSubstr("ssl.ca.location"));
}

}  // namespace
}  // namespace tessera::kafka
