#include "engine/answerer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

namespace tessera::engine {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class AnswererTest : public ::testing::Test {
 protected:
  std::vector<ReadyAnswer> Answers(const std::vector<std::string>& texts) {
    std::vector<ReadyAnswer> answers;
    for (const std::string& text : texts) {
      answers.push_back({[this](const auto& told) { told_.push_back(*told); }, text});
    }
    return answers;
  }

  Answerer answerer_;
  std::vector<std::string> told_;
};

TEST_F(AnswererTest, AFewAreToldAtOnce) {
  answerer_.Tell(Answers({"a", "b"}));
  EXPECT_THAT(told_, ElementsAre("a", "b"));
  EXPECT_FALSE(answerer_.Step(absl::ZeroDuration()));
}

TEST_F(AnswererTest, ManyAreToldByTheStepInTheirOrder) {
  answerer_.Tell(Answers({"a", "b", "c", "d", "e"}));
  answerer_.Tell(Answers({"f", "g", "h", "i", "j"}));
  EXPECT_THAT(told_, IsEmpty());
  EXPECT_TRUE(answerer_.Step(absl::ZeroDuration()));
  EXPECT_THAT(told_, ElementsAre("a", "b", "c", "d", "e", "f", "g", "h", "i", "j"));
  EXPECT_FALSE(answerer_.Step(absl::ZeroDuration()));
}

TEST_F(AnswererTest, AStepThatWaitsIsWoken) {
  std::thread step([this] { EXPECT_TRUE(answerer_.Step(absl::InfiniteDuration())); });
  answerer_.Tell(Answers({"a", "b", "c", "d", "e"}));
  step.join();
  EXPECT_EQ(told_.size(), 5U);
}

}  // namespace
}  // namespace tessera::engine
