#include "tools/tessera/cli/flow.h"

#include <gtest/gtest.h>

namespace tessera::cli {
namespace {

TEST(FlowTest, SumsPartitionsAndCountsWhatIsLeft) {
  ops::v1::GetProgressResponse progress;
  for (const auto& [partition, next] : std::vector<std::pair<int, int>>{{0, 10}, {2, 5}}) {
    auto* consumed = progress.add_consumed();
    consumed->set_topic("tessera.channel.events.v1");
    consumed->set_partition(partition);
    consumed->set_next_offset(next);
  }
  for (const auto& [written, relayed] : std::vector<std::pair<int, int>>{{7, 7}, {9, 4}}) {
    auto* published = progress.add_published();
    published->set_topic("tessera.oneid.customer.v1");
    published->set_next_seq(written);
    published->set_relayed_seq(relayed);
  }
  progress.set_waiting_count(3);
  Flow flow = FlowOf("oneid", progress);
  Reading& reading = flow.reads["tessera.channel.events.v1"];
  EXPECT_EQ(reading.next, 15);
  reading.SetEnds({11, 4, 5});
  EXPECT_EQ(reading.end, 20);
  EXPECT_EQ(reading.lag, 1 + 4 + 0);  // Nothing of partition 1 was read yet.
  EXPECT_EQ(flow.writes["tessera.oneid.customer.v1"].written, 16);
  EXPECT_EQ(flow.writes["tessera.oneid.customer.v1"].relayed, 11);
  EXPECT_EQ(flow.waiting, 3);
  EXPECT_EQ(flow.reads.count("tessera.membership.answers.v1"), 1u);
}

TEST(FlowTest, AServiceThatHasReadNothingIsBehindByAll) {
  Flow flow = FlowOf("membership", {});
  Reading& reading = flow.reads["tessera.oneid.customer.v1"];
  reading.SetEnds({3, 4});
  EXPECT_EQ(reading.lag, 7);
}

}  // namespace
}  // namespace tessera::cli
