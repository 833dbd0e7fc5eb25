// Reads answered together by one statement, on a real Postgres.
#include "engine/reader.h"

#include <gmock/gmock.h>
#include <google/protobuf/wrappers.pb.h>
#include <gtest/gtest.h>

#include <map>

#include "base/status.h"
#include "engine/tests/toy.h"
#include "testing/postgres.h"

namespace tessera::engine {
namespace {

using ::testing::ElementsAre;

class ReaderTest : public ::testing::Test {
 protected:
  // Divides 12 by each number, in one statement.
  std::vector<absl::StatusOr<std::string>> Divide(pg::Tx& tx,
                                                  const std::vector<const google::protobuf::Message*>& requests) {
    static constexpr pg::Statement kDivide = {
        "t_divide", "SELECT (12 / n)::text FROM unnest($1::int8[]) WITH ORDINALITY AS t(n, i) ORDER BY i"};
    std::vector<int64_t> numbers;
    for (const auto* request : requests) {
      numbers.push_back(static_cast<const google::protobuf::Int64Value*>(request)->value());
    }
    statements_.push_back(numbers.size());
    std::vector<absl::StatusOr<std::string>> answers;
    for (const pg::Row row : tx.Run(kDivide, numbers)) answers.emplace_back(row.Get<std::string>(0));
    return answers;
  }

  void Ask(int64_t number, absl::Duration within = absl::Minutes(1)) {
    auto request = std::make_unique<google::protobuf::Int64Value>();
    request->set_value(number);
    ASSERT_TRUE(reader_.Submit(divide_, std::move(request), absl::Now() + within, [this, number](auto answer) {
      const auto info = ErrorInfoOf(answer.status());
      answers_[number] = answer.ok() ? *answer : info ? info->reason : std::string(answer.status().message());
    }));
  }

  testing::TestDatabase database_{"toy", toy::ToyFiles()};
  Reader reader_{database_.options()};
  const BatchRead divide_ = [this](pg::Tx& tx, const auto& requests) { return Divide(tx, requests); };
  std::map<int64_t, std::string> answers_;
  std::vector<size_t> statements_;  // how many reads each answered
};

TEST_F(ReaderTest, WhatWaitsIsAnsweredByOneStatement) {
  for (const int64_t number : {1, 2, 3}) Ask(number);
  EXPECT_TRUE(reader_.Step(absl::ZeroDuration()));
  EXPECT_EQ(answers_, (std::map<int64_t, std::string>{{1, "12"}, {2, "6"}, {3, "4"}}));
  EXPECT_THAT(statements_, ElementsAre(3));
  EXPECT_FALSE(reader_.Step(absl::ZeroDuration()));
}

TEST_F(ReaderTest, AReadThatFailsFailsAlone) {
  for (const int64_t number : {1, 0, 3}) Ask(number);
  EXPECT_TRUE(reader_.Step(absl::ZeroDuration()));
  EXPECT_EQ(answers_, (std::map<int64_t, std::string>{{0, "READ_FAILED"}, {1, "12"}, {3, "4"}}));
  EXPECT_THAT(statements_, ElementsAre(3, 1, 1, 1));
  Ask(4);
  EXPECT_TRUE(reader_.Step(absl::ZeroDuration()));
  EXPECT_EQ(answers_.at(4), "3") << "the session goes on";
}

TEST_F(ReaderTest, AReadWhoseDeadlinePassedIsNotExecuted) {
  Ask(1, -absl::Seconds(1));
  Ask(2);
  EXPECT_TRUE(reader_.Step(absl::ZeroDuration()));
  EXPECT_EQ(answers_.at(1), "the deadline passed before the call was executed");
  EXPECT_EQ(answers_.at(2), "6");
  EXPECT_THAT(statements_, ElementsAre(1));
}

TEST_F(ReaderTest, ALostSessionIsReplacedAndTheReadRepeated) {
  Ask(1);
  reader_.Step(absl::ZeroDuration());
  database_.Text(
      "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = current_user AND "
      "pid <> pg_backend_pid()");
  Ask(2);
  reader_.Step(absl::ZeroDuration());
  EXPECT_EQ(answers_.at(2), "6");
}

}  // namespace
}  // namespace tessera::engine
