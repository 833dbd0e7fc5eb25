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
  EXPECT_EQ(queue.Take(10, absl::ZeroDuration(), absl::Hours(9)), (std::vector<int>{3, 1, 2})) << "no more can come";
  EXPECT_TRUE(queue.TryPush(three, /*patient=*/true, 1));
}

TEST(BoundedQueue, PatientItemsLeaveRoomToTheOthers) {
  BoundedQueue<int> queue(4);
  for (int item : {1, 2, 3}) EXPECT_TRUE(queue.TryPush(item, /*patient=*/true));
  int four = 4;
  EXPECT_FALSE(queue.TryPush(four, /*patient=*/true));
  EXPECT_TRUE(queue.TryPush(four));
}

void Fill(BoundedQueue<int>& queue, std::initializer_list<int> items, bool patient) {
  for (int item : items) EXPECT_TRUE(queue.TryPush(item, patient));
}

TEST(BoundedQueue, WhatIsNotPatientDoesNotWaitForThePatientBeforeIt) {
  BoundedQueue<int> queue(100);
  Fill(queue, {1, 2, 3, 4, 5, 6}, /*patient=*/true);
  Fill(queue, {101}, /*patient=*/false);
  EXPECT_EQ(queue.Take(4, absl::ZeroDuration()), (std::vector<int>{101, 1, 2, 3}));
  EXPECT_EQ(queue.Take(4, absl::ZeroDuration()), (std::vector<int>{4, 5, 6}));
}

TEST(BoundedQueue, NeitherKindKeepsTheOtherFromItsHalf) {
  BoundedQueue<int> queue(100);
  Fill(queue, {1, 2, 3, 4, 5, 6, 7, 8}, /*patient=*/true);
  Fill(queue, {101, 102, 103, 104, 105, 106, 107}, /*patient=*/false);
  EXPECT_EQ(queue.Take(4, absl::ZeroDuration()), (std::vector<int>{101, 102, 1, 2}));
  EXPECT_EQ(queue.Take(3, absl::ZeroDuration()), (std::vector<int>{103, 104, 3}));
  EXPECT_EQ(queue.Take(3, absl::ZeroDuration()), (std::vector<int>{105, 4, 5})) << "the odd one in turn";
  EXPECT_EQ(queue.Take(1, absl::ZeroDuration()), (std::vector<int>{106}));
  EXPECT_EQ(queue.Take(1, absl::ZeroDuration()), (std::vector<int>{6}));
  EXPECT_EQ(queue.Take(9, absl::ZeroDuration()), (std::vector<int>{107, 7, 8}));
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
  EXPECT_EQ(queue.Take(10, absl::ZeroDuration(), absl::Hours(9)), (std::vector<int>{2, 1}));
  producer.join();
  queue.TryPush(three, /*patient=*/true);
  queue.Close();
  EXPECT_EQ(queue.Take(10, absl::ZeroDuration(), absl::Hours(9)), (std::vector<int>{3}));
}

}  // namespace
}  // namespace tessera
