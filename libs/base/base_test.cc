#include <gtest/gtest.h>

#include <set>
#include <vector>

#include "base/checked.h"
#include "base/fault_point.h"
#include "base/ids.h"
#include "base/murmur2.h"
#include "base/status.h"

namespace tessera {
namespace {

// Vectors of Apache Kafka's own UtilsTest.testMurmur2.
TEST(Murmur2, GivesTheHashesOfKafkasJavaClient) {
  EXPECT_EQ(static_cast<int32_t>(Murmur2("21")), -973932308);
  EXPECT_EQ(static_cast<int32_t>(Murmur2("foobar")), -790332482);
  EXPECT_EQ(static_cast<int32_t>(Murmur2("a-little-bit-long-string")), -985981536);
  EXPECT_EQ(static_cast<int32_t>(Murmur2("a-little-bit-longer-string")), -1486304829);
  EXPECT_EQ(static_cast<int32_t>(Murmur2("lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8")), -58897971);
  EXPECT_EQ(static_cast<int32_t>(Murmur2("abc")), 479470107);
}

TEST(Uuid, TextRoundTripsAndRejectsAnythingElse) {
  const auto id = Uuid::Parse("0192F0C1-5b7a-7cde-8f01-23456789abcd");
  ASSERT_TRUE(id);
  EXPECT_EQ(id->ToString(), "0192f0c1-5b7a-7cde-8f01-23456789abcd");
  EXPECT_FALSE(Uuid::Parse("0192f0c15b7a7cde8f0123456789abcd"));
  EXPECT_FALSE(Uuid::Parse("0192f0c1-5b7a-7cde-8f01-23456789abcg"));
}

TEST(Uuid, V7CarriesItsTimeAndSortsByIt) {
  const absl::Time t = absl::FromUnixMillis(1'700'000'000'123);
  const Uuid a = UuidV7Of(t, {"a"}), later = UuidV7Of(t + absl::Milliseconds(1), {"a"});
  EXPECT_EQ(a.TimeOfV7(), t);
  EXPECT_LT(a, later);
  EXPECT_EQ(a, UuidV7Of(t, {"a"}));
  EXPECT_NE(UuidV7Of(t, {"ab", "c"}), UuidV7Of(t, {"a", "bc"}));
  EXPECT_EQ(a.bytes[6] >> 4, 7);
  EXPECT_EQ(a.bytes[8] >> 6, 2);
}

TEST(BrandId, TakesOnlyItsAlphabet) {
  EXPECT_TRUE(BrandId::Parse("shop-1"));
  EXPECT_FALSE(BrandId::Parse(""));
  EXPECT_FALSE(BrandId::Parse("Shop"));
  EXPECT_FALSE(BrandId::Parse("a'; drop"));
  EXPECT_FALSE(BrandId::Parse(std::string(41, 'a')));
}

TEST(Checked, AnswersNothingInsteadOfWrapping) {
  EXPECT_EQ(CheckedAdd(2, 3), 5);
  EXPECT_FALSE(CheckedAdd(INT64_MAX, 1));
  EXPECT_FALSE(CheckedSub(INT64_MIN, 1));
  EXPECT_FALSE(CheckedMul(INT64_MAX, 2));
  EXPECT_EQ(MulDivFloor(INT64_MAX, 3, 6), INT64_MAX / 2);
  EXPECT_FALSE(MulDivFloor(INT64_MAX, 3, 2));
}

TEST(Status, CarriesReasonFieldAndDelayThroughTheWire) {
  const absl::Status bad = DecodeStatus(EncodeStatus(InvalidField("lines[2].quantity", "must be positive")));
  EXPECT_EQ(bad.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(FieldOf(bad), "lines[2].quantity");
  EXPECT_EQ(ErrorInfoOf(bad)->reason, "FIELD_INVALID");
  EXPECT_EQ(RetryDelayOf(DecodeStatus(EncodeStatus(Overloaded("queue full", absl::Milliseconds(250))))),
            absl::Milliseconds(250));
  EXPECT_FALSE(ErrorInfoOf(absl::InternalError("x")));
}

TEST(Status, TheSameErrorIsTheSameBytes) {
  std::vector<absl::Status> alive;  // so that each lies at an address of its own
  std::set<std::string> encoded;
  for (int i = 0; i < 100; ++i) encoded.insert(EncodeStatus(alive.emplace_back(InvalidField("amount", "too small"))));
  EXPECT_EQ(encoded.size(), 1u);
}

#ifdef TESSERA_FAULT_POINTS
TEST(FaultPoint, FailsAtTheNamedArrivalOnly) {
  ArmFault("here", "fail@2");
  EXPECT_FALSE(FaultPoint("here"));
  EXPECT_TRUE(FaultPoint("here"));
  EXPECT_FALSE(FaultPoint("here"));
  EXPECT_FALSE(FaultPoint("elsewhere"));
  ArmFault("here", "");
}
#endif

}  // namespace
}  // namespace tessera
