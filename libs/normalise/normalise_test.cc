#include "normalise/normalise.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tessera::normalise {
namespace {

using ::testing::Eq;
using ::testing::Optional;

TEST(PhoneTest, IsE164WithTheRegionAsDefault) {
  EXPECT_THAT(Phone("139 1234 5678", "CN"), Optional(Eq("+8613912345678")));
  EXPECT_THAT(Phone("+86 139-1234-5678", "GB"), Optional(Eq("+8613912345678")));
  EXPECT_THAT(Phone("０１３９", "CN"), Eq(std::nullopt));
  EXPECT_THAT(Phone("020 7946 0018", "GB"), Optional(Eq("+442079460018")));
  EXPECT_THAT(Phone("13800012345", "CN"), Optional(Eq("+8613800012345")));
}

TEST(PhoneTest, RefusesWhatIsNone) {
  for (const char* text : {"", "0000", "null", "12", "+999123456789", "13912345678901234567890"}) {
    EXPECT_THAT(Phone(text, "CN"), Eq(std::nullopt)) << text;
  }
}

TEST(PhoneTest, KnowsTheRegionsThatHaveNumbers) {
  for (const char* region : {"CN", "GB", "US", "HK", "XK"}) EXPECT_TRUE(IsPhoneRegion(region)) << region;
  for (const char* region : {"", "cn", "UK", "ZZ", "XX", "001", "CHN", "AQ"}) {
    EXPECT_FALSE(IsPhoneRegion(region)) << region;
  }
}

TEST(EmailTest, FoldsCaseWidthAndDomain) {
  EXPECT_THAT(Email("  Ann.Lee@Example.COM ", false), Optional(Eq("ann.lee@example.com")));
  EXPECT_THAT(Email("ａｎｎ@example.com", false), Optional(Eq("ann@example.com")));
  EXPECT_THAT(Email("ann@Bücher.example", false), Optional(Eq("ann@xn--bcher-kva.example")));
}

TEST(EmailTest, KeepsDotsAndPlusUnlessSwitchedOn) {
  EXPECT_THAT(Email("a.n.n+shop@gmail.com", false), Optional(Eq("a.n.n+shop@gmail.com")));
  EXPECT_THAT(Email("a.n.n+shop@googlemail.com", true), Optional(Eq("ann@gmail.com")));
  EXPECT_THAT(Email("a.n.n+shop@example.com", true), Optional(Eq("a.n.n+shop@example.com")));
  EXPECT_THAT(Email("+shop@gmail.com", true), Eq(std::nullopt));
}

TEST(EmailTest, WhatItMakesIsAnAddressThatStaysAsItIs) {
  EXPECT_THAT(Email("a.+tag@live.com", true), Eq(std::nullopt)) << "without its tag it ends with a dot";
  EXPECT_THAT(Email("a.+tag@live.com", false), Optional(Eq("a.+tag@live.com")));
  EXPECT_THAT(Email("l.\u0301@gmail.com", true), Optional(Eq("\u013a@gmail.com")));
  std::string longer_as_ascii = "ann@";
  for (int i = 0; i < 30; ++i) longer_as_ascii += "ü" + std::string(1, static_cast<char>('a' + i % 26)) + ".";
  EXPECT_LE(longer_as_ascii.size(), 254u);
  EXPECT_THAT(Email(longer_as_ascii + "example", false), Eq(std::nullopt));
}

TEST(EmailTest, RefusesWhatIsNone) {
  for (const char* text : {"", "test", "@example.com", "ann@", "ann@local", "a b@example.com", "ann@exa mple.com",
                           "ann@-x.com", "ann..lee@example.com", "ann@example.com.", "\xff@example.com"}) {
    EXPECT_THAT(Email(text, false), Eq(std::nullopt)) << text;
  }
}

TEST(OpaqueTest, TrimsAndKeepsTheRest) {
  EXPECT_THAT(Opaque("\t oAbC-1 \n"), Optional(Eq("oAbC-1")));
  EXPECT_THAT(Opaque("　小明　"), Optional(Eq("小明")));
  EXPECT_THAT(Opaque("a\tb"), Eq(std::nullopt));
  EXPECT_THAT(Opaque(std::string_view("a\0b", 3)), Eq(std::nullopt));
  EXPECT_THAT(Opaque("\xc3\x28"), Eq(std::nullopt));
  EXPECT_THAT(Opaque("   "), Eq(std::nullopt));
  EXPECT_THAT(Opaque(std::string(513, 'x')), Eq(std::nullopt));
}

TEST(CardTest, KeepsDigitsOnly) {
  EXPECT_THAT(Card("6225-88 00.12"), Optional(Eq("6225880012")));
  EXPECT_THAT(Card("62A5"), Eq(std::nullopt));
  EXPECT_THAT(Card("--"), Eq(std::nullopt));
}

}  // namespace
}  // namespace tessera::normalise
