#include "base/ids.h"

#include <algorithm>
#include <cstring>

#include "base/crypto.h"
#include "base/hex.h"

namespace tessera {
namespace {

void SetVersion(Uuid& id, uint8_t version) {
  id.bytes[6] = static_cast<uint8_t>((id.bytes[6] & 0x0f) | (version << 4));
  id.bytes[8] = static_cast<uint8_t>((id.bytes[8] & 0x3f) | 0x80);  // RFC 9562 variant
}

Uuid V7(absl::Time time, std::string_view entropy) {
  const auto ms = static_cast<uint64_t>(std::max<int64_t>(0, absl::ToUnixMillis(time)));
  Uuid id;
  for (int i = 0; i < 6; ++i) id.bytes[i] = static_cast<uint8_t>(ms >> (8 * (5 - i)));
  std::memcpy(id.bytes.data() + 6, entropy.data(), 10);
  SetVersion(id, 7);
  return id;
}

}  // namespace

std::string Uuid::ToString() const {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  text.reserve(36);
  for (size_t i = 0; i < bytes.size(); ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) text.push_back('-');
    text.push_back(kDigits[bytes[i] >> 4]);
    text.push_back(kDigits[bytes[i] & 15]);
  }
  return text;
}

std::optional<Uuid> Uuid::Parse(std::string_view text) {
  if (text.size() != 36) return std::nullopt;
  Uuid id;
  size_t at = 0;
  for (size_t i = 0; i < 16; ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) {
      if (text[at++] != '-') return std::nullopt;
    }
    const int high = HexDigit(text[at]), low = HexDigit(text[at + 1]);
    if (high < 0 || low < 0) return std::nullopt;
    id.bytes[i] = static_cast<uint8_t>(high * 16 + low);
    at += 2;
  }
  return id;
}

std::optional<Uuid> Uuid::FromBytes(std::string_view raw) {
  if (raw.size() != 16) return std::nullopt;
  Uuid id;
  std::memcpy(id.bytes.data(), raw.data(), 16);
  return id;
}

absl::Time Uuid::TimeOfV7() const {
  int64_t ms = 0;
  for (int i = 0; i < 6; ++i) ms = (ms << 8) | bytes[i];
  return absl::FromUnixMillis(ms);
}

Uuid RandomUuidV7(absl::Time time) { return V7(time, RandomBytes(10)); }

Uuid UuidV7Of(absl::Time time, std::initializer_list<std::string_view> parts) { return V7(time, Sha256OfParts(parts)); }

Uuid UuidV8Of(std::string_view digest) {
  Uuid id;
  std::memcpy(id.bytes.data(), digest.data(), 16);
  SetVersion(id, 8);
  return id;
}

std::optional<BrandId> BrandId::Parse(std::string_view text) {
  if (text.empty() || text.size() > 40) return std::nullopt;
  for (char c : text) {
    if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-')) return std::nullopt;
  }
  return BrandId{std::string(text)};
}

}  // namespace tessera
