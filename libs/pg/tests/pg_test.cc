// Connections, parameters and migrations against a real Postgres.
#include <gtest/gtest.h>

#include "base/status.h"
#include "engine/schema.h"
#include "pg/connection.h"
#include "pg/dsn.h"
#include "pg/migrator.h"
#include "pg/tx.h"
#include "testing/environment.h"
#include "testing/postgres.h"

namespace tessera::pg {
namespace {

const std::vector<EmbeddedFile> kFiles = {
    {"migrations/0001_init.sql", "CREATE TABLE thing (thing_id int8 PRIMARY KEY CHECK (thing_id > 0), name text)"},
    {"migrations/0001_init.check.sql", "SELECT 1 WHERE to_regclass('thing') IS NULL"}};

std::string Reason(const absl::Status& status) {
  const auto info = ErrorInfoOf(status);
  return info ? info->reason : std::string(status.message());
}

constexpr Statement kInsertThing = {"insert_thing", "INSERT INTO thing VALUES ($1, $2)"};
constexpr Statement kCountThings = {"count_things", "SELECT count(*) FROM thing"};

class PgTest : public ::testing::Test {
 protected:
  testing::TestDatabase database_{"pgone", kFiles};
};

TEST_F(PgTest, EveryTypeComesBackAsItWasSent) {
  static constexpr Statement kEcho = {"echo_scalars", "SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9::text"};
  Tx tx(database_.connection(), "echo");
  const Uuid id = RandomUuidV7(absl::Now());
  const absl::Time time = absl::FromUnixMicros(1'700'000'000'123'456);
  const Rows rows = tx.Run(kEcho, true, int16_t{-2}, int32_t{-70'000}, int64_t{INT64_MIN}, std::string("é'\"\\"),
                           Bytes{std::string("\0\xff", 2)}, id, time, std::optional<std::string>());
  ASSERT_TRUE(tx.ok()) << tx.status();
  EXPECT_TRUE(rows[0].Get<bool>(0));
  EXPECT_EQ(rows[0].Get<int16_t>(1), -2);
  EXPECT_EQ(rows[0].Get<int32_t>(2), -70'000);
  EXPECT_EQ(rows[0].Get<int64_t>(3), INT64_MIN);
  EXPECT_EQ(rows[0].Get<std::string>(4), "é'\"\\");
  EXPECT_EQ(rows[0].Get<Bytes>(5).value, std::string("\0\xff", 2));
  EXPECT_EQ(rows[0].Get<Uuid>(6), id);
  EXPECT_EQ(rows[0].Get<absl::Time>(7), time);
  EXPECT_EQ(rows[0].Get<std::optional<std::string>>(8), std::nullopt);
}

TEST_F(PgTest, ArraysComeBackAsTheyWereSentWithNullsAndInfinity) {
  static constexpr Statement kEcho = {
      "echo_arrays", "SELECT * FROM unnest($1::int8[], $2::text[], $3::timestamptz[]) AS t(n, name, due)"};
  static constexpr Statement kWhole = {"echo_array", "SELECT $1::int8[], $2::text::int8[]"};
  Tx tx(database_.connection(), "echo");
  const std::vector<absl::Time> times = {absl::InfiniteFuture(), absl::UnixEpoch()};
  const Rows rows = tx.Run(kEcho, std::vector<int64_t>{1, -1}, std::vector<std::optional<std::string>>{"a", {}}, times);
  ASSERT_EQ(rows.size(), 2);
  EXPECT_EQ(rows[1].Get<int64_t>(0), -1);
  EXPECT_EQ(rows[1].Get<std::optional<std::string>>(1), std::nullopt);
  EXPECT_EQ(rows[0].Get<absl::Time>(2), absl::InfiniteFuture());
  const Rows whole = tx.Run(kWhole, std::vector<int64_t>{}, ArrayText({7, 8}));
  ASSERT_TRUE(tx.ok()) << tx.status();
  EXPECT_TRUE(whole[0].Get<std::vector<int64_t>>(0).empty());
  EXPECT_EQ(whole[0].Get<std::vector<int64_t>>(1), (std::vector<int64_t>{7, 8}));
}

TEST_F(PgTest, CopyWritesAllRowsOrNone) {
  static constexpr Statement kCopy = {"copy_thing", "COPY thing (thing_id, name) FROM STDIN (FORMAT binary)"};
  constexpr int64_t kMany = 100'000;  // several pieces
  CopyRows rows;
  for (int64_t i = 1; i <= kMany; ++i) rows.Add(i, i % 2 == 0 ? std::optional<std::string>("even é") : std::nullopt);
  {
    Tx tx(database_.connection(), "copy");
    tx.Copy(kCopy, rows);
    tx.Copy(kCopy, CopyRows());
    ASSERT_EQ(tx.Commit(), CommitResult::kCommitted) << tx.status();
  }
  EXPECT_EQ(database_.Text("SELECT count(*) || ' ' || count(name) || ' ' || sum(thing_id) FROM thing"),
            "100000 50000 5000050000");
  CopyRows broken;
  broken.Add(kMany + 1, std::optional<std::string>("secret"));
  broken.Add(int64_t{-1}, std::optional<std::string>("secret"));
  Tx tx(database_.connection(), "copy");
  tx.Copy(kCopy, broken);
  EXPECT_EQ(tx.error_kind(), ErrorKind::kData);
  EXPECT_EQ(ErrorInfoOf(tx.status())->metadata["statement"], "copy_thing");
  EXPECT_EQ(tx.status().ToString().find("secret"), std::string::npos);
  EXPECT_EQ(tx.Commit(), CommitResult::kRolledBack);
  EXPECT_EQ(database_.Text("SELECT max(thing_id) FROM thing"), std::to_string(kMany));
}

TEST_F(PgTest, TheFirstErrorSticksAndItsTextHoldsNoValue) {
  Tx tx(database_.connection(), "insert");
  tx.Run(kInsertThing, int64_t{-5}, std::string("secret"));
  tx.Run(kInsertThing, int64_t{5}, std::string("secret"));
  EXPECT_EQ(tx.error_kind(), ErrorKind::kData);
  EXPECT_EQ(ErrorInfoOf(tx.status())->metadata.at("constraint"), "thing_thing_id_check");
  EXPECT_EQ(std::string(tx.status().message()).find("secret"), std::string::npos);
  EXPECT_EQ(tx.Commit(), CommitResult::kRolledBack);
  EXPECT_EQ(database_.Text("SELECT count(*) FROM thing"), "0");
}

TEST_F(PgTest, WhatWasSentIsCarriedOutBeforeWhatIsRunNextAndByTheCommit) {
  Tx tx(database_.connection(), "send");
  tx.Send(kInsertThing, int64_t{1}, std::string("a"));
  tx.Send(kInsertThing, int64_t{2}, std::string("b"));
  EXPECT_EQ(tx.Run(kCountThings)[0].Get<int64_t>(0), 2);
  tx.Send(kInsertThing, int64_t{3}, std::string("c"));
  ASSERT_EQ(tx.Commit(), CommitResult::kCommitted) << tx.status();
  EXPECT_EQ(database_.Text("SELECT count(*) FROM thing"), "3");
}

TEST_F(PgTest, TheErrorOfWhatWasSentIsToldWithItsStatementAndTheSessionGoesOn) {
  static constexpr Statement kLater = {"later", "SELECT $1"};
  {
    Tx tx(database_.connection(), "send");
    tx.Send(kInsertThing, int64_t{1}, std::string("a"));
    tx.Send(kInsertThing, int64_t{-1}, std::string("secret"));
    EXPECT_TRUE(tx.ok());  // not known yet
    EXPECT_TRUE(tx.Run(kLater, int64_t{7}).empty());
    EXPECT_EQ(tx.error_kind(), ErrorKind::kData);
    EXPECT_EQ(ErrorInfoOf(tx.status())->metadata.at("statement"), "insert_thing");
    EXPECT_EQ(tx.Commit(), CommitResult::kRolledBack);
  }
  {
    Tx tx(database_.connection(), "commit");
    tx.Send(kInsertThing, int64_t{1}, std::string("a"));
    tx.Send(kInsertThing, int64_t{1}, std::string("again"));
    EXPECT_EQ(tx.Commit(), CommitResult::kRolledBack);
    EXPECT_EQ(tx.error_kind(), ErrorKind::kData);
  }
  Tx tx(database_.connection(), "after");
  EXPECT_EQ(tx.Run(kLater, int64_t{7})[0].Get<int64_t>(0), 7);  // prepared now, as it was not before
  EXPECT_EQ(tx.Run(kCountThings)[0].Get<int64_t>(0), 0);
}

TEST_F(PgTest, WhatIsAskedIsAnsweredByTheNextRun) {
  static constexpr Statement kTexts = {"texts", "SELECT name FROM thing WHERE thing_id >= $1 ORDER BY thing_id"};
  Tx tx(database_.connection(), "ask");
  tx.Send(kInsertThing, int64_t{1}, std::string("a"));
  tx.Send(kInsertThing, int64_t{2}, std::string("b"));
  const auto all = tx.Ask(kTexts, int64_t{0});
  const auto later = tx.Ask(kTexts, int64_t{2});
  EXPECT_TRUE(all->empty());  // not yet
  EXPECT_EQ(tx.Run(kCountThings)[0].Get<int64_t>(0), 2);
  ASSERT_EQ(all->size(), 2);
  EXPECT_EQ((*all)[0].Get<std::string>(0), "a");
  ASSERT_EQ(later->size(), 1);
  EXPECT_EQ((*later)[0].Get<std::string>(0), "b");
  tx.Send(kInsertThing, int64_t{-1}, std::string("refused by its check"));
  const auto after_the_error = tx.Ask(kTexts, int64_t{0});
  EXPECT_TRUE(tx.Run(kCountThings).empty());
  EXPECT_TRUE(after_the_error->empty());
  EXPECT_TRUE(tx.Ask(kTexts, int64_t{0})->empty()) << "the first error sticks";
}

TEST_F(PgTest, MoreThanTheSocketsHoldCanBeSent) {
  static constexpr Statement kMany = {"insert_things",
                                      "INSERT INTO thing SELECT * FROM unnest($1::int8[], $2::text[])"};
  constexpr int64_t kSends = 20, kRows = 1'000;
  Tx tx(database_.connection(), "many");
  for (int64_t i = 0; i < kSends; ++i) {
    std::vector<int64_t> ids;
    for (int64_t j = 1; j <= kRows; ++j) ids.push_back(i * kRows + j);
    tx.Send(kMany, ids, std::vector<std::string>(kRows, std::string(1'000, 'x')));
  }
  ASSERT_EQ(tx.Commit(), CommitResult::kCommitted) << tx.status();
  EXPECT_EQ(database_.Text("SELECT count(*) FROM thing"), std::to_string(kSends * kRows));
}

TEST_F(PgTest, EachReadIsATransactionOfItsOwnIfAskedFor) {
  static constexpr Statement kNow = {"now", "SELECT now()"};
  Tx reads(database_.connection(), "reads", Extent::kStatement);
  const auto first = reads.Run(kNow)[0].Get<absl::Time>(0);
  EXPECT_GT(reads.Run(kNow)[0].Get<absl::Time>(0), first);
  reads.Run(kInsertThing, int64_t{0}, "refused by its check");
  EXPECT_EQ(reads.error_kind(), ErrorKind::kData);
  EXPECT_TRUE(reads.Run(kNow).empty()) << "the first error sticks";
  Tx next(database_.connection(), "next");
  const auto begun = next.Run(kNow)[0].Get<absl::Time>(0);
  EXPECT_EQ(next.Run(kNow)[0].Get<absl::Time>(0), begun);
}

TEST_F(PgTest, ASessionLostBeforeTheCommitIsAnsweredLeavesDoubt) {
  static constexpr Statement kPid = {"pid", "SELECT pg_backend_pid()"};
  auto connection = *Connection::Open(database_.options());
  Tx tx(*connection, "lost");
  const int32_t pid = tx.Run(kPid)[0].Get<int32_t>(0);
  database_.Text("SELECT pg_terminate_backend(" + std::to_string(pid) + ")");
  tx.Send(kInsertThing, int64_t{1}, std::string("a"));
  EXPECT_EQ(tx.Commit(), CommitResult::kInDoubt);
  EXPECT_EQ(tx.error_kind(), ErrorKind::kConnection);
  EXPECT_EQ(database_.Text("SELECT count(*) FROM thing"), "0");
}

TEST_F(PgTest, ALostSessionIsSeenAndNotReplacedSilently) {
  auto connection = *Connection::Open(database_.options());
  const Rows pid = *connection->Execute("SELECT pg_backend_pid()");
  database_.Text("SELECT pg_terminate_backend(" + std::string(pid.TextAt(0, 0)) + ")");
  static constexpr Statement kOne = {"one", "SELECT 1"};
  Tx tx(*connection, "lost");
  EXPECT_TRUE(tx.Run(kOne).empty());
  EXPECT_EQ(tx.error_kind(), ErrorKind::kConnection);
  EXPECT_EQ(tx.status().code(), absl::StatusCode::kUnavailable);
  EXPECT_FALSE(connection->connected());
  EXPECT_TRUE(connection->Reconnect().ok());
}

TEST_F(PgTest, AnotherServicesSchemaIsAPermissionError) {
  ASSERT_TRUE(engine::MigrateService(database_.admin_dsn(), "pgtwo", "test", kFiles).ok());
  const auto read = database_.connection().Execute("SELECT * FROM pgtwo.thing");
  EXPECT_EQ(ErrorInfoOf(read.status())->metadata.at("sqlstate"), "42501");
  EXPECT_FALSE(database_.connection().Execute("CREATE SCHEMA mine").ok());
  EXPECT_FALSE(database_.connection().Execute("CREATE ROLE mine").ok());
}

TEST_F(PgTest, ARunningServiceReadsAndInsertsAndNothingElse) {
  // What is granted on the database itself does not come with its template.
  ASSERT_TRUE(engine::MigrateService(database_.admin_dsn(), "pgone", "test", kFiles).ok());
  Connection& service = database_.connection();
  EXPECT_TRUE(service.Execute("INSERT INTO thing VALUES (1, 'a')").ok());
  EXPECT_TRUE(service.Execute("SELECT * FROM thing").ok());
  for (const char* sql :
       {"UPDATE thing SET name = 'b'", "DELETE FROM thing", "TRUNCATE thing", "DROP TABLE thing",
        "ALTER TABLE thing ADD COLUMN more int8", "CREATE INDEX more ON thing (name)", "CREATE TABLE mine (a int8)",
        "CREATE TEMPORARY TABLE mine (a int8)", "CREATE TABLE public.mine (a int8)", "SET ROLE pgone_owner",
        "SET ROLE postgres", "ALTER ROLE pgone SUPERUSER", "COPY thing TO PROGRAM 'true'",
        "INSERT INTO schema_migration VALUES ('x', 1, 'x', 'x')"}) {
    const auto done = service.Execute(sql);
    ASSERT_FALSE(done.ok()) << sql;
    EXPECT_EQ(ErrorInfoOf(done.status())->metadata.at("sqlstate"), "42501") << sql;
  }
}

TEST_F(PgTest, WhatAnOlderReleaseMadeIsTakenFromTheRunningService) {
  for (const char* sql :
       {"ALTER SCHEMA pgone OWNER TO pgone", "ALTER TABLE thing OWNER TO pgone", "ALTER TABLE outbox OWNER TO pgone"}) {
    ASSERT_TRUE(database_.admin().Execute(sql).ok()) << sql;
  }
  ASSERT_TRUE(database_.connection().Execute("ALTER TABLE thing ADD COLUMN before int8").ok());
  ASSERT_TRUE(engine::MigrateService(database_.admin_dsn(), "pgone", "test", kFiles).ok());
  EXPECT_FALSE(database_.connection().Execute("ALTER TABLE thing ADD COLUMN after int8").ok());
  EXPECT_TRUE(database_.connection().Execute("INSERT INTO thing VALUES (1, 'a')").ok());
  EXPECT_TRUE(database_.connection().Execute("SELECT make_partition('outbox', '2020-01-01', '2020-01-02')").ok());
}

TEST_F(PgTest, PartitionsAreMadeAndDroppedOnlyAsTheEngineDoes) {
  Connection& service = database_.connection();
  EXPECT_TRUE(service.Execute("SELECT make_partition('outbox', '2020-01-01', '2020-01-02')").ok());
  EXPECT_TRUE(service.Execute("SELECT count(*) FROM outbox_20200101").ok());
  EXPECT_FALSE(service.Execute("DROP TABLE outbox_20200101").ok());
  EXPECT_FALSE(service.Execute("SELECT make_partition('thing', '2020-01-01', '2020-01-02')").ok());
  for (const char* wrong : {"'thing', 'thing'", "'outbox', 'thing'", "'outbox', 'outbox_default'"}) {
    EXPECT_FALSE(service.Execute(std::string("SELECT drop_partition(") + wrong + ")").ok()) << wrong;
  }
  EXPECT_TRUE(service.Execute("SELECT drop_partition('outbox', 'outbox_20200101')").ok());
  EXPECT_EQ(database_.Text("SELECT to_regclass('outbox_20200101')"), "");
}

TEST_F(PgTest, AMigrationIsRefusedIfChangedIfItsCheckFailsOrIfTheDatabaseIsNewer) {
  auto migrate = [&](const std::vector<EmbeddedFile>& files) {
    return engine::MigrateService(database_.admin_dsn(), "pgone", "test", files);
  };
  EXPECT_TRUE(migrate(kFiles).ok()) << "applied migrations are left alone";
  std::vector<EmbeddedFile> changed = kFiles;
  changed[0].content = "CREATE TABLE thing (thing_id int8 PRIMARY KEY)";
  EXPECT_EQ(Reason(migrate(changed)), "MIGRATION_CHANGED");
  std::vector<EmbeddedFile> next = kFiles;
  next.push_back({"migrations/0002_more.sql", "ALTER TABLE thing ADD COLUMN more int8"});
  next.push_back({"migrations/0002_more.check.sql", "SELECT 'always'"});
  EXPECT_EQ(Reason(migrate(next)), "MIGRATION_CHECK_FAILED");
  EXPECT_EQ(database_.Text("SELECT count(*) FROM information_schema.columns WHERE column_name = 'more'"), "0");
  next[3].content = "SELECT 'never' WHERE false";
  EXPECT_TRUE(migrate(next).ok());
  EXPECT_EQ(Reason(migrate(kFiles)), "DATABASE_NEWER");
  EXPECT_EQ(Reason(engine::CheckSchema(database_.connection(), kFiles)), "DATABASE_NEWER");
}

TEST(KindOf, TellsDataFromConflictFromLoss) {
  EXPECT_EQ(KindOf("23505"), ErrorKind::kData);
  EXPECT_EQ(KindOf("22003"), ErrorKind::kData);
  EXPECT_EQ(KindOf("40P01"), ErrorKind::kRetry);
  EXPECT_EQ(KindOf("57P01"), ErrorKind::kRetry);
  EXPECT_EQ(KindOf("08006"), ErrorKind::kConnection);
  EXPECT_EQ(KindOf("42601"), ErrorKind::kOther);
}

}  // namespace
}  // namespace tessera::pg
