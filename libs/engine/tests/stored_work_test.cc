// Records that the engine keeps and decides again: waiting, parked, dead letters, suspects.
#include "engine/stored_record.h"
#include "engine/tests/writer_fixture.h"
#include "engine/timer_scan.h"

namespace tessera::engine {
namespace {

using toy::Earn;

class StoredWorkTest : public WriterFixture {
 protected:
  // Hands the stored record `id` of `table` to the writer; its answer appears in answers_[name].
  void Again(const std::string& name, StoredOrigin::Kind kind, const std::string& table, int64_t id) {
    static constexpr pg::Statement kWaiting = {"t_waiting", "SELECT record FROM waiting WHERE waiting_id = $1"};
    static constexpr pg::Statement kParked = {"t_parked", "SELECT record FROM parked WHERE parked_id = $1"};
    static constexpr pg::Statement kDead = {"t_dead", "SELECT record FROM dead_letter WHERE dead_letter_id = $1"};
    pg::Tx tx(database_.connection(), "test");
    const pg::Rows rows = tx.Run(table == "waiting" ? kWaiting : table == "parked" ? kParked : kDead, id);
    ASSERT_EQ(rows.size(), 1);
    Work work;
    StoredOrigin origin{kind, id, OpenRecord(std::string(32, 'k'), rows[0].Get<pg::Bytes>(0).value)->record, {}, {}};
    if (kind == StoredOrigin::Kind::kDropped) origin.refusal = absl::FailedPreconditionError("dropped");
    origin.answer = [this, name](absl::StatusOr<std::string> answer) { answers_[name] = std::move(answer); };
    work.origin = std::move(origin);
    tx.Rollback();
    ASSERT_TRUE(writer_.Push(work));
    Run();
  }
};

TEST_F(StoredWorkTest, AParkedKeyGoesOnInOrderOnceItsRecordsAreRetried) {
  Record("earn bob o2 2000000", "", "bob");
  Record("earn bob o3 1", "", "bob");
  Run();
  database_.Text("ALTER TABLE account DROP CONSTRAINT account_balance_limit");
  Again("first", StoredOrigin::Kind::kParked, "parked", 1);
  ASSERT_TRUE(answers_.at("first").ok()) << answers_.at("first").status();
  Record("earn bob o4 1", "", "bob");  // its key is still blocked by the second
  Run();
  EXPECT_EQ(Balance("bob"), "2000000");
  EXPECT_EQ(database_.Text("SELECT count(*) FROM parked"), "2");
  Again("second", StoredOrigin::Kind::kParked, "parked", 2);
  Again("third", StoredOrigin::Kind::kParked, "parked", 3);
  EXPECT_EQ(Balance("bob"), "2000002");
  EXPECT_EQ(database_.Text("SELECT count(*) FROM parked"), "0");
}

TEST_F(StoredWorkTest, AParkedRecordThatStillFailsStaysParked) {
  Record("earn bob o2 2000000", "", "bob");
  Run();
  Again("again", StoredOrigin::Kind::kParked, "parked", 1);
  EXPECT_FALSE(answers_.at("again").ok());
  EXPECT_EQ(database_.Text("SELECT count(*) FROM parked"), "1");
}

TEST_F(StoredWorkTest, AReplayedDeadLetterTakesEffectOnce) {
  Call("earn", Earn{"alice", "o1", 10});
  Record("refund alice o1 11");
  Run();
  Again("still refused", StoredOrigin::Kind::kDeadLetter, "dead_letter", 1);
  EXPECT_EQ(Reason("still refused"), "TOO_MANY");
  EXPECT_EQ(database_.Text("SELECT count(*) FROM dead_letter"), "1");
  EXPECT_EQ(database_.Text("SELECT sum(value) FROM counter WHERE name = 'dead_letters'"), "1");
  database_.Text("UPDATE orders SET points = 20");
  Again("now", StoredOrigin::Kind::kDeadLetter, "dead_letter", 1);
  EXPECT_TRUE(answers_.at("now").ok());
  EXPECT_EQ(Balance("alice"), "-1");
  Again("twice", StoredOrigin::Kind::kDeadLetter, "dead_letter", 1);
  EXPECT_EQ(answers_.at("twice").status().code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(Balance("alice"), "-1");
}

TEST_F(StoredWorkTest, ADroppedWaitingEventBecomesADeadLetter) {
  Record("refund alice o1 1");
  Run();
  Again("drop", StoredOrigin::Kind::kDropped, "waiting", 1);
  EXPECT_TRUE(answers_.at("drop").ok());
  EXPECT_EQ(database_.Text("SELECT count(*) FROM waiting"), "0");
  EXPECT_EQ(database_.Text("SELECT count(*) FROM dead_letter"), "1");
}

TEST_F(StoredWorkTest, ARecordThatEndedTheProcessTwiceAloneIsParkedAndItsNeighboursGoOn) {
  feed_->suspect_until_offset = 10;
  database_.Text("INSERT INTO suspect VALUES ('in', 0, 0, 1), ('in', 0, 1, 2)");  // how often it was alone then
  Record("earn alice o1 1", "", "alice");
  Record("earn bob o2 1", "", "bob");
  Record("earn carol o3 1", "", "carol");
  Run();
  EXPECT_EQ(Balance("alice"), "1");
  EXPECT_EQ(Balance("bob"), "");
  EXPECT_EQ(Balance("carol"), "1");
  EXPECT_EQ(database_.Text("SELECT reason FROM parked"), "CRASHED");
  EXPECT_EQ(database_.Text("SELECT count(*) FROM suspect"), "0");
}

TEST_F(StoredWorkTest, ARecordWhoseLookUpsFailIsParkedAndItsNeighboursGoOn) {
  Record("earn alice o1 1", "", "alice");
  Record(std::string("earn b\0b o2 1", 13), "", "bob");  // Postgres takes no NUL in a text
  Record("earn carol o3 1", "", "carol");
  Run();
  EXPECT_EQ(Balance("alice"), "1");
  EXPECT_EQ(Balance("carol"), "1");
  EXPECT_EQ(database_.Text("SELECT reason FROM parked"), "DATA_ERROR");
}

TEST_F(StoredWorkTest, SuspectsAreDecidedInSmallBatchesAndThoseNotedBeforeAlone) {
  feed_->suspect_until_offset = 250;
  database_.Text("INSERT INTO suspect VALUES ('in', 0, 120, 0)");
  for (int i = 0; i < 300; ++i) Record("earn alice o" + std::to_string(i) + " 1", "", "alice");
  Run();
  EXPECT_EQ(Balance("alice"), "300");
  EXPECT_EQ(writer_.Observe().batches.Value(), 6)
      << "100, 20, the noted one, 100, 29, and the rest, which is not suspect";
  EXPECT_EQ(database_.Text("SELECT count(*) FROM suspect"), "0");
}

TEST_F(StoredWorkTest, DueTimersAndExpiredWaitingEventsAreScannedAndHandled) {
  LeaseKeeper leases(database_.options(), RandomUuidV7(absl::Now()), "test", {{"timer", 1}});
  ASSERT_TRUE(leases.Step().ok());
  TimerScan scan(service_, clock_, std::string(32, 'k'), database_.options(), leases, {&writer_});
  Call("earn", Earn{"alice", "o1", 7});  // sets a timer in an hour
  Record("refund alice o9 1");           // waits an hour
  Run();
  EXPECT_EQ(*scan.Step(), 0);
  clock_.Advance(absl::Hours(1));
  EXPECT_EQ(*scan.Step(), 2);
  EXPECT_EQ(*scan.Step(), 0) << "what is under way is not pushed twice";
  Run();
  EXPECT_EQ(database_.Text("SELECT count(*) FROM timer"), "0");
  EXPECT_EQ(database_.Text("SELECT count(*) FROM waiting"), "0");
  EXPECT_EQ(database_.Text("SELECT reason FROM dead_letter"), "ORDER_UNKNOWN");
  EXPECT_EQ(*scan.Step(), 0);
}

}  // namespace
}  // namespace tessera::engine
