#include "services/sample/domain/activity.h"

#include <algorithm>

namespace tessera::sample {
namespace {

Outcome On(Tables& tables, const NoteEvent& note) {
  Activity& activity = tables.activity.Edit(note.key);
  ++activity.event_count;
  activity.last_event_time = std::max(activity.last_event_time, note.event_time);
  return engine::Done<Reply, Fact>{.facts = {{note.key, activity.event_count}}};
}

Outcome On(Tables& tables, const ResetActivity& reset) {
  const Activity* activity = tables.activity.Find(reset.key);
  if (activity == nullptr) return engine::Refusal<Reason>{Reason::kCustomerUnknown, "customer_id"};
  const int64_t before = activity->event_count;
  tables.activity.Edit(reset.key).event_count = 0;
  return engine::Done<Reply, Fact>{.reply = {before}};
}

}  // namespace

void Need::Merge(const Need& other) {
  activities.insert(other.activities.begin(), other.activities.end());
  wakes.insert(other.wakes.begin(), other.wakes.end());
}

bool Need::WantsLocksBeyond(const Need& held) const {
  return !std::includes(held.activities.begin(), held.activities.end(), activities.begin(), activities.end());
}

void Keys(const Command& command, Need& need) {
  std::visit([&need](const auto& c) { need.activities.insert(c.key); }, command);
}

Outcome Decide(Tables& tables, const Command& command, absl::Time) {
  return std::visit([&tables](const auto& c) { return On(tables, c); }, command);
}

}  // namespace tessera::sample
