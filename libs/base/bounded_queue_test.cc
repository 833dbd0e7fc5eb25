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

}  // namespace
}  // namespace tessera
