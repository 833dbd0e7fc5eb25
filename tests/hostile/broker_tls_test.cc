// The way to the broker over TLS, with certificates on both sides: what gets in does its work, what does not is told
// why.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "absl/strings/str_cat.h"
#include "kafka/admin.h"
#include "kafka/consumer.h"
#include "kafka/producer.h"
#include "services/oneid/service.h"
#include "testing/certificates.h"
#include "testing/environment.h"
#include "testing/postgres.h"
#include "testing/process.h"
#include "testing/wait.h"

namespace tessera::hostile {
namespace {

using ::testing::HasSubstr;

constexpr absl::Duration kPatience = absl::Seconds(30);
constexpr absl::Duration kRefusedWithin = absl::Seconds(1);

class BrokerTlsTest : public ::testing::Test {
 protected:
  BrokerTlsTest()
      : folder_(testing::RequiredEnvironment("TESSERA_TEST_VAR") + "/" + testing::Unique("broker-tls")),
        tls_brokers_(testing::RequiredEnvironment("TESSERA_TEST_TLS_BROKERS")) {
    std::filesystem::create_directory(folder_);
  }

  static std::string Ours(const std::string& file) {
    return testing::RequiredEnvironment("TESSERA_TEST_TLS") + "/" + file;
  }
  std::string Written(const std::string& file, const std::string& content) const {
    std::ofstream(folder_ + "/" + file) << content;
    return folder_ + "/" + file;
  }

  static kafka::Settings Trusting(const std::string& authority) {
    return {{"security.protocol", "ssl"}, {"ssl.ca.location", authority}};
  }
  static kafka::Settings With(const std::string& certificate, const std::string& key) {
    kafka::Settings settings = Trusting(Ours("ca.pem"));
    settings.emplace_back("ssl.certificate.location", certificate);
    settings.emplace_back("ssl.key.location", key);
    return settings;
  }
  static kafka::Settings Right() { return With(Ours("client.pem"), Ours("client.key")); }

  absl::Status Ask(const kafka::Settings& security, absl::Duration patience) const {
    const auto admin = kafka::Admin::Create(tls_brokers_, security);
    if (!admin.ok()) return admin.status();
    return (*admin)->PartitionCount("none", patience).status();
  }

  // Expects that a client with these settings does not get in; what it says of it in its log.
  std::string RefusalOf(const kafka::Settings& security) const {
    ::testing::internal::CaptureStderr();
    const absl::Status refused = Ask(security, kRefusedWithin);
    EXPECT_EQ(refused.code(), absl::StatusCode::kUnavailable) << refused;
    return ::testing::internal::GetCapturedStderr();
  }

  // As TESSERA_KAFKA_PROPERTIES has it.
  std::string Properties(const kafka::Settings& security) const {
    std::string text;
    for (const auto& [name, value] : security) absl::StrAppend(&text, name, "=", value, "\n");
    return Written("kafka.properties", text);
  }

  // oneid, which reaches its broker only over TLS.
  std::unique_ptr<testing::ServiceProcess> Service(const testing::TestDatabase& database, const std::string& prefix,
                                                   const kafka::Settings& security) const {
    return std::make_unique<testing::ServiceProcess>(
        "oneid", database.dsn(), prefix,
        std::map<std::string, std::string>{{"TESSERA_BROKERS", tls_brokers_},
                                           {"TESSERA_KAFKA_PROPERTIES", Properties(security)}});
  }

  const std::string folder_, tls_brokers_;
};

TEST_F(BrokerTlsTest, OnlyAClientWithACertificateOfTheAuthorityGetsIn) {
  EXPECT_EQ(Ask(Right(), kPatience).code(), absl::StatusCode::kFailedPrecondition) << "there is no such topic";

  const testing::Authority another("another");
  const testing::Certificate stranger = another.Issue("client");
  const std::string certificate = Written("stranger.pem", stranger.certificate_pem);
  const std::string key = Written("stranger.key", stranger.key_pem);
  EXPECT_THAT(RefusalOf(With(certificate, key)), HasSubstr("alert certificate unknown"));
  EXPECT_THAT(RefusalOf(Trusting(Ours("ca.pem"))), HasSubstr("alert bad certificate"));
  EXPECT_THAT(RefusalOf({}), HasSubstr("connecting to a SSL listener")) << "plain text";

  kafka::Settings distrusting = Right();
  distrusting[1].second = Written("another_ca.pem", another.certificate_pem());
  EXPECT_THAT(RefusalOf(distrusting), HasSubstr("certificate verify failed"));
}

TEST_F(BrokerTlsTest, AServiceConsumesAndPublishesOverTls) {
  const testing::TestDatabase database("oneid", oneid::EmbeddedFiles());
  const std::string prefix = testing::Unique("tls");
  const auto service = Service(database, prefix, Right());
  const absl::Status serving = service->AwaitServing();
  ASSERT_TRUE(serving.ok()) << serving;

  auto producer = std::move(*kafka::Producer::Create({.brokers = tls_brokers_, .security = Right()}));
  const absl::Status produced =
      producer->ProduceAndWait({{prefix + ".tessera.channel.events.v1", 0, "key", {}, "this is no event"}}, kPatience);
  ASSERT_TRUE(produced.ok()) << produced;

  const std::string letters = prefix + ".tessera.oneid.deadletters.v1";
  auto admin = std::move(*kafka::Admin::Create(tls_brokers_, Right()));
  const int32_t partitions = *admin->PartitionCount(letters);
  auto consumer =
      std::move(*kafka::Consumer::Create({.brokers = tls_brokers_, .group_id = prefix, .security = Right()}));
  for (int32_t partition = 0; partition < partitions; ++partition) {
    ASSERT_TRUE(consumer->Assign(letters, partition, 0).ok());
  }
  EXPECT_TRUE(testing::WaitFor([&] { return !consumer->Poll(1, absl::Milliseconds(100)).records.empty(); }));
}

TEST_F(BrokerTlsTest, AServiceThatIsRefusedSaysWhy) {
  const testing::TestDatabase database("oneid", oneid::EmbeddedFiles());
  const testing::Authority another("another");
  kafka::Settings distrusting = Right();
  distrusting[1].second = Written("another_ca.pem", another.certificate_pem());
  const auto service = Service(database, testing::Unique("tls"), distrusting);
  EXPECT_TRUE(testing::WaitFor([&] { return service->log().find("certificate verify failed") != std::string::npos; }))
      << service->log();
}

}  // namespace
}  // namespace tessera::hostile
