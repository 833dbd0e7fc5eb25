// The life of a batch against a real Postgres: the writer is stepped by hand.
#include <algorithm>
#include <thread>

#include "base/fault_point.h"
#include "engine/tests/writer_fixture.h"
#include "testing/wait.h"

namespace tessera::engine {
namespace {

using WriterTest = WriterFixture;
using toy::Earn;
using toy::Move;
using toy::Refund;
using toy::Toy;

// Keeps batches from getting on, by a lock of its own, until it is released.
class BatchesHeldUp {
 public:
  explicit BatchesHeldUp(testing::TestDatabase& database,
                         const std::string& lock = "LOCK TABLE account IN ACCESS EXCLUSIVE MODE")
      : database_(database) {
    EXPECT_TRUE(database_.admin().Execute("BEGIN; " + lock).ok());
  }
  // Until a session waits for a lock of this type.
  bool Await(const std::string& type) const {
    return testing::WaitFor(
        [&] {
          return database_.Text(
                     "SELECT count(*) FROM pg_locks WHERE NOT granted AND database = (SELECT oid FROM pg_database "
                     "WHERE datname = current_database()) AND locktype = '" +
                     type + "'") != "0";
        },
        absl::Seconds(10));
  }
  void Release() const { EXPECT_TRUE(database_.admin().Execute("COMMIT").ok()); }

