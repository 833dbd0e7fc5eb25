// How active a customer is. Pure: no SQL, no clock, no proto.
#pragma once

#include <compare>
#include <cstdint>
#include <set>
#include <string>
#include <tuple>
#include <variant>

#include "absl/time/time.h"
#include "base/ids.h"
#include "engine/outcome.h"
#include "engine/table.h"

namespace tessera::sample {

struct ActivityKey {
  CustomerId customer;
  BrandId brand;

  auto operator<=>(const ActivityKey&) const = default;
};

struct Activity {
  int64_t event_count = 0;
  absl::Time last_event_time = absl::InfinitePast();

  bool operator==(const Activity&) const = default;
};

// ---- commands ----

// An event of the customer happened.
struct NoteEvent {
  ActivityKey key;
  absl::Time event_time;
};

// Counts from zero again.
struct ResetActivity {
  ActivityKey key;
};

using Command = std::variant<NoteEvent, ResetActivity>;

// ---- answers ----

struct Reply {
  int64_t event_count_before = 0;
};

struct ActivityNoted {
  ActivityKey key;
  int64_t event_count = 0;
};
using Fact = ActivityNoted;

enum class Reason { kCustomerUnknown };

// ---- what a batch needs ----

struct Need {
  std::set<ActivityKey> activities;
  std::set<engine::WaitKey> wakes;

  void Merge(const Need& other);
  bool WantsLocksBeyond(const Need& held) const;
};

struct Tables {
  engine::Table<ActivityKey, Activity> activity;

  auto Tie() { return std::tie(activity); }
};

// The types above, as the engine wants them.
struct Types {
  using Command = sample::Command;
  using Reply = sample::Reply;
  using Fact = sample::Fact;
  using Reason = sample::Reason;
  using Need = sample::Need;
  using Tables = sample::Tables;
};
using Outcome = engine::Outcome<Types>;

void Keys(const Command& command, Need& need);
Outcome Decide(Tables& tables, const Command& command, absl::Time now);

}  // namespace tessera::sample
