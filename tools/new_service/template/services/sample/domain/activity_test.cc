#include "services/sample/domain/activity.h"

#include <gtest/gtest.h>

namespace tessera::sample {
namespace {

const ActivityKey kKey = {{UuidV7Of(absl::UnixEpoch(), {"customer"})}, {"shop"}};

TEST(Activity, CountsEventsAndKeepsTheLatestTime) {
  Tables tables;
  tables.activity.Put(kKey, std::nullopt);
  const absl::Time late = absl::FromUnixSeconds(200), early = absl::FromUnixSeconds(100);
  Decide(tables, NoteEvent{kKey, late}, late);
  const Outcome outcome = Decide(tables, NoteEvent{kKey, early}, late);
  ASSERT_EQ(outcome.index(), 0u);
  EXPECT_EQ(std::get<0>(outcome).facts[0].event_count, 2);
  EXPECT_EQ(tables.activity.At(kKey).last_event_time, late);
}

TEST(Activity, ResetOfAnUnknownCustomerIsRefused) {
  Tables tables;
  tables.activity.Put(kKey, std::nullopt);
  EXPECT_EQ(std::get<1>(Decide(tables, ResetActivity{kKey}, absl::UnixEpoch())).reason, Reason::kCustomerUnknown);
}

}  // namespace
}  // namespace tessera::sample
