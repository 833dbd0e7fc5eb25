#include <nlohmann/json.hpp>

#include "base/check.h"
#include "rpc/rhonabwy_handles.h"
#include "rpc/token.h"

namespace tessera::rpc {
namespace {

std::string TakeText(char* text) {
  TESSERA_CHECK(text != nullptr);
  std::string copy(text);
  r_free(text);
  return copy;
}

bool IsPem(const std::string& text) { return text.find("-----BEGIN") != std::string::npos; }

JwkPtr ReadPrivateKey(const std::string& text) {
  JwkPtr jwk = NewJwk();
  const int result = IsPem(text)
                         ? r_jwk_import_from_pem_der(jwk.get(), R_X509_TYPE_PRIVKEY, R_FORMAT_PEM,
                                                     reinterpret_cast<const unsigned char*>(text.data()), text.size())
                         : r_jwk_import_from_json_str(jwk.get(), text.c_str());
  if (result != RHN_OK || (r_jwk_key_type(jwk.get(), nullptr, 0) & R_KEY_TYPE_PRIVATE) == 0) return nullptr;
  return jwk;
}

// A PEM key has no kid; the library would make up one of its own.
std::string KidOf(const std::string& text, jwk_t* jwk) {
  const char* const kid = IsPem(text) ? nullptr : r_jwk_get_property_str(jwk, "kid");
  return kid != nullptr ? kid : TakeText(r_jwk_thumbprint(jwk, R_JWK_THUMB_SHA256, 0));
}

}  // namespace

absl::StatusOr<std::string> SignToken(const std::string& private_key, const TokenClaims& claims) {
  const JwkPtr key = ReadPrivateKey(private_key);
  if (!key) return absl::InvalidArgumentError("this is no private key");
  const int type = r_jwk_key_type(key.get(), nullptr, 0);
  const bool is_ed25519 = (type & R_KEY_TYPE_EDDSA) != 0, is_ec = (type & R_KEY_TYPE_EC) != 0;
  if (!is_ed25519 && !is_ec) return absl::InvalidArgumentError("the key must be Ed25519 or P-256");

  const nlohmann::json payload = {{"iss", claims.issuer},
                                  {"aud", claims.audience},
                                  {"sub", claims.subject},
                                  {"iat", absl::ToUnixSeconds(claims.issued)},
                                  {"exp", absl::ToUnixSeconds(claims.expiry)},
                                  {"brands", claims.brands},
                                  {"roles", claims.roles}};
  const JwtPtr jwt = NewJwt();
  r_jwt_set_sign_alg(jwt.get(), is_ed25519 ? R_JWA_ALG_EDDSA : R_JWA_ALG_ES256);
  r_jwt_set_header_str_value(jwt.get(), "kid", KidOf(private_key, key.get()).c_str());
  r_jwt_set_full_claims_json_str(jwt.get(), payload.dump().c_str());
  char* const text = r_jwt_serialize_signed(jwt.get(), key.get(), 0);
  if (text == nullptr) return absl::InvalidArgumentError("the key cannot sign");
  return TakeText(text);
}

SigningKey MakeSigningKey(const std::string& kid) {
  const JwkPtr private_key = NewJwk(), public_key = NewJwk();
  const int made = r_jwk_generate_key_pair(private_key.get(), public_key.get(), R_KEY_TYPE_EDDSA, 256, kid.c_str());
  TESSERA_CHECK(made == RHN_OK);
  return {TakeText(r_jwk_export_to_json_str(private_key.get(), 0)),
          TakeText(r_jwk_export_to_json_str(public_key.get(), 0))};
}

}  // namespace tessera::rpc
