#include "base/text.h"

#include <gtest/gtest.h>

#include "base/message_text.h"
#include "tessera/membership/v1/points_service.pb.h"
#include "tessera/oneid/v1/merge_service.pb.h"

namespace tessera {
namespace {

constexpr size_t kAnySize = 1'000'000;

TEST(TextTest, Utf8IsTold) {
  for (const char* text : {"", "a", "\u00e9", "\u4e2d", "\U0001F600", "\U0010FFFF"}) EXPECT_TRUE(IsUtf8(text)) << text;
  for (const char* text : {"\x80", "\xC0\x80", "\xC3", "\xED\xA0\x80", "\xE0\x80\x80", "\xF0\x80\x80\x80",
                           "\xF4\x90\x80\x80", "\xFF", "a\xE4\xB8"}) {
    EXPECT_FALSE(IsUtf8(text));
  }
}

TEST(TextTest, NulAndControlsOfDirectionAreUnfit) {
  for (const char* text : {"", "'; DROP TABLE x; --", "\u4e2d\u201c\u0627\u05d0", "\u200b\u2029\u202f\u2065\u206a"}) {
    EXPECT_EQ(WhyUnfit(text), "") << text;
  }
  EXPECT_EQ(WhyUnfit(std::string_view("a\0b", 3)), "must not contain NUL");
  for (const char* text : {"a\u061cb", "\u200e", "\u200f", "x\u202a", "\u202e", "\u2066", "\u2069"}) {
    EXPECT_EQ(WhyUnfit(text), "must not contain controls of the direction of text") << text;
  }
}

TEST(TextTest, TheFieldWithUnfitTextIsNamedAtAnyDepth) {
  membership::v1::BatchEarnPointsRequest request;
  request.add_items()->set_customer_id("fine");
  EXPECT_FALSE(FindUnfitText(request, kAnySize));
  request.add_items()->set_customer_id("\u202e");
  EXPECT_EQ(FindUnfitText(request, kAnySize)->field, "items[1].customer_id");
  EXPECT_EQ(FindUnfitText(request, 3)->field, "items[0].customer_id");
  EXPECT_EQ(FindUnfitText(request, 3)->message, "is too long");
}

TEST(TextTest, OfAMapsEntryOnlyThePartIsNamed) {
  oneid::v1::ServiceAnswer answer;
  (*answer.mutable_survivor_before())["\u200e"] = 1;
  EXPECT_EQ(FindUnfitText(answer, kAnySize)->field, "survivor_before.key");
}

TEST(TextTest, TheFieldThatIsNoUtf8IsNamed) {
  membership::v1::BatchEarnPointsRequest request;
  request.set_brand_id("fine");
  request.add_items()->set_customer_id("fine");
  request.add_items()->set_customer_id("QQQQ");
  std::string bytes = request.SerializeAsString();
  EXPECT_EQ(FieldWithoutUtf8(*request.GetDescriptor(), bytes), "");
  bytes.replace(bytes.find("QQQQ"), 1, "\xFF");
  EXPECT_EQ(FieldWithoutUtf8(*request.GetDescriptor(), bytes), "items[1].customer_id");
  EXPECT_EQ(FieldWithoutUtf8(*request.GetDescriptor(), "\x0A\x10zz"), "") << "cut off";
}

}  // namespace
}  // namespace tessera
