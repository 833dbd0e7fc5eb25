#include "base/bounded_queue.h"

#include <gtest/gtest.h>

#include <thread>

namespace tessera {
namespace {

TEST(BoundedQueue, RefusesBeyondItsLimitAndKeepsTheItem) {
  BoundedQueue<std::string> queue(1);
  std::string a = "a", b = "b";
  EXPECT_TRUE(queue.TryPush(a));
  EXPECT_FALSE(queue.TryPush(b));
  EXPECT_EQ(b, "b");
  EXPECT_EQ(queue.Take(10, absl::ZeroDuration()), std::vector<std::string>{"a"});
}

TEST(BoundedQueue, RefusesBeyondItsWeightUntilSomeIsTaken) {
  BoundedQueue<int> queue(10, 5);
  int one = 1, two = 2, three = 3;
  EXPECT_TRUE(queue.TryPush(one, /*patient=*/true, 4));
  EXPECT_TRUE(queue.TryPush(two, /*patient=*/true, 100)) << "one may be heavier than all may be";
  EXPECT_FALSE(queue.TryPush(three, /*patient=*/true, 1));
  EXPECT_TRUE(queue.TryPush(three)) << "what has no weight";
  EXPECT_EQ(queue.Take(10, absl::ZeroDuration(), absl::Hours(9)), (std::vector<int>{1, 2, 3})) << "no more can come";
  EXPECT_TRUE(queue.TryPush(three, /*patient=*/true, 1));
}

TEST(BoundedQueue, PatientItemsLeaveRoomToTheOthers) {
  BoundedQueue<int> queue(4);
  for (int item : {1, 2, 3}) EXPECT_TRUE(queue.TryPush(item, /*patient=*/true));
  int four = 4;
  EXPECT_FALSE(queue.TryPush(four, /*patient=*/true));
  EXPECT_TRUE(queue.TryPush(four));
}

TEST(BoundedQueue, WakesAWaiterAndDrainsAfterClose) {
  BoundedQueue<int> queue(10);
  std::thread producer([&] {
    int one = 1;
    queue.TryPush(one);
    queue.Close();
  });
  EXPECT_EQ(queue.Take(10, absl::InfiniteDuration()), std::vector<int>{1});
  producer.join();
  int two = 2;
  EXPECT_FALSE(queue.TryPush(two));
  EXPECT_TRUE(queue.Take(10, absl::InfiniteDuration()).empty());
}

// Nothing of these two depends on time: were the rule another one, they would wait for hours.
TEST(BoundedQueue, PatientItemsAreGathered) {
  BoundedQueue<int> queue(10);
  int one = 1, two = 2;
  queue.TryPush(one, /*patient=*/true);
  std::thread producer([&] { queue.TryPush(two, /*patient=*/true); });
  EXPECT_EQ(queue.Take(2, absl::ZeroDuration(), absl::Hours(9)), (std::vector<int>{1, 2}));
  producer.join();
}

TEST(BoundedQueue, AnItemThatIsNotPatientEndsTheGathering) {
  BoundedQueue<int> queue(10);
  int one = 1, two = 2, three = 3;
  queue.TryPush(one, /*patient=*/true);
  std::thread producer([&] { queue.TryPush(two); });
  EXPECT_EQ(queue.Take(10, absl::ZeroDuration(), absl::Hours(9)), (std::vector<int>{1, 2}));
  producer.join();
  queue.TryPush(three, /*patient=*/true);
  queue.Close();
  EXPECT_EQ(queue.Take(10, absl::ZeroDuration(), absl::Hours(9)), (std::vector<int>{3}));
}

}  // namespace
}  // namespace tessera
