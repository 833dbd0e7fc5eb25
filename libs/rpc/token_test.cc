#include <gtest/gtest.h>
#include <openssl/hmac.h>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "base/status.h"
#include "rpc/rhonabwy_handles.h"
#include "rpc/test_keys.h"

namespace tessera::rpc {
namespace {

const absl::Time kNow = absl::FromUnixSeconds(1'700'000'000);

// A P-256 key, made for this test.
constexpr char kEcPrivate[] = R"(-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgEy6UUNx0vLtXBlr+
0MM8nwjpuF2U+uoTHDWQ1b7f7oKhRANCAATwpD+0diIXvvCXBkwoKiUlYG/rEFp4
L+WrpxZTYclamwtKD9BBA19l9/vRcUN8yMnL+BS5kdn6K+I+6yoHq73W
-----END PRIVATE KEY-----
)";
constexpr char kEcPublic[] =
    R"({"crv": "P-256", "kty": "EC", "x": "8KQ_tHYiF77wlwZMKColJWBv6xBaeC_lq6cWU2HJWps", "y": "C0oP0EEDX2X3-9FxQ3zIycv4FLmR2for4j7rKgervdY", "kid": "RPHL1o5bsSh9Yqn4ynMgP1AfapUMKafK-g6nJzfsRE0", "alg": "ES256", "use": "sig"})";

class TokenTest : public testing::Test {
 protected:
  TokenTest() { verifier_ = std::move(*NewTokenVerifier(keys_.Rules(), clock_)); }

  std::string Judge(const std::string& token) {
    const auto verified = verifier_->Verify(token);
    if (verified.ok()) return "";
    EXPECT_EQ(verified.status().code(), absl::StatusCode::kUnauthenticated);
    return ErrorInfoOf(verified.status())->reason;
  }
  std::string JudgeClaims(const std::function<void(TokenClaims&)>& change) {
    TokenClaims claims = TestKeys::Claims(kNow);
    change(claims);
    return Judge(keys_.Sign(claims));
  }
  // A token with this header, signed by nobody or as given.
  static std::string Forged(const std::string& header, const std::string& payload, const std::string& signature) {
    std::string h, p, s;
    absl::WebSafeBase64Escape(header, &h);
    absl::WebSafeBase64Escape(payload, &p);
    absl::WebSafeBase64Escape(signature, &s);
    return absl::StrCat(h, ".", p, ".", s);
  }

  // As HS256 (RFC 7518) signs.
  static std::string Hmac(const std::string& key, const std::string& text) {
    unsigned char mac[EVP_MAX_MD_SIZE];
    unsigned int size = 0;
    HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), reinterpret_cast<const unsigned char*>(text.data()),
         text.size(), mac, &size);
    return {reinterpret_cast<const char*>(mac), size};
  }
  // Signed by rhonabwy, with members of header and claims that SignToken does not know.
  std::string SignedWith(const SigningKey& key, const std::map<std::string, std::string>& header,
                         const std::map<std::string, int64_t>& claims) const {
    const JwtPtr jwt = NewJwt();
    const std::string token = TestKeys::Sign(key.private_jwk, TestKeys::Claims(kNow));
    EXPECT_EQ(r_jwt_advanced_parsen(jwt.get(), token.data(), token.size(), R_PARSE_NONE, 0), RHN_OK);
    for (const auto& [name, json] : header) {
      const JsonPtr value(json_loads(json.c_str(), JSON_DECODE_ANY, nullptr));
      EXPECT_EQ(r_jwt_set_header_json_t_value(jwt.get(), name.c_str(), value.get()), RHN_OK);
    }
    for (const auto& [name, value] : claims) {
      EXPECT_EQ(r_jwt_set_claim_int_value(jwt.get(), name.c_str(), value), RHN_OK);
    }
    const JwkPtr jwk = NewJwk();
    EXPECT_EQ(r_jwk_import_from_json_str(jwk.get(), key.private_jwk.c_str()), RHN_OK);
    char* text = r_jwt_serialize_signed(jwt.get(), jwk.get(), 0);
    EXPECT_NE(text, nullptr);
    std::string result = text == nullptr ? "" : text;
    r_free(text);
    return result;
  }

  ManualClock clock_{kNow};
  TestKeys keys_;
  std::unique_ptr<TokenVerifier> verifier_;
};

TEST_F(TokenTest, GoodTokenTellsItsHolder) {
  const auto verified = verifier_->Verify(keys_.Sign(TestKeys::Claims(kNow)));
  ASSERT_TRUE(verified.ok()) << verified.status();
  EXPECT_EQ(verified->caller->subject, "tester");
  EXPECT_EQ(verified->caller->brands, std::vector<std::string>{"pet"});
  EXPECT_TRUE(verified->caller->HasRole("testing.reader"));
  EXPECT_FALSE(verified->caller->HasRole("testing"));
  EXPECT_TRUE(verified->caller->HasBrand("pet"));
  EXPECT_FALSE(verified->caller->HasBrand("pets"));
  EXPECT_EQ(verified->expiry, kNow + absl::Hours(1));
}

