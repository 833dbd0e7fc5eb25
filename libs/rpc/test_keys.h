// For the tests of libs/rpc: keys in a file, and tokens signed with them.
#pragma once

#include <gtest/gtest.h>

#include <cstdio>
#include <fstream>
#include <string>
#include <vector>

#include "absl/strings/str_join.h"
#include "base/clock.h"
#include "base/ids.h"
#include "rpc/token.h"

namespace tessera::rpc {

// A key file of its own, removed at the end.
class TestKeys {
 public:
  TestKeys() : path_(testing::TempDir() + "jwks-" + RandomUuidV7(Clock::System().Now()).ToString() + ".json") {
    Publish({key_.public_jwk});
  }
  ~TestKeys() { std::remove(path_.c_str()); }

  // Replaces the file as a deployment does: all at once.
  void Publish(const std::vector<std::string>& public_jwks) {
    const std::string text = "{\"keys\":[" + absl::StrJoin(public_jwks, ",") + "]}";
    std::ofstream(path_ + ".new") << text;
    ASSERT_EQ(std::rename((path_ + ".new").c_str(), path_.c_str()), 0);
  }

  TokenRules Rules() const {
    TokenRules rules;
    rules.jwks_path = path_;
    rules.issuer = "issuer";
    return rules;
  }

  static TokenClaims Claims(absl::Time now) {
    TokenClaims claims;
    claims.subject = "tester";
    claims.issuer = "issuer";
    claims.brands = {"pet"};
    claims.roles = {"testing.reader", "testing.writer"};
    claims.issued = now;
    claims.expiry = now + absl::Hours(1);
    return claims;
  }
  static std::string Sign(const std::string& private_jwk, const TokenClaims& claims) {
    auto token = SignToken(private_jwk, claims);
    EXPECT_TRUE(token.ok()) << token.status();
    return token.value_or("");
  }
  std::string Sign(const TokenClaims& claims) const { return Sign(key_.private_jwk, claims); }

  const SigningKey& key() const { return key_; }

 private:
  const SigningKey key_ = MakeSigningKey("first");
  const std::string path_;
};

}  // namespace tessera::rpc
