#include "base/crypto.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <openssl/rand.h>

#include <fstream>
#include <memory>
#include <nlohmann/json.hpp>

#include "base/check.h"
#include "base/hex.h"
#include "base/status.h"

namespace tessera {
namespace {

constexpr size_t kKeySize = 32, kNonceSize = 12, kTagSize = 16;
constexpr size_t kWrappedKeySize = kNonceSize + kKeySize + kTagSize;

struct Free {
  void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
  void operator()(EVP_MAC_CTX* context) const { EVP_MAC_CTX_free(context); }
  void operator()(EVP_CIPHER_CTX* context) const { EVP_CIPHER_CTX_free(context); }
};

// Algorithms are looked up once for the process and contexts made once a thread: OpenSSL 3 else searches for the
// algorithm at each use, which costs more than the hash of an id.
EVP_MD_CTX* DigestContext() {
  thread_local const std::unique_ptr<EVP_MD_CTX, Free> context(EVP_MD_CTX_new());
  return context.get();
}
EVP_CIPHER_CTX* CipherContext() {
  thread_local const std::unique_ptr<EVP_CIPHER_CTX, Free> context(EVP_CIPHER_CTX_new());
  return context.get();
}

const EVP_MD* Sha256Algorithm() {
  static const EVP_MD* const algorithm = EVP_MD_fetch(nullptr, "SHA256", nullptr);
  return algorithm;
}
const EVP_CIPHER* GcmAlgorithm() {
  static const EVP_CIPHER* const algorithm = EVP_CIPHER_fetch(nullptr, "AES-256-GCM", nullptr);
  return algorithm;
}

EVP_MAC_CTX* HmacContext() {
  static EVP_MAC* const algorithm = EVP_MAC_fetch(nullptr, "HMAC", nullptr);
  static char digest[] = "SHA256";
  static const OSSL_PARAM parameters[] = {OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
                                          OSSL_PARAM_construct_end()};
  thread_local const std::unique_ptr<EVP_MAC_CTX, Free> context([] {
    EVP_MAC_CTX* made = EVP_MAC_CTX_new(algorithm);
    TESSERA_CHECK(made != nullptr && EVP_MAC_CTX_set_params(made, parameters) == 1);
    return made;
  }());
  return context.get();
}

const uint8_t* Bytes(std::string_view s) { return reinterpret_cast<const uint8_t*>(s.data()); }
uint8_t* Bytes(std::string& s) { return reinterpret_cast<uint8_t*>(s.data()); }

std::string WithLengths(std::initializer_list<std::string_view> parts) {
  size_t bytes = 0;
  for (std::string_view part : parts) bytes += sizeof(uint32_t) + part.size();
  std::string all;
  all.reserve(bytes);
  for (std::string_view part : parts) {
    const auto size = static_cast<uint32_t>(part.size());
    for (int shift = 24; shift >= 0; shift -= 8) all.push_back(static_cast<char>(size >> shift));
    all.append(part);
  }
  return all;
}

}  // namespace

std::string RandomBytes(size_t count) {
  std::string bytes(count, '\0');
  TESSERA_CHECK(RAND_bytes(Bytes(bytes), static_cast<int>(count)) == 1);
  return bytes;
}

std::string Sha256(std::string_view data) {
  std::string digest(32, '\0');
  EVP_MD_CTX* const context = DigestContext();
  TESSERA_CHECK(EVP_DigestInit_ex2(context, Sha256Algorithm(), nullptr) == 1 &&
                EVP_DigestUpdate(context, data.data(), data.size()) == 1 &&
                EVP_DigestFinal_ex(context, Bytes(digest), nullptr) == 1);
  return digest;
}

std::string Sha256OfParts(std::initializer_list<std::string_view> parts) { return Sha256(WithLengths(parts)); }

std::string HmacOfParts(std::string_view key, std::initializer_list<std::string_view> parts) {
  const std::string all = WithLengths(parts);
  std::string digest(32, '\0');
  size_t size = 0;
  EVP_MAC_CTX* const context = HmacContext();
  TESSERA_CHECK(EVP_MAC_init(context, Bytes(key), key.size(), nullptr) == 1 &&
                EVP_MAC_update(context, Bytes(all), all.size()) == 1 &&
                EVP_MAC_final(context, Bytes(digest), &size, digest.size()) == 1);
  return digest;
}

std::string Seal(std::string_view key, std::string_view plain, std::string_view context) {
  TESSERA_CHECK(key.size() == kKeySize);
  const std::string nonce = RandomBytes(kNonceSize);
  EVP_CIPHER_CTX* const ctx = CipherContext();
  std::string out(kNonceSize + plain.size() + kTagSize, '\0');
  out.replace(0, kNonceSize, nonce);
  int n = 0;
  uint8_t* body = Bytes(out) + kNonceSize;
  bool ok = EVP_EncryptInit_ex2(ctx, GcmAlgorithm(), Bytes(key), Bytes(nonce), nullptr) == 1;
  ok = ok && EVP_EncryptUpdate(ctx, nullptr, &n, Bytes(context), static_cast<int>(context.size())) == 1;
  ok = ok && EVP_EncryptUpdate(ctx, body, &n, Bytes(plain), static_cast<int>(plain.size())) == 1;
  ok = ok && EVP_EncryptFinal_ex(ctx, body + n, &n) == 1;
  ok = ok && EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_GCM_GET_TAG, kTagSize, body + plain.size()) == 1;
  TESSERA_CHECK(ok);
  return out;
}

