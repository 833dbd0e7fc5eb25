#include "base/crypto.h"

#include <gtest/gtest.h>

#include "base/hex.h"

namespace tessera {
namespace {

TEST(Sha256, KnownVector) {
  EXPECT_EQ(ToHex(Sha256("abc")), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST(Seal, OpensOnlyWithKeyContextAndBytesUnchanged) {
  const std::string key = RandomBytes(32), other = RandomBytes(32);
  const std::string sealed = Seal(key, "+8613812345678", "phone");
  EXPECT_EQ(Open(key, sealed, "phone"), "+8613812345678");
  EXPECT_FALSE(Open(other, sealed, "phone"));
  EXPECT_FALSE(Open(key, sealed, "email"));
  std::string changed = sealed;
  changed[15] = static_cast<char>(changed[15] ^ 1);
  EXPECT_FALSE(Open(key, changed, "phone"));
  EXPECT_FALSE(Open(key, "short", "phone"));
  EXPECT_NE(sealed, Seal(key, "+8613812345678", "phone"));
}

TEST(SealWrapped, RoundTrips) {
  const std::string key = RandomBytes(32);
  const std::string sealed = SealWrapped(key, "payload", "dead letter");
  EXPECT_EQ(OpenWrapped(key, sealed, "dead letter"), "payload");
  EXPECT_FALSE(OpenWrapped(RandomBytes(32), sealed, "dead letter"));
}

TEST(HmacOfParts, KeepsPartsApart) {
  EXPECT_NE(HmacOfParts("k", {"ab", "c"}), HmacOfParts("k", {"a", "bc"}));
  EXPECT_EQ(HmacOfParts("k", {"a"}), HmacOfParts("k", {"a"}));
}

}  // namespace
}  // namespace tessera
