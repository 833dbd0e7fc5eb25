#include "services/membership/domain/calendar.h"

#include <algorithm>

namespace tessera::membership {
namespace {

// The day `day` of a month, or the month's last.
absl::CivilDay Clipped(absl::CivilMonth month, int64_t day) {
  const absl::CivilDay last = absl::CivilDay(month + 1) - 1;
  return std::min(absl::CivilDay(month) + (day - 1), last);
}

// `time` moved to another day at the same wall time.
absl::Time OnDay(absl::Time time, absl::CivilDay day, absl::TimeZone zone) {
  const absl::CivilSecond wall = absl::ToCivilSecond(time, zone);
  const absl::Duration fraction = time - absl::FromCivil(wall, zone);
  const absl::CivilSecond moved(day.year(), day.month(), day.day(), wall.hour(), wall.minute(), wall.second());
  return absl::FromCivil(moved, zone) + fraction;
}

absl::Time Rounded(ExpiryPolicy::RoundTo round_to, absl::Time time, absl::TimeZone zone) {
  switch (round_to) {
    case ExpiryPolicy::RoundTo::kNo:
      return time;
    case ExpiryPolicy::RoundTo::kDay:
      return StartOfDay(absl::ToCivilDay(time, zone) + 1, zone);
    case ExpiryPolicy::RoundTo::kMonth:
      return StartOfDay(absl::CivilDay(absl::ToCivilMonth(time, zone) + 1), zone);
    case ExpiryPolicy::RoundTo::kYear:
      return StartOfDay(absl::CivilDay(absl::ToCivilYear(time, zone) + 1), zone);
  }
  return time;
}

absl::Time NextDate(const ExpiryPolicy& policy, absl::Time from, absl::TimeZone zone) {
  const absl::Time earliest = AddMonths(from, 12 * int64_t{policy.after_years}, zone);
  const absl::CivilYear year = absl::ToCivilYear(earliest, zone);
  absl::Time next = absl::InfiniteFuture();
  for (int ahead = 0; ahead <= 1; ++ahead) {
    for (const MonthDay& date : policy.dates) {
      const absl::CivilMonth month = absl::CivilMonth(year + ahead) + (date.month - 1);
      const absl::Time end = StartOfDay(Clipped(month, date.day) + 1, zone);
      if (end > earliest) next = std::min(next, end);
    }
  }
  return next;
}

}  // namespace

int32_t DayOf(absl::Time time, absl::TimeZone zone) {
  return static_cast<int32_t>(absl::ToCivilDay(time, zone) - absl::CivilDay(1970, 1, 1));
}

absl::Time StartOfDay(absl::CivilDay day, absl::TimeZone zone) { return absl::FromCivil(day, zone); }

absl::CivilDay AddMonths(absl::CivilDay day, int64_t months) {
  return Clipped(absl::CivilMonth(day) + months, day.day());
}

absl::Time AddDays(absl::Time time, int64_t days, absl::TimeZone zone) {
  return OnDay(time, absl::ToCivilDay(time, zone) + days, zone);
}

absl::Time AddMonths(absl::Time time, int64_t months, absl::TimeZone zone) {
  return OnDay(time, AddMonths(absl::ToCivilDay(time, zone), months), zone);
}

absl::Time ExpiryOf(const ExpiryPolicy& policy, absl::Time from, absl::TimeZone zone) {
  switch (policy.kind) {
    case ExpiryPolicy::Kind::kNone:
      return absl::InfiniteFuture();
    case ExpiryPolicy::Kind::kRolling:
    case ExpiryPolicy::Kind::kSliding:
      return Rounded(policy.round_to, AddMonths(AddDays(from, policy.days, zone), policy.months, zone), zone);
    case ExpiryPolicy::Kind::kCalendar:
      return NextDate(policy, from, zone);
  }
  return absl::InfiniteFuture();
}

}  // namespace tessera::membership
