// A writer over the toy service and a real Postgres, stepped by hand.
#pragma once

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <string>

#include "absl/synchronization/mutex.h"
#include "base/clock.h"
#include "base/status.h"
#include "engine/tests/toy.h"
#include "engine/writer.h"
#include "testing/postgres.h"

namespace tessera::engine {

class WriterFixture : public ::testing::Test {
 protected:
  WriterFixture()
      : database_("toy", toy::ToyFiles()),
        clock_(absl::FromUnixSeconds(1'700'000'000)),
        writer_(service_, {"toy", std::string(32, 'k'), RandomUuidV7(absl::Now()), 0}, clock_, database_.options(), {},
                {}) {
    database_.Text("INSERT INTO consumer_mark VALUES ('in', 0, 0, -1)");
    feed_ = NewFeed();
  }

  std::shared_ptr<Feed> NewFeed() {
    auto feed = std::make_shared<Feed>();
    feed->topic = "in";
    feed->next_offset = std::stoll(database_.Text("SELECT next_offset FROM consumer_mark"));
    feed->last_seq = std::stoll(database_.Text("SELECT last_seq FROM consumer_mark"));
    return feed;
  }

  // Queues a call; its answer appears in answers_[name].
  void Call(const std::string& name, toy::Toy::Command command, const Uuid& request_id, const std::string& hash = "h") {
    CallOn(writer_, name, std::move(command), request_id, hash);
  }
  void CallOn(Writer& writer, const std::string& name, toy::Toy::Command command, const Uuid& request_id,
              const std::string& hash = "h") {
    Work work;
    work.command = MakeCommand<toy::Toy>(std::move(command));
    work.cause = {request_id.ToString(), "", "", clock_.Now(), "toy"};
    work.origin = CallOrigin{"Toy/Do",
                             {"toy"},
                             {request_id},
                             hash,
                             clock_.Now() + absl::Seconds(30),
                             [this, name](absl::StatusOr<std::string> answer) {
                               absl::MutexLock lock(&answering_);  // Two writers may run.
                               answers_[name] = std::move(answer);
                             }};
    ASSERT_TRUE(writer.Push(work));
  }
  void Call(const std::string& name, toy::Toy::Command command) {
    Call(name, std::move(command), RandomUuidV7(absl::Now()));
  }

  void Record(const std::string& value, const std::string& id = "", const std::string& key = "k") {
    kafka::Record record;
    record.topic = "in";
    record.offset = offset_++;
    record.timestamp = clock_.Now();
    record.key = key;
    record.value = value;
    if (!id.empty()) record.headers.push_back({"id", id});
    Work work;
    work.origin = RecordOrigin{feed_, std::move(record), std::nullopt};
    ASSERT_TRUE(writer_.Push(work));
  }

  void Run() {
    while (writer_.Step(absl::ZeroDuration())) {
    }
  }
  std::string Balance(const std::string& account) {
    return database_.Text("SELECT balance FROM account WHERE account_id = '" + account + "'");
  }
  std::string Reason(const std::string& name) {
    const auto info = ErrorInfoOf(answers_.at(name).status());
    return info ? info->reason : std::string(answers_.at(name).status().message());
  }

  testing::TestDatabase database_;
  ManualClock clock_;
  toy::ToyService service_;
  Writer writer_;
  std::shared_ptr<Feed> feed_;
  int64_t offset_ = 0;
  absl::Mutex answering_;
  std::map<std::string, absl::StatusOr<std::string>> answers_;  // read when no writer runs
};

}  // namespace tessera::engine
