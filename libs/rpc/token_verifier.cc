#include <jansson.h>
#include <rhonabwy.h>
#include <sys/stat.h>

#include <algorithm>
#include <fstream>
#include <map>
#include <sstream>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "base/crypto.h"
#include "base/log.h"
#include "base/status.h"
#include "base/strings.h"
#include "rpc/rhonabwy_handles.h"
#include "rpc/token.h"
#include "rpc/token_header.h"

namespace tessera::rpc {
namespace {

constexpr size_t kTokenBytesMax = 8'192;
constexpr absl::Duration kFileCheckInterval = absl::Seconds(1);

absl::Status Invalid() {
  return MakeError(absl::StatusCode::kUnauthenticated, "the token is not valid", {"TOKEN_INVALID", "tessera", {}});
}

absl::Status Expired() {
  return MakeError(absl::StatusCode::kUnauthenticated, "the token has expired", {"TOKEN_EXPIRED", "tessera", {}});
}

struct Key {
  JwkPtr jwk;
  jwa_alg alg;  // the one that fits the key
};
using Keys = std::map<std::string, Key>;  // by kid

std::string_view Property(jwk_t* jwk, const char* name) {
  const char* const value = r_jwk_get_property_str(jwk, name);
  return value == nullptr ? std::string_view() : std::string_view(value);
}

// The algorithm that the key's own type allows. A token cannot choose another one.
std::optional<jwa_alg> AlgorithmOf(jwk_t* jwk) {
  const std::string_view type = Property(jwk, "kty"), curve = Property(jwk, "crv"), alg = Property(jwk, "alg");
  if (type == "OKP" && curve == "Ed25519" && (alg.empty() || alg == "EdDSA")) return R_JWA_ALG_EDDSA;
  if (type == "EC" && curve == "P-256" && (alg.empty() || alg == "ES256")) return R_JWA_ALG_ES256;
  return std::nullopt;
}

absl::StatusOr<Keys> ParseKeys(const std::string& text) {
  const JwksPtr set = NewJwks();
  if (r_jwks_import_from_json_str(set.get(), text.c_str()) != RHN_OK) {
    return absl::InvalidArgumentError("the key file is no JWK set");
  }
  Keys keys;
  for (size_t i = 0; i < r_jwks_size(set.get()); ++i) {
    JwkPtr jwk(r_jwks_get_at(set.get(), i));
    const std::string kid(Property(jwk.get(), "kid"));
    const auto alg = AlgorithmOf(jwk.get());
    const std::string_view use = Property(jwk.get(), "use");
    if (kid.empty() || !alg || (!use.empty() && use != "sig") || keys.contains(kid)) {
      return absl::InvalidArgumentError(absl::StrCat(
          "key ", i, " of the key file needs a kid of its own and must be Ed25519 or P-256 for signatures"));
    }
    keys.emplace(kid, Key{std::move(jwk), *alg});
  }
  if (keys.empty()) return absl::InvalidArgumentError("the key file has no key");
  return keys;
}

// What tells one state of a file from another.
struct FileStamp {
  int64_t mtime_nanos = 0;
  int64_t size = 0;
  uint64_t inode = 0;

