#include "services/membership/domain/tier.h"

#include <algorithm>

#include "services/membership/domain/calendar.h"

namespace tessera::membership {
namespace {

using Window = TierPolicy::Window;

absl::CivilDay CivilDayOf(absl::Time time, absl::TimeZone zone) { return absl::ToCivilDay(time, zone); }

int32_t Number(absl::CivilDay day) { return static_cast<int32_t>(day - absl::CivilDay(1970, 1, 1)); }

// The latest anniversary of the enrolment day that is not after `day`.
absl::CivilDay AnniversaryBefore(absl::CivilDay enrolled, absl::CivilDay day) {
  int64_t years = day.year() - enrolled.year();
  if (AddMonths(enrolled, 12 * years) > day) --years;
  return AddMonths(enrolled, 12 * years);
}

absl::CivilDay AnniversaryAfter(absl::CivilDay enrolled, absl::CivilDay day) {
  const absl::CivilDay before = AnniversaryBefore(enrolled, day);
  return AddMonths(enrolled, 12 * (before.year() - enrolled.year() + 1));
}

// The window of the day, whole or, rolling, up to it.
DayRange WindowOfDay(const TierPolicy& policy, absl::CivilDay day, const TierClock& clock) {
  switch (policy.window) {
    case Window::kUnspecified:
    case Window::kLifetime:
      return {};
    case Window::kRolling:
      return {Number(AddMonths(day, -policy.months)), Number(day)};
    case Window::kCalendarYear: {
      const absl::CivilYear year(day);
      return {Number(absl::CivilDay(year)), Number(absl::CivilDay(year + 1) - 1)};
    }
    case Window::kAnniversary: {
      const absl::CivilDay enrolled = CivilDayOf(clock.enrolled, clock.zone);
      return {Number(AnniversaryBefore(enrolled, day)), Number(AnniversaryAfter(enrolled, day) - 1)};
    }
  }
  return {};
}

TierState Raised(const Program& program, TierState state, int16_t level, const TierClock& clock) {
  state.level = level;
  state.since = clock.now;
  state.hold_until = program.tier_policy->hold_months == 0
                         ? absl::InfinitePast()
                         : AddMonths(clock.now, program.tier_policy->hold_months, clock.zone);
  state.grace_from = absl::InfinitePast();
  return state;
}

TierState Lowered(TierState state, int16_t level, const TierClock& clock) {
  state.level = level;
  state.since = clock.now;
  state.grace_from = absl::InfinitePast();
  return state;
}

TierState Downgraded(const Program& program, const TierState& state, int16_t qualified, const TierClock& clock) {
  const bool one_step = program.tier_policy->downgrade == TierPolicy::Downgrade::kOneStep;
  return Lowered(state, one_step ? static_cast<int16_t>(state.level - 1) : qualified, clock);
}

// Of who enrolled then. With other windows than ANNIVERSARY reviews are the same for all.
bool IsReview(const TierPolicy& policy, absl::Time time, absl::TimeZone zone, absl::Time enrolled) {
  if (policy.window != Window::kAnniversary || time == absl::InfinitePast()) return true;
  return NextReview(policy, {time - absl::Microseconds(1), zone, enrolled}) == time;
}

}  // namespace

DayRange CurrentWindow(const TierPolicy& policy, const TierClock& clock) {
  return WindowOfDay(policy, CivilDayOf(clock.now, clock.zone), clock);
}

DayRange ReviewedWindow(const TierPolicy& policy, absl::Time review, const TierClock& clock) {
  const absl::CivilDay day = CivilDayOf(review, clock.zone);
  DayRange window = WindowOfDay(policy, day - 1, clock);
  if (policy.window == Window::kRolling) window = {Number(AddMonths(day, -policy.months)), Number(day - 1)};
  return window;
}

absl::Time NextReview(const TierPolicy& policy, const TierClock& clock) {
  if (policy.downgrade == TierPolicy::Downgrade::kNone) return absl::InfiniteFuture();
  const absl::CivilDay today = CivilDayOf(clock.now, clock.zone);
  switch (policy.window) {
    case Window::kUnspecified:
      return absl::InfiniteFuture();
    case Window::kLifetime:
    case Window::kCalendarYear:
      return StartOfDay(absl::CivilDay(absl::CivilYear(today) + 1), clock.zone);
    case Window::kRolling:
      return StartOfDay(absl::CivilDay(absl::CivilMonth(today) + 1), clock.zone);
    case Window::kAnniversary:
      return StartOfDay(AnniversaryAfter(CivilDayOf(clock.enrolled, clock.zone), today), clock.zone);
  }
  return absl::InfiniteFuture();
}

TierState AfterPosting(const Program& program, TierState state, int64_t sum, bool returned, const TierClock& clock) {
  const int16_t qualified = program.LevelOf(sum);
  if (qualified > state.level) return Raised(program, state, qualified, clock);
  const bool falls = returned && program.tier_policy->on_return == TierPolicy::OnReturn::kAtOnce &&
                     program.tier_policy->downgrade != TierPolicy::Downgrade::kNone;
  if (falls && qualified < state.level) return Lowered(state, qualified, clock);
  return state;
}

TierState AfterReview(const Program& program, TierState state, int64_t sum, const TierClock& clock) {
  const TierPolicy& policy = *program.tier_policy;
  const int16_t qualified = program.LevelOf(sum);
  if (qualified > state.level) return Raised(program, state, qualified, clock);
  if (qualified == state.level) {
    state.grace_from = absl::InfinitePast();
    return state;
  }
  if (policy.downgrade == TierPolicy::Downgrade::kNone || clock.now < state.hold_until) return state;
  if (policy.grace_days == 0) return Downgraded(program, state, qualified, clock);
  if (state.grace_from == absl::InfinitePast()) state.grace_from = clock.now;
  return state;
}

TierState AfterGrace(const Program& program, TierState state, int64_t sum, const TierClock& clock) {
  const int16_t qualified = program.LevelOf(sum);
  if (qualified >= state.level || program.tier_policy->downgrade == TierPolicy::Downgrade::kNone) {
    state.grace_from = absl::InfinitePast();
    return state;
  }
  return Downgraded(program, state, qualified, clock);
}

TierState United(const TierPolicy* policy, Enrolment a, Enrolment b, absl::TimeZone zone) {
  if (b.time < a.time) std::swap(a, b);
  const TierState& older = a.tier;
  TierState& younger = b.tier;
  if (policy != nullptr && !IsReview(*policy, younger.grace_from, zone, a.time)) {
    younger.grace_from = older.level == younger.level ? older.grace_from : absl::InfinitePast();
  }
  TierState united = older.level >= younger.level ? older : younger;
  if (older.level == younger.level) {
    united.since = std::min(older.since, younger.since);
    united.hold_until = std::max(older.hold_until, younger.hold_until);
    // Who passed his review keeps the level for both, be it the later one.
    const auto [first, last] = std::minmax(older.grace_from, younger.grace_from);
    united.grace_from = first == absl::InfinitePast() ? first : last;
  }
  united.version = std::max(older.version, younger.version);  // the same, or that of who was not enrolled, which is 0
  return united;
}

absl::Time DueOf(const Program& program, const TierState& state, const TierClock& clock) {
  if (!program.tier_policy || state.level == 0) return absl::InfiniteFuture();
  absl::Time due = NextReview(*program.tier_policy, clock);
  if (state.grace_from != absl::InfinitePast()) {
    due = std::min(due, AddDays(state.grace_from, program.tier_policy->grace_days, clock.zone));
  }
  return due;
}

}  // namespace tessera::membership
