#include "base/proto_time.h"

#include <gtest/gtest.h>

#include "base/status.h"

namespace tessera {
namespace {

TEST(TimeFieldTest, KeepsMicrosecondsAndRefusesWhatCannotBeStored) {
  google::protobuf::Timestamp timestamp;
  timestamp.set_seconds(1'700'000'000);
  timestamp.set_nanos(123'456'789);
  EXPECT_EQ(*TimeField(timestamp, "t"), absl::FromUnixMicros(1'700'000'000'123'456));
  EXPECT_EQ(ToTimestamp(*TimeField(timestamp, "t")).nanos(), 123'456'000);
  timestamp.set_nanos(1'000'000'000);
  EXPECT_EQ(FieldOf(TimeField(timestamp, "t").status()), "t");
  timestamp.set_nanos(0);
  for (const int64_t seconds : {int64_t{-1}, int64_t{253'402'300'800}, INT64_MAX, INT64_MIN}) {
    timestamp.set_seconds(seconds);
    EXPECT_EQ(FieldOf(TimeField(timestamp, "t").status()), "t") << seconds;
  }
}

TEST(ToTimestampTest, CountsDownToTheSecondBefore1970) {
  EXPECT_EQ(ToTimestamp(absl::FromUnixMicros(-1)).seconds(), -1);
  EXPECT_EQ(ToTimestamp(absl::FromUnixMicros(-1)).nanos(), 999'999'000);
}

TEST(ToTimestampDeathTest, AnInfiniteTimeHasNone) {
  EXPECT_DEATH(ToTimestamp(absl::InfiniteFuture()), "InfiniteFuture");
}

}  // namespace
}  // namespace tessera
