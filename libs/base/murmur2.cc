#include "base/murmur2.h"

namespace tessera {
namespace {

constexpr uint32_t kMultiplier = 0x5bd1e995;
constexpr uint32_t kSeed = 0x9747b28c;

uint32_t Byte(std::string_view key, size_t i) { return static_cast<uint8_t>(key[i]); }

}  // namespace

uint32_t Murmur2(std::string_view key) {
  uint32_t h = kSeed ^ static_cast<uint32_t>(key.size());
  size_t i = 0;
  for (; i + 4 <= key.size(); i += 4) {
    uint32_t k = Byte(key, i) | Byte(key, i + 1) << 8 | Byte(key, i + 2) << 16 | Byte(key, i + 3) << 24;
    k *= kMultiplier;
    k ^= k >> 24;
    k *= kMultiplier;
    h = h * kMultiplier ^ k;
  }
  const size_t tail = key.size() - i;
  if (tail == 3) h ^= Byte(key, i + 2) << 16;
  if (tail >= 2) h ^= Byte(key, i + 1) << 8;
  if (tail >= 1) {
    h ^= Byte(key, i);
    h *= kMultiplier;
  }
  h ^= h >> 13;
  h *= kMultiplier;
  h ^= h >> 15;
  return h;
}

}  // namespace tessera
