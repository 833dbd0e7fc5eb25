// Random histories of members who are reviewed, merge and meet new program versions while clocks differ, against a
// naive model that looks at every single day. The seed is printed by rapidcheck; RC_PARAMS="seed=..." repeats a run.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "services/membership/domain/member_fixture.h"

namespace tessera::membership {
namespace {

using Window = TierPolicy::Window;
using Downgrade = TierPolicy::Downgrade;

absl::CivilDay DayAt(absl::Time time) { return absl::ToCivilDay(time, absl::UTCTimeZone()); }
absl::Time StartOf(absl::CivilDay day) { return absl::FromCivil(day, absl::UTCTimeZone()); }
// The day of another month, or the last if it lacks it.
absl::CivilDay SameDay(absl::CivilMonth month, absl::CivilDay day) {
  absl::CivilDay same(month);
  while (same.day() < day.day() && absl::CivilMonth(same + 1) == month) ++same;
  return same;
}

class Model {
 public:
  struct Version {
    absl::Time from;
    Window window;
    Downgrade downgrade;
    std::vector<int> thresholds;
  };
  struct Person {
    absl::CivilDay enrolled;
    size_t version = 0;
    int level = 1;
    std::map<absl::CivilDay, int> growth;
    absl::Time had;  // the last review, or when they began
    absl::Time next = absl::InfiniteFuture();
  };

  std::vector<Version> versions;
  std::map<int, Person> people;

  void Enrol(int who, absl::Time now) {
    if (people.contains(who)) return;
    people[who] = {DayAt(now), VersionAt(now), 1, {}, now};
    people[who].next = NextOf(people[who], now);
  }

  // `until`: where another clock has been.
  void BringUpToDate(int who, absl::Time now, absl::Time until) {
    if (!people.contains(who)) return;
    Person& person = people[who];
    const size_t before = std::exchange(person.version, VersionAt(std::max(until, versions[person.version].from)));
    const bool reviewed = person.next <= until;
    while (person.next <= until) Review(person, person.next);
    if (person.version == before) return;
    Rise(person, now);
    if (!reviewed) person.had = std::max(until, person.had);
    person.next = NextOf(person, person.had);
  }

  void Grow(int who, absl::CivilDay day, int amount, absl::Time now) {
    people.at(who).growth[day] += amount;
    Rise(people.at(who), now);
  }

  void Unite(int who, int other, absl::Time now) {
    const absl::Time until = std::max({now, SeenBy(who), SeenBy(other)});
    BringUpToDate(who, now, until);
    BringUpToDate(other, now, until);
    Person& person = people.at(who);
    const Person& gone = people.at(other);
    person.enrolled = std::min(person.enrolled, gone.enrolled);
    person.level = std::max(person.level, gone.level);
    person.had = until;
    for (const auto& [day, amount] : gone.growth) person.growth[day] += amount;
    people.erase(other);
    Rise(person, now);
    person.next = NextOf(person, until);
  }

 private:
  size_t VersionAt(absl::Time time) const {
    size_t best = 0;
    for (size_t i = 0; i < versions.size(); ++i) {
      if (versions[i].from <= time && versions[i].from >= versions[best].from) best = i;
    }
    return best;
  }

  absl::Time SeenBy(int who) const { return std::max(people.at(who).had, versions[people.at(who).version].from); }

  // Which of his years the day is in.
  int64_t YearOf(const Person& person, absl::CivilDay day) const {
    if (versions[person.version].window != Window::kAnniversary) return day.year();
    const absl::CivilMonth month(day.year(), person.enrolled.month());
    return day.year() - (day < SameDay(month, person.enrolled) ? 1 : 0);
  }

  bool Counts(const Person& person, absl::CivilDay at, absl::CivilDay first, absl::CivilDay last) const {
    switch (versions[person.version].window) {
      case Window::kLifetime:
        return true;
      case Window::kRolling:
        return first <= at && at <= last;
      default:
        return YearOf(person, at) == YearOf(person, last);
    }
  }

  int LevelBy(const Person& person, absl::CivilDay first, absl::CivilDay last) const {
    int sum = 0, level = 0;
    for (const auto& [at, amount] : person.growth) sum += Counts(person, at, first, last) ? amount : 0;
    for (int threshold : versions[person.version].thresholds) level += threshold <= sum || level == 0 ? 1 : 0;
    return level;
  }

  absl::Time NextOf(const Person& person, absl::Time after) const {
    absl::CivilDay day = DayAt(after) + 1;
    if (versions[person.version].window == Window::kRolling) {
      while (day.day() != 1) ++day;
    } else {
      while (YearOf(person, day) == YearOf(person, day - 1)) ++day;
    }
    return StartOf(day);
  }

  void Rise(Person& person, absl::Time now) const {
    const absl::CivilDay today = DayAt(now);
    person.level = std::max(person.level, LevelBy(person, SameDay(absl::CivilMonth(today) - 1, today), today));
  }

  void Review(Person& person, absl::Time at) const {
    ASSERT_GT(at, person.had) << "had twice";
    const absl::CivilDay day = DayAt(at);
    const int level = LevelBy(person, SameDay(absl::CivilMonth(day) - 1, day), day - 1);
    const bool one_step = versions[person.version].downgrade == Downgrade::kOneStep;
    person.level = level < person.level && one_step ? person.level - 1 : level;
    person.had = at;
    person.next = NextOf(person, at);
  }
};

class ReviewsRun : public MemberTest {
 public:
  void TestBody() override {}

