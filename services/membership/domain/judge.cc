#include "services/membership/domain/judge.h"

#include <algorithm>

#include "services/membership/domain/calendar.h"

namespace tessera::membership {
namespace {

TierClock ClockOf(const Books& books, absl::Time now) { return {now, books.zone(), books.root().enrolled_time}; }

// The sum of active growth in a range of days; 0, noted as missing, if the days are not loaded.
int64_t SumOf(Books& books, const TierPolicy& policy, DayRange days) {
  if (policy.window == TierPolicy::Window::kLifetime) return books.All(policy.currency)[Measure::kAvailable];
  int64_t sum = 0;
  for (const MemberKey& side : books.Sides()) {
    if (!books.tables().ranges.HasGrowth(side)) {
      books.missing().growth_of.insert(side.brand);
      return 0;
    }
    books.tables().growth.Range({side, policy.currency, days.from}, {side, policy.currency, INT32_MAX},
                                [&](const GrowthKey& key, int64_t amount) {
                                  if (key.day <= days.to) sum += amount;
                                });
  }
  return sum;
}

// The version that judges the tier: never an earlier one than has judged it, though the clock is back before it.
InForce JudgedBy(const Books& books) {
  const InForce in_force = ProgramAt(books.tables(), books.side().brand, books.tier_time());
  const int32_t judged = books.root().tier.version;
  if (judged == in_force.version || judged == 0) return in_force;
  const absl::Time begun = books.tables().program.At({books.side().brand, judged}).valid_from;
  return ProgramAt(books.tables(), books.side().brand, std::max(books.tier_time(), begun));
}

absl::Time NextDue(const Books& books, const Program& program, const TierState& state, absl::Time after) {
  return DueOf(program, state, ClockOf(books, std::max(after, state.reviewed)));
}

// Stores the state, tells a change of level, and sets the timer.
void Store(Books& books, const InForce& in_force, TierState state, TierCause cause, int64_t sum, absl::Time at) {
  const TierState before = books.root().tier;
  const Program& program = *in_force.program;
  state.version = in_force.version;
  // Its reviews begin here, though a later decision's clock may be back before them.
  if (state.version != before.version) state.reviewed = std::max(state.reviewed, at);
  state.due = before.due;
  if (state == before && before.due > at) return;
  books.Edit(books.root_key()).tier = state;
  if (state.level != before.level) {
    const Program& old = before.version == 0 ? program : books.Version(before.version);
    books.Tell(TierChanged{std::string(old.TierIdOf(before.level)), std::string(program.TierIdOf(state.level)),
                           before.level, state.level, cause, sum});
  }
  books.SetTierDue(NextDue(books, program, state, at));
}

TierCause CauseOf(const Books& books, bool merged, const TierState& before, int32_t version) {
  if (merged) return TierCause::kMerge;
  if (books.growth_changed()) return books.growth_returned() ? TierCause::kReturn : TierCause::kPosting;
  return before.version == version ? TierCause::kPosting : TierCause::kProgram;
}

// As the program has it: a level that it lacks is its highest.
TierState StateOf(const Books& books, const Program& program) {
  TierState state = books.root().tier;
  state.level = std::min(state.level, static_cast<int16_t>(program.tiers.size()));
  return state;
}

}  // namespace

void RunDueReviews(Books& books) {
  const InForce in_force = JudgedBy(books);
  if (in_force.program == nullptr || !in_force.program->tier_policy) return;
  const Program& program = *in_force.program;
  const TierPolicy& policy = *program.tier_policy;
  while (!books.stopped() && books.root().tier.due <= books.tier_time()) {
    const TierState before = StateOf(books, program);
    const absl::Time at = before.due;
    const TierClock clock = ClockOf(books, at);
    TierState state = before;
    int64_t sum = 0;
    const bool grace =
        before.grace_from != absl::InfinitePast() && AddDays(before.grace_from, policy.grace_days, books.zone()) <= at;
    if (grace) {
      DayRange days = ReviewedWindow(policy, before.grace_from, clock);
      if (policy.window != TierPolicy::Window::kLifetime) days.to = DayOf(at, books.zone());
      sum = SumOf(books, policy, days);
      state = AfterGrace(program, before, sum, clock);
    } else {
      sum = SumOf(books, policy, ReviewedWindow(policy, at, clock));
      state = AfterReview(program, before, sum, clock);
    }
    if (books.stopped()) return;
    state.reviewed = at;
    Store(books, in_force, state, TierCause::kReview, sum, at);
  }
}

absl::Time JudgedUntil(const Tables& tables, const MemberKey& root) {
  const TierState& tier = tables.member.At(root).tier;
  if (tier.version == 0) return tier.reviewed;
  return std::max(tier.reviewed, tables.program.At({root.brand, tier.version}).valid_from);
}

void UniteTiers(Books& books, const Enrolment& a, const Enrolment& b) {
  const InForce in_force = ProgramAt(books.tables(), books.side().brand, books.tier_time());
  if (in_force.program == nullptr) return;
  const auto& policy = in_force.program->tier_policy;
  TierState united = United(policy ? &*policy : nullptr, a, b, books.zone());
  united.reviewed = books.tier_time();
  united.due = books.root().tier.due;
  books.Edit(books.root_key()).tier = united;
  books.SetTierDue(NextDue(books, *in_force.program, united, united.reviewed));
}

void JudgeTier(Books& books, bool merged) {
  const Member& root = books.root();
  if (root.enrolled_time == absl::InfiniteFuture()) return;
  const InForce in_force = JudgedBy(books);
  if (in_force.program == nullptr) return;
  const bool new_version = root.tier.version != in_force.version;
  if (!merged && !new_version && !books.growth_changed()) return;
  const Program& program = *in_force.program;
  const TierCause cause = CauseOf(books, merged, root.tier, in_force.version);
  TierState state = StateOf(books, program);
  if (!program.tier_policy) return Store(books, in_force, state, cause, 0, books.tier_time());
  const TierClock clock = ClockOf(books, books.now());
  const int64_t sum = SumOf(books, *program.tier_policy, CurrentWindow(*program.tier_policy, clock));
  if (books.stopped()) return;
  state = AfterPosting(program, state, sum, books.growth_returned(), clock);
  Store(books, in_force, state, cause, sum, books.tier_time());
}

void StartTier(Books& books) {
  const InForce in_force = books.AtNow();
  if (in_force.program == nullptr) return;
  TierState& tier = books.Edit(books.root_key()).tier;
  tier.level = in_force.program->LevelOf(0);
  tier.version = in_force.version;
  tier.since = tier.reviewed = books.now();
  books.SetTierDue(DueOf(*in_force.program, tier, ClockOf(books, books.now())));
}

}  // namespace tessera::membership