  bool operator==(const FileStamp&) const = default;
};

std::optional<FileStamp> StampOf(const std::string& path) {
  struct stat info = {};
  if (stat(path.c_str(), &info) != 0) return std::nullopt;
  return FileStamp{info.st_mtim.tv_sec * 1'000'000'000 + info.st_mtim.tv_nsec, info.st_size, info.st_ino};
}

absl::StatusOr<Keys> ReadKeys(const std::string& path) {
  std::ifstream file(path);
  if (!file) return absl::NotFoundError(absl::StrCat("there is no key file ", path));
  std::stringstream text;
  text << file.rdbuf();
  return ParseKeys(text.str());
}

std::optional<absl::Time> TimeClaim(json_t* claims, const char* name) {
  const json_t* const value = json_object_get(claims, name);
  if (!json_is_number(value)) return std::nullopt;
  const double seconds = json_number_value(value);
  if (!(seconds >= 0 && seconds < 253'402'300'800.0)) return std::nullopt;  // until the year 10000
  return absl::FromUnixMicros(static_cast<int64_t>(seconds * 1e6));
}

std::string_view TextClaim(json_t* claims, const char* name) {
  const json_t* const value = json_object_get(claims, name);
  return json_is_string(value) ? std::string_view(json_string_value(value), json_string_length(value))
                               : std::string_view();
}

std::optional<std::vector<std::string>> ListClaim(json_t* claims, const char* name) {
  const json_t* const list = json_object_get(claims, name);
  if (!json_is_array(list)) return std::nullopt;
  std::vector<std::string> values;
  for (size_t i = 0; i < json_array_size(list); ++i) {
    const json_t* const value = json_array_get(list, i);
    if (!json_is_string(value)) return std::nullopt;
    values.emplace_back(json_string_value(value), json_string_length(value));
  }
  return values;
}

bool HasAudience(json_t* claims, std::string_view audience) {
  if (TextClaim(claims, "aud") == audience) return true;
  const auto list = ListClaim(claims, "aud");
  return list && std::find(list->begin(), list->end(), audience) != list->end();
}

class JwksVerifier final : public TokenVerifier {
 public:
  JwksVerifier(TokenRules rules, const Clock& clock) : rules_(std::move(rules)), clock_(clock) {}

  absl::Status Load() {
    absl::MutexLock lock(&mutex_);
    stamp_ = StampOf(rules_.jwks_path).value_or(FileStamp());
    TESSERA_ASSIGN_OR_RETURN(keys_, ReadKeys(rules_.jwks_path));
    next_check_ = clock_.Now() + kFileCheckInterval;
    return absl::OkStatus();
  }

  absl::StatusOr<VerifiedToken> Verify(std::string_view token) override {
    if (token.size() > kTokenBytesMax) return Invalid();
    const std::string hash = Sha256(token);
    const absl::Time now = clock_.Now();
    absl::MutexLock lock(&mutex_);
    ReloadIfChanged(now);
    if (const auto known = cache_.find(hash); known != cache_.end()) {
      if (now < known->second.expiry + rules_.leeway) return known->second;
      cache_.erase(known);
      return Expired();
    }
    // Under the lock on purpose: it is rare, and keys may not be shared by two verifications at a time.
    TESSERA_ASSIGN_OR_RETURN(VerifiedToken verified, VerifyAnew(token, now));
    if (cache_.size() >= rules_.cached_tokens_max) cache_.clear();
    cache_.emplace(hash, verified);
    return verified;
  }

 private:
  void ReloadIfChanged(absl::Time now) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    if (now < next_check_) return;
    next_check_ = now + kFileCheckInterval;
    const auto stamp = StampOf(rules_.jwks_path);
    if (!stamp || *stamp == stamp_) return;
    stamp_ = *stamp;
    auto keys = ReadKeys(rules_.jwks_path);
    if (!keys.ok()) {
      LogError("the changed key file is not used", {{"error", ToStd(keys.status().message())}});
      return;
    }
    keys_ = std::move(*keys);
    cache_.clear();
    LogInfo("key file read again", {{"keys", static_cast<int64_t>(keys_.size())}});
  }

  absl::StatusOr<VerifiedToken> VerifyAnew(std::string_view token, absl::Time now)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    const auto header = ReadTokenHeader(token);
    const auto key = header ? keys_.find(header->kid) : keys_.end();
    if (key == keys_.end() || header->alg != r_jwa_alg_to_str(key->second.alg)) return Invalid();
    const JwtPtr jwt = NewJwt();
    if (r_jwt_advanced_parsen(jwt.get(), token.data(), token.size(), R_PARSE_NONE, 0) != RHN_OK) return Invalid();
    if (r_jwt_get_type(jwt.get()) != R_JWT_TYPE_SIGN) return Invalid();
    if (r_jwt_get_sign_alg(jwt.get()) != key->second.alg) return Invalid();
    if (r_jwt_verify_signature(jwt.get(), key->second.jwk.get(), 0) != RHN_OK) return Invalid();
    const JsonPtr claims(r_jwt_get_full_claims_json_t(jwt.get()));
    return Judge(claims.get(), now);
  }

  absl::StatusOr<VerifiedToken> Judge(json_t* claims, absl::Time now) const {
    const auto expiry = TimeClaim(claims, "exp");
    if (!expiry || TextClaim(claims, "iss") != rules_.issuer || !HasAudience(claims, rules_.audience)) return Invalid();
    for (const char* name : {"nbf", "iat"}) {
      if (json_object_get(claims, name) == nullptr) continue;
      const auto time = TimeClaim(claims, name);
      if (!time || *time > now + rules_.leeway) return Invalid();
    }
    if (now >= *expiry + rules_.leeway) return Expired();
    auto brands = ListClaim(claims, "brands"), roles = ListClaim(claims, "roles");
    const std::string_view subject = TextClaim(claims, "sub");
    if (!brands || !roles || subject.empty()) return Invalid();
    return VerifiedToken{
        std::make_shared<const Caller>(Caller{std::string(subject), std::move(*brands), std::move(*roles)}), *expiry};
  }

  const TokenRules rules_;
  const Clock& clock_;
  absl::Mutex mutex_;
  Keys keys_ ABSL_GUARDED_BY(mutex_);
  FileStamp stamp_ ABSL_GUARDED_BY(mutex_);
  absl::Time next_check_ ABSL_GUARDED_BY(mutex_);
  absl::flat_hash_map<std::string, VerifiedToken> cache_ ABSL_GUARDED_BY(mutex_);  // by SHA-256 of the token
};

}  // namespace

bool Caller::HasBrand(std::string_view brand) const {
  return std::any_of(brands.begin(), brands.end(), [&](const std::string& b) { return b == "*" || b == brand; });
}

bool Caller::HasRole(std::string_view role) const { return std::find(roles.begin(), roles.end(), role) != roles.end(); }

absl::StatusOr<std::unique_ptr<TokenVerifier>> NewTokenVerifier(TokenRules rules, const Clock& clock) {
  auto verifier = std::make_unique<JwksVerifier>(std::move(rules), clock);
  TESSERA_RETURN_IF_ERROR(verifier->Load());
  return verifier;
}

}  // namespace tessera::rpc
