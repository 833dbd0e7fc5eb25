#include "services/membership/domain/calendar.h"

#include <gtest/gtest.h>

namespace tessera::membership {
namespace {

const absl::TimeZone kLondon = [] {
  absl::TimeZone zone;
  absl::LoadTimeZone("Europe/London", &zone);
  return zone;
}();

absl::Time At(int year, int month, int day, int hour = 0) {
  return absl::FromCivil(absl::CivilSecond(year, month, day, hour), kLondon);
}

ExpiryPolicy Rolling(int days, int months, ExpiryPolicy::RoundTo round_to = ExpiryPolicy::RoundTo::kNo) {
  ExpiryPolicy policy;
  policy.kind = ExpiryPolicy::Kind::kRolling;
  policy.days = days;
  policy.months = months;
  policy.round_to = round_to;
  return policy;
}

TEST(CalendarTest, MonthsAreClippedToTheLastDay) {
  EXPECT_EQ(AddMonths(At(2024, 1, 31, 10), 1, kLondon), At(2024, 2, 29, 10));
  EXPECT_EQ(AddMonths(At(2023, 1, 31, 10), 1, kLondon), At(2023, 2, 28, 10));
  EXPECT_EQ(AddMonths(At(2024, 2, 29, 10), 12, kLondon), At(2025, 2, 28, 10));
  EXPECT_EQ(AddMonths(At(2024, 3, 31, 10), -1, kLondon), At(2024, 2, 29, 10));
}

TEST(CalendarTest, WallTimeStaysThroughSummerTime) {
  EXPECT_EQ(AddDays(At(2024, 3, 30, 12), 1, kLondon), At(2024, 3, 31, 12));
  EXPECT_EQ(AddDays(At(2024, 3, 30, 12), 1, kLondon) - At(2024, 3, 30, 12), absl::Hours(23));
}

TEST(CalendarTest, RollingExpiryRoundsUpToTheEndOfDayMonthOrYear) {
  using RoundTo = ExpiryPolicy::RoundTo;
  EXPECT_EQ(ExpiryOf(Rolling(30, 0), At(2024, 1, 10, 9), kLondon), At(2024, 2, 9, 9));
  EXPECT_EQ(ExpiryOf(Rolling(30, 0, RoundTo::kDay), At(2024, 1, 10, 9), kLondon), At(2024, 2, 10));
  EXPECT_EQ(ExpiryOf(Rolling(0, 12, RoundTo::kMonth), At(2024, 1, 10, 9), kLondon), At(2025, 2, 1));
  EXPECT_EQ(ExpiryOf(Rolling(0, 12, RoundTo::kYear), At(2024, 1, 10, 9), kLondon), At(2026, 1, 1));
}

TEST(CalendarTest, CalendarExpiryIsTheEndOfTheNextDate) {
  ExpiryPolicy policy;
  policy.kind = ExpiryPolicy::Kind::kCalendar;
  policy.dates = {{6, 30}, {12, 31}};
  EXPECT_EQ(ExpiryOf(policy, At(2024, 3, 1), kLondon), At(2024, 7, 1));
  EXPECT_EQ(ExpiryOf(policy, At(2024, 6, 30, 23), kLondon), At(2024, 7, 1));
  EXPECT_EQ(ExpiryOf(policy, At(2024, 7, 1), kLondon), At(2025, 1, 1));
  policy.after_years = 1;
  EXPECT_EQ(ExpiryOf(policy, At(2024, 3, 1), kLondon), At(2025, 7, 1));
  policy = {};
  policy.kind = ExpiryPolicy::Kind::kCalendar;
  policy.dates = {{2, 29}};
  EXPECT_EQ(ExpiryOf(policy, At(2023, 1, 1), kLondon), At(2023, 3, 1));  // February 28 where there is no 29
}

TEST(CalendarTest, DaysAreThoseOfTheBrand) {
  EXPECT_EQ(DayOf(absl::UnixEpoch(), absl::UTCTimeZone()), 0);
  EXPECT_EQ(DayOf(At(2024, 7, 1), kLondon), DayOf(At(2024, 7, 1, 23), kLondon));
  EXPECT_EQ(DayOf(At(2024, 7, 1) - absl::Seconds(1), kLondon) + 1, DayOf(At(2024, 7, 1), kLondon));
}

TEST(CalendarTest, NeverIsNever) { EXPECT_EQ(ExpiryOf({}, At(2024, 1, 1), kLondon), absl::InfiniteFuture()); }

}  // namespace
}  // namespace tessera::membership
