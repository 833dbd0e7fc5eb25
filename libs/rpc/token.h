// Who calls: JSON Web Tokens (RFC 7519), signed with Ed25519 (EdDSA) or P-256 (ES256).
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "base/clock.h"

namespace tessera::rpc {

// What a token says about its holder.
struct Caller {
  std::string subject;
  std::vector<std::string> brands;  // "*" means every brand
  std::vector<std::string> roles;   // "membership.reader"

  bool HasBrand(std::string_view brand) const;
  bool HasRole(std::string_view role) const;
};

struct VerifiedToken {
  std::shared_ptr<const Caller> caller;
  absl::Time expiry;
};

// Thread-safe.
class TokenVerifier {
 public:
  virtual ~TokenVerifier() = default;

  // Unauthenticated TOKEN_INVALID or TOKEN_EXPIRED. No part of the token is ever in the message.
  virtual absl::StatusOr<VerifiedToken> Verify(std::string_view token) = 0;
};

struct TokenRules {
  std::string jwks_path;  // a JWK set (RFC 7517) of public keys, each with a kid
  std::string issuer;
  std::string audience = "tessera";
  absl::Duration leeway = absl::Seconds(60);  // between clocks
  size_t cached_tokens_max = 1'000;
};

// Accepts a token if the key named by its kid is in the JWK set and fits its alg, the signature is right, and the
// claims iss, aud, exp (required), nbf, iat (if there), sub, brands and roles (required) are as they should be.
// Verified tokens are remembered by their hash until they expire. The file is looked at once a second and read again
// when it was changed (keys no longer in it end at once); a broken new file is logged and the old keys stay.
//
// NotFound or InvalidArgument if the file cannot be used at the start. `clock` must outlive the verifier.
absl::StatusOr<std::unique_ptr<TokenVerifier>> NewTokenVerifier(TokenRules rules, const Clock& clock = Clock::System());

// For the command line and for tests: what to say in a token.
struct TokenClaims {
  std::string subject;
  std::string issuer;
  std::string audience = "tessera";
  std::vector<std::string> brands;
  std::vector<std::string> roles;
  absl::Time issued;
  absl::Time expiry;
};

// A signed token. `private_key` is an Ed25519 or P-256 key as PEM or JWK; its kid is the JWK's, or else the key's
// thumbprint (RFC 7638). InvalidArgument for another key.
absl::StatusOr<std::string> SignToken(const std::string& private_key, const TokenClaims& claims);

// A fresh Ed25519 key: a private JWK, and the JWK of its public half.
struct SigningKey {
  std::string private_jwk;
  std::string public_jwk;
};
SigningKey MakeSigningKey(const std::string& kid);

}  // namespace tessera::rpc