  void Start() {
    world.now = clock_ = At(2024, 11, 1);
    Put(absl::InfinitePast());
  }

  // Mostly near a midnight, where clocks differ about the day.
  void Step() {
    clock_ += absl::Hours(*rc::gen::inRange(1, 24 * 40));
    if (*rc::gen::inRange(0, 3) > 0) clock_ = StartOf(absl::CivilDay(absl::CivilMonth(DayAt(clock_)) + 1));
    for (int acts = *rc::gen::inRange(1, 8); acts > 0; --acts) {
      world.now = clock_ + absl::Milliseconds(*rc::gen::inRange(-90'000, 90'000));
      Act(*rc::gen::inRange(1, 7));
      Check();
    }
    clock_ += absl::Minutes(5);
  }

 private:
  void Act(int who) {
    const int root = RootOf(who);
    switch (*rc::gen::inRange(0, 8)) {
      case 0:
        return Put(world.now + absl::Milliseconds(*rc::gen::inRange(-60'000, 60'000)));
      case 1:
        return MergeSome(root, RootOf(*rc::gen::inRange(1, 7)));
      case 2:
      case 3:
        return Back(root);
      case 4:
        model_.BringUpToDate(root, world.now, world.now);
        model_.Enrol(root, world.now);
        Decided(world.Decide(CustomerActed{World::Key(who), world.NextCause(), EventType::kPageViewed}));
        return;
      default:
        return Buy(who, root, *rc::gen::inRange(1, 600));
    }
  }

  void Put(absl::Time from) {
    Program program = PetProgram();
    TierPolicy& policy = *program.tier_policy;
    policy.window = *rc::gen::element(Window::kLifetime, Window::kRolling, Window::kCalendarYear, Window::kAnniversary);
    policy.months = policy.window == Window::kRolling ? 1 : 0;
    policy.downgrade = *rc::gen::element(Downgrade::kOneStep, Downgrade::kOneStep, Downgrade::kByBalance);
    policy.on_return = TierPolicy::OnReturn::kKeep;
    Model::Version version = {from, policy.window, policy.downgrade, {0}};
    program.tiers = {{"L1", 0}};
    for (int level = 2; level <= 5; ++level) {
      version.thresholds.push_back(version.thresholds.back() + *rc::gen::inRange(50, 400));
      program.tiers.push_back({"L" + std::to_string(level), version.thresholds.back()});
    }
    model_.versions.push_back(version);
    Decided(world.Decide(membership::PutProgram{World::kBrand, program, "{}", from}));
  }

  void Buy(int who, int root, int amount) {
    model_.BringUpToDate(root, world.now, world.now);
    model_.Enrol(root, world.now);
    model_.Grow(root, DayAt(world.now), amount, world.now);
    const std::string id = "o" + std::to_string(orders_.size());
    orders_.push_back({who, amount, DayAt(world.now)});
    Decided(world.Decide(OrderPaid{World::Key(who), world.NextCause(), Order(id),
                                   std::make_shared<const Purchase>(Lines({{1, int64_t{amount} * 100}}))}));
  }

  void Back(int root) {
    for (size_t i = 0; i < orders_.size(); ++i) {
      if (RootOf(orders_[i].who) != root || orders_[i].amount == 0) continue;
      model_.BringUpToDate(root, world.now, world.now);
      model_.Grow(root, orders_[i].day, -std::exchange(orders_[i].amount, 0), world.now);
      Decided(world.Decide(OrderRefunded{
          World::Key(orders_[i].who), world.NextCause(), Order("o" + std::to_string(i)), {{0, 1, 0}}, 0}));
      return;
    }
  }

  void MergeSome(int survivor, int absorbed) {
    if (survivor == absorbed || !model_.people.contains(survivor) || !model_.people.contains(absorbed)) return;
    model_.Unite(survivor, absorbed, world.now);
    roots_[absorbed] = survivor;
    const MergeId id = MergeIdOf(std::to_string(roots_.size()));
    Decided(world.Decide(CustomersMerged{
        id, "group", World::Customer(survivor), World::Customer(absorbed), world.now, {}, {World::kBrand}}));
  }

  void Check() {
    for (const auto& [who, person] : model_.people) {
      const Member& member = world.At(who);
      RC_ASSERT(member.tier.level == person.level);
      RC_ASSERT(member.tier.due == person.next);
      RC_ASSERT(world.timers.at(TimerOf(who)) == person.next);
    }
    for (const auto& [absorbed, root] : roots_) RC_ASSERT(!world.timers.contains(TimerOf(absorbed)));
  }

  static void Decided(const Outcome& outcome) { RC_ASSERT(IsDone(outcome)); }
  static engine::TimerKey TimerOf(int who) {
    return {World::Customer(who).uuid, World::kBrand, static_cast<int16_t>(TimerKind::kTier)};
  }
  int RootOf(int who) const {
    while (roots_.contains(who)) who = roots_.at(who);
    return who;
  }

  struct Bought {
    int who, amount;
    absl::CivilDay day;
  };
  Model model_;
  absl::Time clock_;
  std::vector<Bought> orders_;
  std::map<int, int> roots_;
};

RC_GTEST_PROP(ReviewsModelTest, EachReviewIsHadOnceWhateverClockVersionOrMergeComes, ()) {
  ReviewsRun run;
  run.Start();
  for (int steps = *rc::gen::inRange(1, 30); steps > 0; --steps) run.Step();
}

}  // namespace
}  // namespace tessera::membership
