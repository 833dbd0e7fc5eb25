// Who may connect to a service at all: certificates, tried on the real binary.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "rpc/client.h"
#include "services/oneid/service.h"
#include "tessera/ops/v1/operations_service.pb.h"
#include "testing/certificates.h"
#include "testing/environment.h"
#include "testing/postgres.h"
#include "testing/process.h"
#include "testing/wait.h"

namespace tessera::hostile {
namespace {

using ::testing::HasSubstr;

class TlsTest : public ::testing::Test {
 protected:
  TlsTest()
      : folder_(testing::RequiredEnvironment("TESSERA_TEST_VAR") + "/" + testing::Unique("tls")),
        database_("oneid", oneid::EmbeddedFiles()),
        token_(testing::Token({"*"}, {"operator"})) {
    std::filesystem::create_directory(folder_);
    Replace("ca.pem", authority_.certificate_pem());
    Replace("server", authority_.Issue("server"));
    Replace("client", authority_.Issue("client"));
  }

  std::string PathOf(const std::string& file) const { return folder_ + "/" + file; }

  // As a deployment does it: all of the file at once.
  void Replace(const std::string& file, const std::string& content) {
    std::ofstream(PathOf(file + ".new")) << content;
    std::filesystem::rename(PathOf(file + ".new"), PathOf(file));
  }
  void Replace(const std::string& name, const testing::Certificate& certificate) {
    Replace(name + ".pem", certificate.certificate_pem);
    Replace(name + ".key", certificate.key_pem);
  }

  absl::Status Start(const std::map<std::string, std::string>& environment) {
    process_ = std::make_unique<testing::ServiceProcess>("oneid", database_.dsn(), testing::Unique("tls"), environment);
    return process_->AwaitServing();
  }
  absl::Status StartWithTls() {
    return Start({{"TESSERA_TLS_CERT", PathOf("server.pem")},
                  {"TESSERA_TLS_KEY", PathOf("server.key")},
                  {"TESSERA_TLS_CLIENT_CA", PathOf("ca.pem")}});
  }

  rpc::TlsFiles Files(const std::string& name) const {
    return {PathOf(name + ".pem"), PathOf(name + ".key"), PathOf("ca.pem")};
  }

  absl::Status CallWith(const rpc::TlsFiles& files) {
    rpc::Client client(process_->address(), files);
    return client.CallBytes("tessera.ops.v1.OperationsService/GetProgress", "", {.token = token_}).status();
  }
  absl::StatusCode CodeWith(const rpc::TlsFiles& files) { return CallWith(files).code(); }

  const std::string folder_;
  const testing::Authority authority_{"ours"}, other_authority_{"another"};
  testing::TestDatabase database_;
  const std::string token_;
  std::unique_ptr<testing::ServiceProcess> process_;
};

TEST_F(TlsTest, OnlyAClientWithACertificateOfTheAuthorityGetsIn) {
  const absl::Status started = StartWithTls();
  ASSERT_TRUE(started.ok()) << started;
  const absl::Status called = CallWith(Files("client"));
  EXPECT_TRUE(called.ok()) << called;

  EXPECT_EQ(CodeWith({"", "", PathOf("ca.pem")}), absl::StatusCode::kUnavailable) << "no certificate";
  Replace("stranger", other_authority_.Issue("client"));
  EXPECT_EQ(CodeWith(Files("stranger")), absl::StatusCode::kUnavailable) << "of another authority";
  Replace("expired", authority_.Issue("client", absl::Now() - absl::Minutes(1)));
  EXPECT_EQ(CodeWith(Files("expired")), absl::StatusCode::kUnavailable) << "expired";
  EXPECT_EQ(CodeWith({}), absl::StatusCode::kUnavailable) << "plain text";
  EXPECT_TRUE(CallWith(Files("client")).ok()) << "and the right one still does";
}

TEST_F(TlsTest, AClientRefusesAServerOfAnotherAuthority) {
  ASSERT_TRUE(StartWithTls().ok());
  Replace("other_ca.pem", other_authority_.certificate_pem());
  rpc::TlsFiles files = Files("client");
  files.peer_ca = PathOf("other_ca.pem");
  EXPECT_EQ(CodeWith(files), absl::StatusCode::kUnavailable);
}

TEST_F(TlsTest, ReplacedFilesCountWithoutARestart) {
  ASSERT_TRUE(StartWithTls().ok());
  std::filesystem::copy(PathOf("ca.pem"), PathOf("old_ca.pem"));
  rpc::TlsFiles old_files = Files("client");
  old_files.peer_ca = PathOf("old_ca.pem");
  ASSERT_TRUE(CallWith(old_files).ok());

  Replace("ca.pem", other_authority_.certificate_pem());
  Replace("server", other_authority_.Issue("server"));
  Replace("new_client", other_authority_.Issue("client"));
  EXPECT_TRUE(testing::WaitFor([&] { return CallWith(Files("new_client")).ok(); }));
  EXPECT_EQ(CodeWith(old_files), absl::StatusCode::kUnavailable);
}

TEST_F(TlsTest, FilesThatCannotBeUsedAreNamedAtTheStart) {
  Replace("server.key", authority_.Issue("other").key_pem);
  EXPECT_THAT(std::string(StartWithTls().message()), HasSubstr("is not that of the certificate in"));
  Replace("server.key", "no key");
  EXPECT_THAT(std::string(StartWithTls().message()), HasSubstr("server.key is missing or holds no private key"));
  Replace("ca.pem", "");
  EXPECT_THAT(std::string(StartWithTls().message()), HasSubstr("ca.pem is missing or holds no certificate"));
}

TEST_F(TlsTest, PlainTextBeyondLoopbackHasToBeAllowed) {
  const std::string address = "127.1:0";  // loopback in truth, but only once it is resolved
  EXPECT_THAT(std::string(Start({{"TESSERA_LISTEN", address}}).message()),
              HasSubstr("will not listen on 127.1:0 in plain text"));
  const absl::Status allowed = Start({{"TESSERA_LISTEN", address}, {"TESSERA_ALLOW_PLAINTEXT", "1"}});
  EXPECT_TRUE(allowed.ok()) << allowed;
}

}  // namespace
}  // namespace tessera::hostile