 private:
  testing::TestDatabase& database_;
};

TEST_F(WriterTest, ABatchFoldsCommandsAndSeesItsOwnWrites) {
  Call("a", Earn{"alice", "o1", 10});
  Call("b", Earn{"alice", "o2", 5});
  Run();
  EXPECT_EQ(*answers_["a"], "10");
  EXPECT_EQ(*answers_["b"], "15");
  EXPECT_EQ(writer_.Observe().batches.Value(), 1);
  EXPECT_EQ(database_.Text("SELECT sum(event_count) FROM outbox"), "2");
}

TEST_F(WriterTest, TheSameRequestGetsTheSameAnswerAndAnotherInputIsRefused) {
  const Uuid id = RandomUuidV7(absl::Now());
  Call("first", Earn{"alice", "o1", 10}, id);
  Call("same batch", Earn{"alice", "o9", 10}, id);
  Run();
  Call("later", Earn{"alice", "o8", 10}, id);
  Call("other", Earn{"alice", "o1", 11}, id, "h2");
  Run();
  EXPECT_EQ(*answers_["first"], "10");
  EXPECT_EQ(*answers_["same batch"], "10");
  EXPECT_EQ(*answers_["later"], "10");
  EXPECT_EQ(Reason("other"), "REQUEST_ID_REUSED");
  EXPECT_EQ(Balance("alice"), "10");
}

// While a batch is under way, another that carries one of its requests waits for its end, before it looks what is
// known.
TEST_F(WriterTest, TheSameRequestIsUnderWayInOneBatchOnly) {
  const Uuid id = RandomUuidV7(absl::Now());
  Writer other(service_, {"toy", std::string(32, 'k'), RandomUuidV7(absl::Now()), 1}, clock_, database_.options(), {},
               {});
  const BatchesHeldUp held_up(database_);
  Call("first", Earn{"alice", "o1", 10}, id);
  std::thread one([this] { Run(); });
  EXPECT_TRUE(held_up.Await("relation"));
  CallOn(other, "second", Earn{"alice", "o2", 10}, id);
  std::thread two([&other] { other.Step(absl::ZeroDuration()); });
  EXPECT_TRUE(held_up.Await("advisory"));
  held_up.Release();
  one.join();
  two.join();
  EXPECT_EQ(*answers_["first"], "10");
  EXPECT_EQ(*answers_["second"], "10");
  EXPECT_EQ(Balance("alice"), "10");
}

// Batches that carry the same requests, in whatever order, wait for each other only in one direction.
TEST_F(WriterTest, TheLocksOfRequestsAreTakenInOneOrder) {
  std::vector<Uuid> ids;
  for (int i = 0; i < 8; ++i) ids.push_back(RandomUuidV7(absl::Now()));
  const auto locks = [this](const std::string& which) {
    return database_.Text("SELECT " + which +
                          " FROM (SELECT (classid::int8 << 32) | objid::int8 AS hash FROM pg_locks WHERE locktype = "
                          "'advisory' AND granted AND database = (SELECT oid FROM pg_database WHERE datname = "
                          "current_database())) l");
  };
  const auto held_while = [&](const BatchesHeldUp& held_up, const char* by, const std::string& which) {
    for (const Uuid& id : ids) Call(id.ToString(), Earn{"alice", id.ToString(), 1}, id);
    std::thread batch([this] { Run(); });
    EXPECT_TRUE(held_up.Await(by));
    const std::string held = locks(which);
    held_up.Release();
    batch.join();
    return held;
  };
  const std::string last = held_while(BatchesHeldUp(database_), "relation", "max(hash)");
  for (const char* order : {"as they came", "the other way round"}) {
    const BatchesHeldUp held_up(database_, "SELECT pg_advisory_xact_lock(" + last + ")");
    EXPECT_EQ(held_while(held_up, "advisory", "count(*)"), "8") << order << ": all before the last, and our own";
    std::reverse(ids.begin(), ids.end());
  }
}

TEST_F(WriterTest, ARefusalLeavesNoTraceAndIsAnsweredAgain) {
  const Uuid id = RandomUuidV7(absl::Now());
  Call("earn", Earn{"alice", "o1", 10});
  Call("too many", Refund{"alice", "o1", 11}, id);
  Call("ok", Refund{"alice", "o1", 4});
  Run();
  Call("again", Refund{"alice", "o1", 11}, id);
  Run();
  EXPECT_EQ(Reason("too many"), "TOO_MANY");
  EXPECT_EQ(Reason("again"), "TOO_MANY");
  EXPECT_EQ(*answers_["ok"], "6");
  EXPECT_EQ(Balance("alice"), "6");
}

TEST_F(WriterTest, ACallNeverWaits) {
  Call("early", Refund{"alice", "o1", 1});
  Run();
  EXPECT_EQ(Reason("early"), "ORDER_UNKNOWN");
  EXPECT_EQ(database_.Text("SELECT count(*) FROM waiting"), "0");
}

TEST_F(WriterTest, ACallWhoseDeadlineHasPassedInTheQueueIsNotExecuted) {
  Call("late", Earn{"alice", "o1", 1});
  clock_.Advance(absl::Seconds(30));
  Call("timely", Earn{"alice", "o2", 2});
  Run();
  EXPECT_EQ(answers_.at("late").status().code(), absl::StatusCode::kDeadlineExceeded);
  EXPECT_TRUE(answers_.at("timely").ok());
  EXPECT_EQ(Balance("alice"), "2");
  EXPECT_EQ(database_.Text("SELECT count(*) FROM request"), "1");
}

TEST_F(WriterTest, AnEventWaitsAndIsDecidedRightAfterWhatWakesIt) {
  Record("refund alice o1 3");
  Record("refund alice o1 2");
  Run();
  EXPECT_EQ(database_.Text("SELECT count(*) FROM waiting"), "2");
  EXPECT_EQ(database_.Text("SELECT next_offset FROM consumer_mark"), "2");
  Record("earn alice o1 10");
  Run();
  EXPECT_EQ(Balance("alice"), "5");
  EXPECT_EQ(database_.Text("SELECT count(*) FROM waiting"), "0");
}

TEST_F(WriterTest, AnEventThatBeganToWaitInTheSameBatchIsWokenToo) {
  Record("refund alice o1 3");
  Record("refund alice o2 4");
  Record("earn alice o1 10");
  Run();
  EXPECT_EQ(writer_.Observe().batches.Value(), 1);
  EXPECT_EQ(Balance("alice"), "7");
  EXPECT_EQ(database_.Text("SELECT wait_key FROM waiting"), "order/o2");
}

TEST_F(WriterTest, AWaitingEventThatIsRefusedWhenWokenBecomesADeadLetter) {
  Record("refund alice o1 30");
  Run();
  Call("earn", Earn{"alice", "o1", 10});
  Run();
  EXPECT_EQ(Balance("alice"), "10");
  EXPECT_EQ(database_.Text("SELECT count(*) FROM waiting"), "0");
  EXPECT_EQ(database_.Text("SELECT reason || '/' || field FROM dead_letter"), "TOO_MANY/points");
}

TEST_F(WriterTest, AStrangersEventTakesEffectOnceAndAnotherContentIsADeadLetter) {
  Record("earn alice o1 10", "e1");
  Record("earn alice o1 10", "e1");
  Run();
  Record("earn alice o1 10", "e1");
  Record("earn alice o2 10", "e1");
  Run();
  EXPECT_EQ(Balance("alice"), "10");
  EXPECT_EQ(database_.Text("SELECT sum(value) FROM counter WHERE name = 'duplicates_dropped'"), "2");
  EXPECT_EQ(database_.Text("SELECT sum(value) FROM counter WHERE name = 'events_accepted'"), "1");
  EXPECT_EQ(database_.Text("SELECT string_agg(reason, ',') FROM dead_letter"), "EVENT_ID_REUSED");
}

TEST_F(WriterTest, AnUnknownRecordIsADeadLetterAndItsNeighboursGoOn) {
  Record("earn alice o1 10");
  Record("nonsense");
  Record("earn alice o2 10");
  Run();
  EXPECT_EQ(Balance("alice"), "20");
  EXPECT_EQ(database_.Text("SELECT reason FROM dead_letter"), "UNKNOWN_TYPE");
  EXPECT_EQ(database_.Text("SELECT count(*) FROM outbox WHERE log = 2"), "1");
  EXPECT_EQ(database_.Text("SELECT count(*) FROM dead_letter WHERE position('nonsense'::bytea in record) > 0"), "0");
}

TEST_F(WriterTest, ADataErrorIsFoundByHalvingAndParksOnlyItsKey) {
  Record("earn alice o1 10", "", "alice");
  Record("earn bob o2 2000000", "", "bob");
  Record("earn bob o3 1", "", "bob");
  Record("earn carol o4 10", "", "carol");
  Run();
  EXPECT_EQ(Balance("alice"), "10");
  EXPECT_EQ(Balance("carol"), "10");
  EXPECT_EQ(database_.Text("SELECT string_agg(reason, ',' ORDER BY parked_id) FROM parked"),
            "DATA_ERROR,BEHIND_PARKED");
  EXPECT_EQ(database_.Text("SELECT next_offset FROM consumer_mark"), "4");
}

TEST_F(WriterTest, AMarkThatMovedDropsThePartitionButNotTheBatch) {
  Record("earn alice o1 10");
  Call("call", Earn{"bob", "o2", 5});
  database_.Text("UPDATE consumer_mark SET next_offset = 7");
  Run();
  EXPECT_TRUE(feed_->stale);
  EXPECT_EQ(*answers_["call"], "5");
  EXPECT_EQ(Balance("alice"), "");
  EXPECT_EQ(database_.Text("SELECT next_offset FROM consumer_mark"), "7");
}

TEST_F(WriterTest, ACommandMayAskForMoreRowsAndLocks) {
  Call("earn", Earn{"alice", "o1", 10});
  Call("move", Move{"alice", "bob", 4});
  Run();
  EXPECT_EQ(*answers_["move"], "6");
  EXPECT_EQ(Balance("bob"), "4");
  EXPECT_GE(writer_.Observe().restarts.Value(), 1);
}

TEST_F(WriterTest, ATimerIsSetAndCleared) {
  Call("earn", Earn{"alice", "o1", 7});
  Run();
  EXPECT_EQ(database_.Text("SELECT count(*) FROM timer"), "1");
  const Uuid owner = UuidV7Of(absl::UnixEpoch(), {"alice"});
  Work work;
  work.command = service_.FromTimer({owner, {"toy"}, 1});
  work.cause.time = clock_.Now();
  bool finished = false;
  work.origin = TimerOrigin{{owner, {"toy"}, 1}, [&] { finished = true; }};
  ASSERT_TRUE(writer_.Push(work));
  Run();
  EXPECT_TRUE(finished);
  EXPECT_EQ(database_.Text("SELECT count(*) FROM timer"), "0");
}

TEST_F(WriterTest, WhatAFailedAttemptDiscoveredIsForgottenAndWhatARestartedOneDidIsKept) {
  Call("earn", Earn{"alice", "o1", 10});
  Call("move", Move{"alice", "bob", 4});
  Run();
  EXPECT_EQ(service_.batches_made, 1);
  EXPECT_GE(writer_.Observe().restarts.Value(), 1);
  ArmFault("pg.answer_lost", "fail@2");
  Call("again", Earn{"alice", "o2", 10});
  Run();
  EXPECT_EQ(*answers_["again"], "16");
  EXPECT_EQ(service_.batches_made, 3);
}

TEST_F(WriterTest, ACommitThatWasLostOnItsWayIsRepeated) {
  ArmFault("pg.commit_lost", "fail@1");
  Call("earn", Earn{"alice", "o1", 10});
  Run();
  EXPECT_EQ(*answers_["earn"], "10");
  EXPECT_EQ(Balance("alice"), "10");
  EXPECT_EQ(database_.Text("SELECT batch_no FROM writer"), "2");
}

TEST_F(WriterTest, ACommitWhoseAnswerWasLostIsNotRepeated) {
  ArmFault("pg.commit_answer_lost", "fail@1");
  Call("earn", Earn{"alice", "o1", 10});
  Run();
  EXPECT_EQ(*answers_["earn"], "10");
  EXPECT_EQ(database_.Text("SELECT batch_no FROM writer"), "1");
}

TEST_F(WriterTest, ASecondCopyOfASequencedRecordIsDropped) {
  Record("earn alice o1 10");
  Run();
  for (int i = 0; i < 2; ++i) {
    kafka::Record record;
    record.topic = "in";
    record.offset = offset_++;
    record.value = "earn alice o" + std::to_string(5 + i) + " 1";
    record.headers.push_back({"ce_sequence", "0"});
    Work work;
    work.origin = RecordOrigin{feed_, std::move(record), std::nullopt};
    ASSERT_TRUE(writer_.Push(work));
  }
  Run();
  EXPECT_EQ(Balance("alice"), "11");
  EXPECT_EQ(database_.Text("SELECT last_seq FROM consumer_mark"), "0");
}

TEST_F(WriterTest, AWriterIsCrowdedWhenManyCallsWaitOrItsBatchIsHeldUp) {
  for (int i = 0; i < 99; ++i) Call("one", Earn{"alice", "o" + std::to_string(i), 1});
  EXPECT_FALSE(writer_.Crowded());
  Call("one more", Earn{"alice", "o99", 1});
  EXPECT_TRUE(writer_.Crowded());
  Run();
  EXPECT_FALSE(writer_.Crowded());
  ASSERT_TRUE(database_.admin().Execute("BEGIN; LOCK TABLE account IN ACCESS EXCLUSIVE MODE").ok());
  Call("held up", Earn{"alice", "o100", 1});
  std::thread writer([this] { Run(); });
  EXPECT_TRUE(testing::WaitFor([this] { return writer_.Crowded(); }));
  ASSERT_TRUE(database_.admin().Execute("COMMIT").ok());
  writer.join();
  EXPECT_FALSE(writer_.Crowded());
  EXPECT_EQ(*answers_["held up"], "101");
}

TEST_F(WriterTest, SlotNumbersHaveNoGaps) {
  for (int i = 0; i < 40; ++i) {
    Call("c" + std::to_string(i), Earn{"account" + std::to_string(i % 5), "o" + std::to_string(i), 1});
    if (i % 3 == 0) Run();
  }
  Run();
  EXPECT_EQ(database_.Text("SELECT count(*) FROM (SELECT log, slot, base_seq, lag(base_seq + event_count) OVER "
                           "(PARTITION BY log, slot ORDER BY base_seq) AS expected FROM outbox) t "
                           "WHERE base_seq <> coalesce(expected, 0)"),
            "0");
  EXPECT_EQ(database_.Text("SELECT sum(next_seq) FROM slot"), "40");
}

}  // namespace
}  // namespace tessera::engine
