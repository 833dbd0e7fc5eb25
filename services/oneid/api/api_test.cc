// What the API layer does by itself: checks, masks, intake.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "services/oneid/api/fields.h"
#include "services/oneid/api/namespace_fields.h"

namespace tessera::oneid {
namespace {

TEST(MaskedTest, ShowsWhatAPersonRecognisesAndNoMore) {
  EXPECT_EQ(Masked("+8613912345678"), "+86*******5678");
  EXPECT_EQ(Masked("+441234"), "+4***");
  EXPECT_EQ(Masked("ann.lee@example.com"), "a***@example.com");
  EXPECT_EQ(Masked("oAbCdEfGh"), "oA***");
  EXPECT_EQ(Masked("abcd"), "***");
  EXPECT_EQ(Masked("小明的账号"), "***") << "two bytes would be a part of a character";
  EXPECT_EQ(Masked(""), "");
}

TEST(NamespaceFieldsTest, BuiltInNamespacesSurviveTheWayThroughTheApi) {
  for (const Namespace& ns : BuiltInNamespaces()) {
    const auto back = NamespaceOf(ToProto(ns));
    ASSERT_TRUE(back.ok()) << ns.name << back.status();
    EXPECT_EQ(*back, ns) << ns.name;
  }
}

TEST(NamespaceFieldsTest, WhatIsNotToldTakesItsDefault) {
  v1::Namespace message;
  message.set_name("card2");
  message.set_rank(35);
  message.set_strength(v1::STRENGTH_STRONG);
  message.set_normaliser(v1::NORMALISER_CARD);
  message.set_transferable(true);
  const auto ns = NamespaceOf(message);
  ASSERT_TRUE(ns.ok()) << ns.status();
  EXPECT_EQ(ns->dormant_days, 180);
  EXPECT_EQ(ns->blocked_values, DefaultBlockedValues(Normaliser::kCard));
  EXPECT_FALSE(ns->velocity.has_value());
  message.mutable_blocked();
  EXPECT_TRUE(NamespaceOf(message)->blocked_values.empty()) << "an empty list is the whole list";
}

}  // namespace
}  // namespace tessera::oneid
