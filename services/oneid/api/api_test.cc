// What the API layer does by itself: checks, masks, intake.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

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

TEST(NamespaceFieldsTest, WhatWouldHaveNoEffectIsRefused) {
  const auto field_of = [](v1::Strength strength, v1::Normaliser normaliser,
                           const std::function<void(v1::Namespace&)>& change) {
    v1::Namespace message;
    message.set_name("id");
    message.set_rank(35);
    message.set_strength(strength);
    message.set_normaliser(normaliser);
    change(message);
    return FieldOf(NamespaceOf(message).status());
  };
  const auto transferable = [](v1::Namespace& ns) { ns.set_transferable(true); };
  const auto dormant = [](v1::Namespace& ns) { ns.set_dormant_days(90); };
  const auto both = [](v1::Namespace& ns) {
    ns.set_transferable(true);
    ns.set_dormant_days(90);
  };
  EXPECT_EQ(field_of(v1::STRENGTH_STRONG, v1::NORMALISER_PHONE, both), "");
  EXPECT_EQ(field_of(v1::STRENGTH_STRONG, v1::NORMALISER_PHONE, dormant), "namespace.dormant_days");
  EXPECT_EQ(field_of(v1::STRENGTH_STRONG, v1::NORMALISER_CARD, both), "namespace.dormant_days");
  EXPECT_EQ(field_of(v1::STRENGTH_WEAK, v1::NORMALISER_OPAQUE, transferable), "");
  EXPECT_EQ(field_of(v1::STRENGTH_TRANSACTION, v1::NORMALISER_OPAQUE, transferable), "namespace.transferable");
  const auto fold = [](v1::Namespace& ns) { ns.set_fold_mail_providers(true); };
  EXPECT_EQ(field_of(v1::STRENGTH_STRONG, v1::NORMALISER_EMAIL, fold), "");
  EXPECT_EQ(field_of(v1::STRENGTH_STRONG, v1::NORMALISER_OPAQUE, fold), "namespace.fold_mail_providers");
}

TEST(BrandFieldsTest, RegionAndCurrencyMustExist) {
  const auto field_of = [](const std::string& region, const std::string& currency) {
    v1::BrandSettings message;
    message.set_brand_id("acme");
    message.set_time_zone("Asia/Shanghai");
    message.set_region(region);
    message.set_currency(currency);
    return FieldOf(BrandOf(message, "brands[0]").status());
  };
  EXPECT_EQ(field_of("CN", "CNY"), "");
  for (const char* region : {"", "cn", "ZZ", "UK", "CHN"}) {
    EXPECT_EQ(field_of(region, "CNY"), "brands[0].region") << region;
  }
  for (const char* currency : {"", "cny", "ABC", "XTS", "DEM", "CNYY"}) {
    EXPECT_EQ(field_of("CN", currency), "brands[0].currency") << currency;
  }
}

}  // namespace
}  // namespace tessera::oneid
