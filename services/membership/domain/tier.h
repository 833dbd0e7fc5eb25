// Tiers: a pure fold over postings, reviews, merges and program versions (membership.md section 4). Thread-safe.
//
// A window is whole days in the brand's time zone. The window of an instant is: LIFETIME all; ROLLING n the days from n
// months before the instant's day to that day; CALENDAR_YEAR and ANNIVERSARY the year that the instant falls in. A
// review judges the window that has just ended. During the grace period that follows a failed review the reviewed
// window goes on, so that what is earned in it counts towards recovery.
#pragma once

#include <optional>

#include "absl/time/time.h"
#include "services/membership/domain/program.h"
#include "services/membership/domain/rows.h"

namespace tessera::membership {

// Days whose postings count, from and to included. All: INT32_MIN to INT32_MAX.
struct DayRange {
  int32_t from = INT32_MIN;
  int32_t to = INT32_MAX;

  bool operator==(const DayRange&) const = default;
};

struct TierClock {
  absl::Time now;
  absl::TimeZone zone;
  absl::Time enrolled;
};

// The window that `clock.now` falls in.
DayRange CurrentWindow(const TierPolicy& policy, const TierClock& clock);

// The window that a review at `review` judges: the one just ended.
DayRange ReviewedWindow(const TierPolicy& policy, absl::Time review, const TierClock& clock);

// The first review after `clock.now`; InfiniteFuture with downgrade NONE.
absl::Time NextReview(const TierPolicy& policy, const TierClock& clock);

// After a posting, or under a new program version: up at once; down only if `returned` and the policy says AT_ONCE.
// `sum` is of the current window.
TierState AfterPosting(const Program& program, TierState state, int64_t sum, bool returned, const TierClock& clock);

// A review at clock.now by the sum of the reviewed window.
TierState AfterReview(const Program& program, TierState state, int64_t sum, const TierClock& clock);

// The end of a grace period: `sum` is of the reviewed window, continued until now.
TierState AfterGrace(const Program& program, TierState state, int64_t sum, const TierClock& clock);

// A customer before a merge, up to date.
struct Enrolment {
  absl::Time time;
  TierState tier;
};

// What a merge starts from: the higher level with its protection; the sums are judged afterwards. A grace of the
// younger enrolment is over with it, unless its review is one of the older's, too. `policy` is null if there are no
// reviews.
TierState United(const TierPolicy* policy, Enrolment a, Enrolment b, absl::TimeZone zone);

// When something is due next of this state: the end of grace or the next review.
absl::Time DueOf(const Program& program, const TierState& state, const TierClock& clock);

}  // namespace tessera::membership
