// Tokens that must open nothing, at every method of both services, and keys that come and go while a service runs.
// What is refused so is refused before it is read: the requests here are no requests at all.
#include <gmock/gmock.h>
#include <openssl/hmac.h>

#include <filesystem>
#include <fstream>
#include <set>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/status.h"
#include "rpc/dynamic_client.h"
#include "rpc/token.h"
#include "services/oneid/service.h"
#include "testing/environment.h"
#include "testing/wait.h"
#include "tests/e2e/cc/suite.h"

namespace tessera::hostile {
namespace {

constexpr char kGarbage[] = "\xFF\xFFno message";
constexpr char kProgress[] = "tessera.ops.v1.OperationsService/GetProgress";

std::string ReadFile(const std::string& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

std::string Outcome(const absl::Status& status) {
  const auto info = ErrorInfoOf(status);
  return absl::StrCat(absl::StatusCodeToString(status.code()), info ? " " + info->reason : "");
}

rpc::TokenClaims Claims(std::vector<std::string> roles = {"operator"}, std::vector<std::string> brands = {"*"}) {
  const absl::Time now = absl::Now();
  return {.subject = "test",
          .issuer = "tessera-dev",
          .brands = std::move(brands),
          .roles = std::move(roles),
          .issued = now,
          .expiry = now + absl::Hours(1)};
}

std::string SignedBy(const std::string& key, const rpc::TokenClaims& claims) {
  const auto token = rpc::SignToken(key, claims);
  EXPECT_TRUE(token.ok()) << token.status();
  return token.value_or("");
}

std::string Base64Url(const std::string& text) {
  std::string escaped;
  absl::WebSafeBase64Escape(text, &escaped);
  return escaped;
}

// As HS256 (RFC 7518) signs.
std::string Hmac(const std::string& key, const std::string& text) {
  unsigned char mac[EVP_MAX_MD_SIZE];
  unsigned int size = 0;
  HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), reinterpret_cast<const unsigned char*>(text.data()),
       text.size(), mac, &size);
  return {reinterpret_cast<const char*>(mac), size};
}

// A good token's claims under another header.
std::string Forged(const std::string& good, const std::string& header, const std::string& hmac_key) {
  const std::string signed_part =
      absl::StrCat(Base64Url(header), good.substr(good.find('.'), good.rfind('.') - good.find('.')));
  return absl::StrCat(signed_part, ".", hmac_key.empty() ? "" : Base64Url(Hmac(hmac_key, signed_part)));
}

class TokensTest : public e2e::Suite {
 protected:
  // What a call of bytes that are no request is answered with.
  std::string Try(const std::string& service, const rpc::MethodDescription& method, const std::string& token) {
    if (!method.streams) return Outcome(client(service).CallBytes(method.name, kGarbage, {.token = token}).status());
    bool sent = false;
    return Outcome(client(service).Stream(
        method.name, {.token = token},
        [&] { return std::exchange(sent, true) ? std::nullopt : std::optional<std::string>(kGarbage); },
        [](const std::string&) { ADD_FAILURE() << "it was read"; }));
  }

  void ForEveryMethod(const std::function<void(const std::string&, const rpc::MethodDescription&)>& check) {
    for (const std::string service : {"oneid", "membership"}) {
      rpc::DynamicClient dynamic(client(service));
      const auto names = dynamic.ListServices();
      ASSERT_TRUE(names.ok()) << names.status();
      for (const std::string& name : *names) {
        if (!absl::StartsWith(name, "tessera.")) continue;
        const auto methods = dynamic.ListMethods(name);
        ASSERT_TRUE(methods.ok()) << methods.status();
        for (const rpc::MethodDescription& method : *methods) check(service, method);
      }
    }
  }