std::optional<std::string> Open(std::string_view key, std::string_view sealed, std::string_view context) {
  if (key.size() != kKeySize || sealed.size() < kNonceSize + kTagSize) return std::nullopt;
  const size_t size = sealed.size() - kNonceSize - kTagSize;
  std::string_view nonce = sealed.substr(0, kNonceSize), body = sealed.substr(kNonceSize, size);
  std::string tag(sealed.substr(kNonceSize + size));
  EVP_CIPHER_CTX* const ctx = CipherContext();
  std::string plain(size, '\0');
  int n = 0;
  bool ok = EVP_DecryptInit_ex2(ctx, GcmAlgorithm(), Bytes(key), Bytes(nonce), nullptr) == 1;
  ok = ok && EVP_DecryptUpdate(ctx, nullptr, &n, Bytes(context), static_cast<int>(context.size())) == 1;
  ok = ok && EVP_DecryptUpdate(ctx, Bytes(plain), &n, Bytes(body), static_cast<int>(size)) == 1;
  ok = ok && EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_GCM_SET_TAG, kTagSize, tag.data()) == 1;
  ok = ok && EVP_DecryptFinal_ex(ctx, Bytes(plain) + n, &n) == 1;
  if (!ok) return std::nullopt;
  return plain;
}

std::string SealWrapped(std::string_view wrapping_key, std::string_view plain, std::string_view context) {
  const std::string key = RandomBytes(kKeySize);
  return Seal(wrapping_key, key, context) + Seal(key, plain, context);
}

std::optional<std::string> OpenWrapped(std::string_view wrapping_key, std::string_view sealed,
                                       std::string_view context) {
  if (sealed.size() < kWrappedKeySize) return std::nullopt;
  auto key = Open(wrapping_key, sealed.substr(0, kWrappedKeySize), context);
  if (!key) return std::nullopt;
  return Open(*key, sealed.substr(kWrappedKeySize), context);
}

absl::StatusOr<KeyFile> KeyFile::Load(const std::string& path) {
  std::ifstream file(path);
  if (!file) return absl::NotFoundError("key file " + path + " cannot be read");
  const auto json = nlohmann::json::parse(file, nullptr, /*allow_exceptions=*/false);
  KeyFile keys;
  for (auto [name, key] :
       {std::pair{"lookup_key", &keys.lookup_key}, {"id_key", &keys.id_key}, {"wrapping_key", &keys.wrapping_key}}) {
    if (!json.is_object() || !json.contains(name) || !json[name].is_string()) {
      return InvalidField(name, "is missing in the key file");
    }
    auto bytes = FromBase64(json[name].get<std::string>());
    if (!bytes || bytes->size() != kKeySize) return InvalidField(name, "is not the base64 text of 32 bytes");
    *key = std::move(*bytes);
  }
  return keys;
}

}  // namespace tessera
