#include "services/oneid/domain/namespace.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

namespace tessera::oneid {
namespace {

const Namespace& BuiltIn(const std::string& name) {
  for (const Namespace& ns : BuiltInNamespaces()) {
    if (ns.name == name) return ns;
  }
  ADD_FAILURE() << name;
  return BuiltInNamespaces()[0];
}

TEST(BuiltInNamespacesTest, AreThoseOfTheSpecificationStrongestFirst) {
  std::vector<std::string> names;
  std::set<int32_t> ranks;
  for (const Namespace& ns : BuiltInNamespaces()) {
    names.push_back(ns.name);
    EXPECT_TRUE(ranks.insert(ns.rank).second);
  }
  EXPECT_THAT(names,
              testing::ElementsAre("wecom_external_id", "union_id", "member_card", "taobao_omid", "taobao_ouid",
                                   "douyin_open_id", "youzan_id", "open_id", "mini_open_id", "app_user_id", "jd_pin",
                                   "phone", "email", "pos_id", "device_id", "cookie_id", "taobao_oaid"));
  EXPECT_EQ(BuiltIn("taobao_omid").at_most, 3);
  EXPECT_EQ(BuiltIn("email").LimitText(), "email AT_MOST 5");
  EXPECT_EQ(BuiltIn("youzan_id").LimitText(), "youzan_id UNIQUE");
  EXPECT_EQ(BuiltIn("phone").velocity, (VelocityLimit{5, 24}));
  EXPECT_EQ(BuiltIn("member_card").velocity, (VelocityLimit{2, 720}));
  EXPECT_EQ(BuiltIn("device_id").velocity, (VelocityLimit{2, 0}));
  EXPECT_EQ(BuiltIn("phone").dormant_days, 180);
  EXPECT_TRUE(BuiltIn("device_id").weak());
}

TEST(ScopeKeyTest, HasTheDeclaredPartsAndTheWeek) {
  const absl::Time time = absl::FromUnixSeconds(1'704'067'200);  // Monday 2024-01-01 00:00 UTC
  const absl::TimeZone utc = absl::UTCTimeZone();
  EXPECT_EQ(ScopeKey(BuiltIn("phone"), "ignored", time, utc), "");
  EXPECT_EQ(ScopeKey(BuiltIn("taobao_ouid"), "shop1", time, utc), "shop1");
  EXPECT_EQ(ScopeKey(BuiltIn("taobao_ouid"), "", time, utc), std::nullopt);
  EXPECT_EQ(ScopeKey(BuiltIn("taobao_ouid"), "shop1/app1", time, utc), std::nullopt);
  EXPECT_EQ(ScopeKey(BuiltIn("taobao_oaid"), "shop1/app1", time, utc), "shop1/app1/2024-W01");
  EXPECT_EQ(ScopeKey(BuiltIn("taobao_oaid"), "shop1/", time, utc), std::nullopt);
  absl::TimeZone new_york;
  ASSERT_TRUE(absl::LoadTimeZone("America/New_York", &new_york));
  EXPECT_EQ(ScopeKey(BuiltIn("taobao_oaid"), "s/a", time, new_york), "s/a/2023-W52") << "still Sunday there";
  EXPECT_EQ(ScopeKey(BuiltIn("taobao_ouid"), std::string("a\nb"), time, utc), std::nullopt);
  EXPECT_EQ(ScopeKey(BuiltIn("taobao_ouid"), std::string(201, 'x'), time, utc), std::nullopt);
}

}  // namespace
}  // namespace tessera::oneid