  const std::string key_ = ReadFile(testing::RequiredEnvironment("TESSERA_TEST_SIGNING_KEY"));
  const std::string jwks_ = ReadFile(testing::RequiredEnvironment("TESSERA_TEST_JWKS"));
};

TEST_F(TokensTest, NoForgedOrSpentTokenOpensAnyMethod) {
  const std::string good = testing::Token({"*"}, {"operator"});
  std::string header;
  ASSERT_TRUE(absl::WebSafeBase64Unescape(good.substr(0, good.find('.')), &header));
  const std::string kid = header.substr(header.find("\"kid\""),
                                        header.find('"', header.find("\"kid\":\"") + 7) - header.find("\"kid\"") + 1);
  rpc::TokenClaims spent = Claims(), early = Claims(), elsewhere = Claims(), stranger = Claims();
  spent.expiry = absl::Now() - absl::Hours(1);
  early.issued = absl::Now() + absl::Hours(1);
  elsewhere.audience = "another";
  stranger.issuer = "another";
  const std::map<std::string, std::string> tokens = {
      {"expired", SignedBy(key_, spent)},
      {"issued in the future", SignedBy(key_, early)},
      {"for another audience", SignedBy(key_, elsewhere)},
      {"of another issuer", SignedBy(key_, stranger)},
      {"of an unknown key", SignedBy(rpc::MakeSigningKey("unknown").private_jwk, Claims())},
      {"alg none", Forged(good, "{\"alg\":\"none\"," + kid + "}", "")},
      {"the public key as a shared secret", Forged(good, "{\"alg\":\"HS256\"," + kid + "}", jwks_)}};
  ForEveryMethod([&](const std::string& service, const rpc::MethodDescription& method) {
    for (const auto& [name, token] : tokens) {
      const char* expected = name == "expired" ? "UNAUTHENTICATED TOKEN_EXPIRED" : "UNAUTHENTICATED TOKEN_INVALID";
      EXPECT_EQ(Try(service, method, token), expected) << method.name << ", " << name;
    }
  });
}

TEST_F(TokensTest, AReadersTokenOpensNoMethodThatWrites) {
  const std::string reader = testing::Token({"*"}, {"oneid.reader", "membership.reader"});
  int writes = 0;
  ForEveryMethod([&](const std::string& service, const rpc::MethodDescription& method) {
    for (const std::string& role : method.roles) {
      if (absl::EndsWith(role, ".reader")) return;
    }
    ++writes;
    EXPECT_EQ(Try(service, method, reader), "PERMISSION_DENIED ROLE_MISSING") << method.name;
  });
  EXPECT_GT(writes, 15);
}

TEST(TokenRotationTest, ANewKeyComesAndAnOldOneGoesWithoutARestart) {
  const std::string path = testing::RequiredEnvironment("TESSERA_TEST_VAR") + "/" + testing::Unique("jwks");
  const auto publish = [&](const std::vector<std::string>& keys) {
    std::ofstream(path + ".new") << "{\"keys\":[" << absl::StrJoin(keys, ",") << "]}";
    std::filesystem::rename(path + ".new", path);
  };
  const rpc::SigningKey first = rpc::MakeSigningKey("first"), second = rpc::MakeSigningKey("second");
  publish({first.public_jwk});
  testing::TestDatabase database("oneid", oneid::EmbeddedFiles());
  testing::ServiceProcess process("oneid", database.dsn(), testing::Unique("keys"), {{"TESSERA_JWKS", path}});
  const absl::Status serving = process.AwaitServing();
  ASSERT_TRUE(serving.ok()) << serving;
  rpc::Client client(process.address());
  const auto outcome = [&](const rpc::SigningKey& key) {
    return Outcome(client.CallBytes(kProgress, "", {.token = SignedBy(key.private_jwk, Claims())}).status());
  };
  EXPECT_EQ(outcome(first), "OK");
  EXPECT_EQ(outcome(second), "UNAUTHENTICATED TOKEN_INVALID");
  publish({first.public_jwk, second.public_jwk});
  EXPECT_TRUE(testing::WaitFor([&] { return outcome(second) == "OK"; }));
  EXPECT_EQ(outcome(first), "OK");
  publish({second.public_jwk});
  EXPECT_TRUE(testing::WaitFor([&] { return outcome(first) == "UNAUTHENTICATED TOKEN_INVALID"; }));
  EXPECT_EQ(outcome(second), "OK");
}

TEST(TokenRotationTest, TheAudienceIsASetting) {
  testing::TestDatabase database("oneid", oneid::EmbeddedFiles());
  testing::ServiceProcess process("oneid", database.dsn(), testing::Unique("audience"),
                                  {{"TESSERA_TOKEN_AUDIENCE", "elsewhere"}});
  ASSERT_TRUE(process.AwaitServing().ok());
  rpc::Client client(process.address());
  rpc::TokenClaims claims = Claims();
  const std::string key = ReadFile(testing::RequiredEnvironment("TESSERA_TEST_SIGNING_KEY"));
  const auto outcome = [&] {
    return Outcome(client.CallBytes(kProgress, "", {.token = SignedBy(key, claims)}).status());
  };
  EXPECT_EQ(outcome(), "UNAUTHENTICATED TOKEN_INVALID");
  claims.audience = "elsewhere";
  EXPECT_EQ(outcome(), "OK");
}

}  // namespace
}  // namespace tessera::hostile
