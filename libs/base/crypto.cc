#include "base/crypto.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
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

struct FreeMd {
  void operator()(EVP_MD_CTX* c) const { EVP_MD_CTX_free(c); }
};
struct FreeCipher {
  void operator()(EVP_CIPHER_CTX* c) const { EVP_CIPHER_CTX_free(c); }
};
using CipherCtx = std::unique_ptr<EVP_CIPHER_CTX, FreeCipher>;

const uint8_t* Bytes(std::string_view s) { return reinterpret_cast<const uint8_t*>(s.data()); }
uint8_t* Bytes(std::string& s) { return reinterpret_cast<uint8_t*>(s.data()); }

std::string WithLengths(std::initializer_list<std::string_view> parts) {
  std::string all;
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
  unsigned size = 0;
  TESSERA_CHECK(EVP_Digest(data.data(), data.size(), Bytes(digest), &size, EVP_sha256(), nullptr) == 1);
  return digest;
}

std::string Sha256OfParts(std::initializer_list<std::string_view> parts) { return Sha256(WithLengths(parts)); }

std::string HmacOfParts(std::string_view key, std::initializer_list<std::string_view> parts) {
  const std::string all = WithLengths(parts);
  std::string digest(32, '\0');
  unsigned size = 0;
  TESSERA_CHECK(HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), Bytes(all), all.size(), Bytes(digest),
                     &size) != nullptr);
  return digest;
}

std::string Seal(std::string_view key, std::string_view plain, std::string_view context) {
  TESSERA_CHECK(key.size() == kKeySize);
  const std::string nonce = RandomBytes(kNonceSize);
  CipherCtx ctx(EVP_CIPHER_CTX_new());
  std::string out(kNonceSize + plain.size() + kTagSize, '\0');
  out.replace(0, kNonceSize, nonce);
  int n = 0;
  uint8_t* body = Bytes(out) + kNonceSize;
  bool ok = EVP_EncryptInit_ex(ctx.get(), EVP_aes_256_gcm(), nullptr, Bytes(key), Bytes(nonce)) == 1;
  ok = ok && EVP_EncryptUpdate(ctx.get(), nullptr, &n, Bytes(context), static_cast<int>(context.size())) == 1;
  ok = ok && EVP_EncryptUpdate(ctx.get(), body, &n, Bytes(plain), static_cast<int>(plain.size())) == 1;
  ok = ok && EVP_EncryptFinal_ex(ctx.get(), body + n, &n) == 1;
  ok = ok && EVP_CIPHER_CTX_ctrl(ctx.get(), EVP_CTRL_GCM_GET_TAG, kTagSize, body + plain.size()) == 1;
  TESSERA_CHECK(ok);
  return out;
}

std::optional<std::string> Open(std::string_view key, std::string_view sealed, std::string_view context) {
  if (key.size() != kKeySize || sealed.size() < kNonceSize + kTagSize) return std::nullopt;
  const size_t size = sealed.size() - kNonceSize - kTagSize;
  std::string_view nonce = sealed.substr(0, kNonceSize), body = sealed.substr(kNonceSize, size);
  std::string tag(sealed.substr(kNonceSize + size));
  CipherCtx ctx(EVP_CIPHER_CTX_new());
  std::string plain(size, '\0');
  int n = 0;
  bool ok = EVP_DecryptInit_ex(ctx.get(), EVP_aes_256_gcm(), nullptr, Bytes(key), Bytes(nonce)) == 1;
  ok = ok && EVP_DecryptUpdate(ctx.get(), nullptr, &n, Bytes(context), static_cast<int>(context.size())) == 1;
  ok = ok && EVP_DecryptUpdate(ctx.get(), Bytes(plain), &n, Bytes(body), static_cast<int>(size)) == 1;
  ok = ok && EVP_CIPHER_CTX_ctrl(ctx.get(), EVP_CTRL_GCM_SET_TAG, kTagSize, tag.data()) == 1;
  ok = ok && EVP_DecryptFinal_ex(ctx.get(), Bytes(plain) + n, &n) == 1;
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
