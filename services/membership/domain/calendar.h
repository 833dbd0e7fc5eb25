// Calendar arithmetic in a brand's time zone. Pure, thread-safe.
#pragma once

#include <cstdint>
#include <optional>

#include "absl/time/civil_time.h"
#include "absl/time/time.h"
#include "services/membership/domain/program.h"

namespace tessera::membership {

// The day that an instant falls on, counted from 1970-01-01.
int32_t DayOf(absl::Time time, absl::TimeZone zone);

// 00:00 of a day.
absl::Time StartOfDay(absl::CivilDay day, absl::TimeZone zone);

// `months` later (or earlier), clipped to the month's last day.
absl::CivilDay AddMonths(absl::CivilDay day, int64_t months);

// The same wall time `days` days or `months` months later.
absl::Time AddDays(absl::Time time, int64_t days, absl::TimeZone zone);
absl::Time AddMonths(absl::Time time, int64_t months, absl::TimeZone zone);

// When something that became active (or, sliding, was extended) at `from` expires; InfiniteFuture if never.
absl::Time ExpiryOf(const ExpiryPolicy& policy, absl::Time from, absl::TimeZone zone);

}  // namespace tessera::membership