TEST_F(TokenTest, ClaimsMustBeAsTheyShould) {
  EXPECT_EQ(JudgeClaims([](TokenClaims&) {}), "");
  EXPECT_EQ(JudgeClaims([](TokenClaims& c) { c.audience = "other"; }), "TOKEN_INVALID");
  EXPECT_EQ(JudgeClaims([](TokenClaims& c) { c.issuer = "other"; }), "TOKEN_INVALID");
  EXPECT_EQ(JudgeClaims([](TokenClaims& c) { c.subject = ""; }), "TOKEN_INVALID");
  EXPECT_EQ(JudgeClaims([](TokenClaims& c) { c.issued = kNow + absl::Seconds(59); }), "");
  EXPECT_EQ(JudgeClaims([](TokenClaims& c) { c.issued = kNow + absl::Seconds(61); }), "TOKEN_INVALID");
  EXPECT_EQ(JudgeClaims([](TokenClaims& c) { c.expiry = kNow - absl::Seconds(59); }), "");
  EXPECT_EQ(JudgeClaims([](TokenClaims& c) { c.expiry = kNow - absl::Seconds(60); }), "TOKEN_EXPIRED");
}

TEST_F(TokenTest, RememberedTokensExpireToo) {
  const std::string token = keys_.Sign(TestKeys::Claims(kNow));
  EXPECT_EQ(Judge(token), "");
  clock_.Advance(absl::Hours(1) + absl::Seconds(59));
  EXPECT_EQ(Judge(token), "");
  clock_.Advance(absl::Seconds(1));
  EXPECT_EQ(Judge(token), "TOKEN_EXPIRED");
  EXPECT_EQ(Judge(token), "TOKEN_EXPIRED");
}

TEST_F(TokenTest, OnlyTheKeysOwnAlgorithmIsTaken) {
  const std::string token = keys_.Sign(TestKeys::Claims(kNow));
  const std::vector<std::string> parts = absl::StrSplit(token, '.');
  std::string payload;
  ASSERT_TRUE(absl::WebSafeBase64Unescape(parts[1], &payload));
  EXPECT_EQ(Judge(Forged(R"({"alg":"none","kid":"first"})", payload, "")), "TOKEN_INVALID");
  EXPECT_EQ(Judge(Forged(R"({"alg":"NONE","kid":"first"})", payload, "x")), "TOKEN_INVALID");
  EXPECT_EQ(Judge(Forged(R"({"alg":"ES256","kid":"first"})", payload, std::string(64, 'x'))), "TOKEN_INVALID");
  // The public key as an HMAC secret: the classic confusion.
  for (const std::string header : {R"({"alg":"HS256","kid":"first"})", R"({"alg":"EdDSA","kid":"first"})"}) {
    const std::string unsigned_token = Forged(header, payload, "");
    const std::string mac = Hmac(keys_.key().public_jwk, unsigned_token.substr(0, unsigned_token.size() - 1));
    EXPECT_EQ(Judge(Forged(header, payload, mac)), "TOKEN_INVALID");
  }
  EXPECT_EQ(Judge(Forged(R"({"alg":"EdDSA","kid":"first"})", payload, std::string(64, 'x'))), "TOKEN_INVALID");
  EXPECT_EQ(Judge(Forged(R"({"alg":"EdDSA","kid":"first","crit":["x"]})", payload, std::string(64, 'x'))),
            "TOKEN_INVALID");
  EXPECT_EQ(Judge(Forged(R"({"alg":"EdDSA"})", payload, std::string(64, 'x'))), "TOKEN_INVALID");
}

TEST_F(TokenTest, AKeyInTheTokensHeaderIsNotTrusted) {
  const SigningKey own = MakeSigningKey("first");
  EXPECT_EQ(Judge(TestKeys::Sign(own.private_jwk, TestKeys::Claims(kNow))), "TOKEN_INVALID");
  const SigningKey unknown = MakeSigningKey("unknown");
  EXPECT_EQ(Judge(TestKeys::Sign(unknown.private_jwk, TestKeys::Claims(kNow))), "TOKEN_INVALID");
}

TEST_F(TokenTest, ATokenIsNotGoodBeforeItsTime) {
  EXPECT_EQ(Judge(SignedWith(keys_.key(), {}, {{"nbf", absl::ToUnixSeconds(kNow) + 59}})), "");
  EXPECT_EQ(Judge(SignedWith(keys_.key(), {}, {{"nbf", absl::ToUnixSeconds(kNow) + 61}})), "TOKEN_INVALID");
}

