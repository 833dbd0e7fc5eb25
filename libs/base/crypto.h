// The cryptographic primitives that the suite uses, over OpenSSL. Pure functions, thread-safe. Keys are 32 bytes.
#pragma once

#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace tessera {

// `count` bytes from the system's generator.
std::string RandomBytes(size_t count);

// SHA-256, 32 bytes.
std::string Sha256(std::string_view data);

// SHA-256 over the parts, each preceded by its length, so that ("ab", "c") and ("a", "bc") differ.
std::string Sha256OfParts(std::initializer_list<std::string_view> parts);

// HMAC-SHA-256 (RFC 2104) over the parts with their lengths, 32 bytes.
std::string HmacOfParts(std::string_view key, std::initializer_list<std::string_view> parts);

// AES-256-GCM (NIST SP 800-38D) with a random 12 byte nonce: nonce, cipher text, 16 byte tag. `context` is
// authenticated but not contained: opening under another context fails.
std::string Seal(std::string_view key, std::string_view plain, std::string_view context);

// The plain text, or nullopt if key, context or bytes are not those that were sealed.
std::optional<std::string> Open(std::string_view key, std::string_view sealed, std::string_view context);

// The keys of a deployment, read from a JSON file made by `tools/dev` or by an operator's secret store.
struct KeyFile {
  std::string lookup_key;    // HMAC of identifier values
  std::string id_key;        // identifier ids, so that an id in an event is not the look-up hash
  std::string wrapping_key;  // wraps the keys of persons and of single events

  // InvalidArgument (naming the member) if a key is missing or not 32 bytes; NotFound if there is no such file.
  static absl::StatusOr<KeyFile> Load(const std::string& path);
};

// Seals under a fresh key of its own that is wrapped by `wrapping_key`: destroying the wrapped part alone makes the
// rest unreadable. The result holds both.
std::string SealWrapped(std::string_view wrapping_key, std::string_view plain, std::string_view context);
std::optional<std::string> OpenWrapped(std::string_view wrapping_key, std::string_view sealed,
                                       std::string_view context);

}  // namespace tessera