TEST_F(TokenTest, KeysAndAddressesOfKeysInTheHeaderAreNotEvenRead) {
  const SigningKey own = MakeSigningKey("first");
  const std::string url = R"("https://attacker.example/keys")";
  const std::map<std::string, std::string> lures = {
      {"jwk", own.public_jwk}, {"jku", url}, {"x5u", url}, {"x5c", R"(["AAAA"])"}, {"zip", R"("DEF")"}};
  for (const auto& lure : lures) {
    EXPECT_EQ(Judge(SignedWith(own, {lure}, {})), "TOKEN_INVALID") << lure.first;
    EXPECT_EQ(Judge(SignedWith(keys_.key(), {lure}, {})), "TOKEN_INVALID") << lure.first;
  }
  EXPECT_EQ(Judge(SignedWith(keys_.key(), {{"typ", R"("JWT")"}}, {})), "");
}

TEST_F(TokenTest, AKeyDoesNotSignUnderAnothersName) {
  const SigningKey second = MakeSigningKey("second");
  keys_.Publish({keys_.key().public_jwk, second.public_jwk});
  clock_.Advance(absl::Seconds(1));
  EXPECT_EQ(Judge(SignedWith(second, {}, {})), "");
  EXPECT_EQ(Judge(SignedWith(second, {{"kid", R"("first")"}}, {})), "TOKEN_INVALID");
}

TEST_F(TokenTest, ChangedOrBrokenTokensAreInvalid) {
  const std::string token = keys_.Sign(TestKeys::Claims(kNow));
  for (size_t i = 0; i < token.size(); i += 7) {
    std::string changed = token;
    changed[i] = changed[i] == 'A' ? 'B' : 'A';
    EXPECT_EQ(Judge(changed), "TOKEN_INVALID") << i;
  }
  for (const std::string& text :
       {std::string(), std::string("."), std::string(".."), std::string("a.b.c"), std::string("a.b.c.d.e"), token + ".",
        token.substr(0, token.size() / 2), std::string(100'000, 'a'), std::string("\0.\0.\0", 5)}) {
    EXPECT_EQ(Judge(text), "TOKEN_INVALID");
  }
}

TEST_F(TokenTest, Es256IsTakenFromPemAndNamedByItsThumbprint) {
  keys_.Publish({keys_.key().public_jwk, kEcPublic});
  clock_.Advance(absl::Seconds(1));
  const std::string token = TestKeys::Sign(kEcPrivate, TestKeys::Claims(kNow));
  EXPECT_EQ(Judge(token), "");
  EXPECT_EQ(Judge(token.substr(0, token.size() - 4) + "AAAA"), "TOKEN_INVALID");
}

TEST_F(TokenTest, RotationTakesNewKeysAndDropsOldOnes) {
  const SigningKey second = MakeSigningKey("second");
  const std::string old_token = keys_.Sign(TestKeys::Claims(kNow));
  const std::string new_token = TestKeys::Sign(second.private_jwk, TestKeys::Claims(kNow));
  EXPECT_EQ(Judge(old_token), "");
  EXPECT_EQ(Judge(new_token), "TOKEN_INVALID");
  keys_.Publish({keys_.key().public_jwk, second.public_jwk});
  clock_.Advance(absl::Seconds(1));
  EXPECT_EQ(Judge(old_token), "");
  EXPECT_EQ(Judge(new_token), "");
  keys_.Publish({second.public_jwk});
  clock_.Advance(absl::Seconds(1));
  EXPECT_EQ(Judge(old_token), "TOKEN_INVALID");
  EXPECT_EQ(Judge(new_token), "");
}

TEST_F(TokenTest, BrokenNewKeyFileLeavesTheOldKeys) {
  const std::string token = keys_.Sign(TestKeys::Claims(kNow));
  keys_.Publish({"{"});
  clock_.Advance(absl::Seconds(1));
  EXPECT_EQ(Judge(token), "");
}

TEST_F(TokenTest, KeyFilesThatCannotBeUsedAreTold) {
  TokenRules rules = keys_.Rules();
  rules.jwks_path += ".absent";
  EXPECT_EQ(NewTokenVerifier(rules).status().code(), absl::StatusCode::kNotFound);
  for (const char* jwk :
       {"", "{", R"({"kty":"OKP","crv":"Ed25519","x":"AA"})", R"({"kty":"oct","k":"AA","kid":"a"})"}) {
    keys_.Publish({jwk});
    EXPECT_EQ(NewTokenVerifier(keys_.Rules()).status().code(), absl::StatusCode::kInvalidArgument) << jwk;
  }
  keys_.Publish({keys_.key().public_jwk, keys_.key().public_jwk});
  EXPECT_EQ(NewTokenVerifier(keys_.Rules()).status().code(), absl::StatusCode::kInvalidArgument);
}

TEST_F(TokenTest, CacheIsBounded) {
  TokenRules rules = keys_.Rules();
  rules.cached_tokens_max = 2;
  verifier_ = std::move(*NewTokenVerifier(rules, clock_));
  for (int round = 0; round < 2; ++round) {
    for (int i = 0; i < 5; ++i) {
      EXPECT_EQ(JudgeClaims([&](TokenClaims& c) { c.subject = absl::StrCat("tester-", i); }), "");
    }
  }
}

}  // namespace
}  // namespace tessera::rpc
