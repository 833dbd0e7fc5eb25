// Connections and transactions. A Connection and its Tx are used by one thread at a time. Nothing here throws.
//
// A connection never reconnects by itself: a lost session is seen as Unavailable, and Reconnect() is a decision of the
// caller, because what was prepared, locked or half committed is gone with the session.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "pg/copy_rows.h"
#include "pg/params.h"
#include "pg/rows.h"

struct pg_conn;
struct pg_result;

namespace tessera::pg {

// A statement, prepared on its first use in each session. A constant of static lifetime; names are unique per program.
struct Statement {
  const char* name;
  const char* sql;
};

// What kind of error a statement met; decides what the engine does next.
enum class ErrorKind {
  kNone,
  kData,        // SQLSTATE classes 22 and 23: the data is at fault, not the database
  kRetry,       // 40001, 40P01, 55P03, 57P0x: the same transaction again may succeed
  kConnection,  // the session is lost
  kOther,       // anything else: a bug or a misconfiguration
};

// The kind of an SQLSTATE ("23505"); "" is kConnection.
ErrorKind KindOf(std::string_view sqlstate);

struct ConnectionOptions {
  std::string dsn;               // libpq connection string; never logged
  std::string application_name;  // shown in pg_stat_activity
  bool key_access_only = false;  // writers: no sequential scans, hash or merge joins
};

class Connection {
 public:
  // Unavailable if the server cannot be reached, Unauthenticated if it refuses the role.
  static absl::StatusOr<std::unique_ptr<Connection>> Open(ConnectionOptions options);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  // Ends the session if there is one and starts a new one.
  absl::Status Reconnect();
  bool connected() const;

  // Runs SQL text of one or more statements without parameters, outside a Tx: migrations and tests only.
  absl::StatusOr<Rows> Execute(const std::string& sql);

 private:
  friend class Tx;
  explicit Connection(ConnectionOptions options);
  absl::Status Prepare(const Statement& statement, const Params& params);
  absl::Status SetSession();

  struct Close {
    void operator()(pg_conn* conn) const;
  };
  const ConnectionOptions options_;
  std::unique_ptr<pg_conn, Close> conn_;
  std::unordered_set<std::string_view> prepared_;
};

// A connection that is opened when it is first needed and again after it was lost. Used by one thread.
class Session {
 public:
  explicit Session(ConnectionOptions options) : options_(std::move(options)) {}

  // Unavailable if the server is away.
  absl::Status Ensure();
  // After a successful Ensure.
  Connection& operator*() { return *connection_; }
  Connection* operator->() { return connection_.get(); }

 private:
  const ConnectionOptions options_;
  std::unique_ptr<Connection> connection_;
};

enum class CommitResult {
  kCommitted,
  kRolledBack,  // surely not committed; status() says why
  kInDoubt,     // the session was lost after COMMIT was sent
};

// One transaction, READ COMMITTED. The first error sticks: later statements do nothing and answer no rows, and Commit
// rolls back. Destroyed without Commit, it rolls back.
class Tx {
 public:
  // `name` appears in logs and metrics.
  Tx(Connection& connection, const char* name);
  ~Tx();
  Tx(const Tx&) = delete;
  Tx& operator=(const Tx&) = delete;

  template <class... Args>
  Rows Run(const Statement& statement, const Args&... args) {
    Params params;
    (params.Add(args), ...);
    return RunWith(statement, params);
  }
  Rows RunWith(const Statement& statement, const Params& params);

  // `statement` is a COPY ... FROM STDIN (FORMAT binary). All rows or, with an error, none.
  void Copy(const Statement& statement, const CopyRows& rows);

  // What was read cannot be used: as if a statement had failed by its data.
  void Reject(absl::Status status);

  CommitResult Commit();
  void Rollback();

  bool ok() const { return status_.ok(); }
  // The first error: code, and ErrorInfo with sqlstate, constraint and statement, never a value.
  const absl::Status& status() const { return status_; }
  ErrorKind error_kind() const { return kind_; }

 private:
  void Fail(absl::Status status, ErrorKind kind);
  void FailWith(const pg_result* result, const Statement& statement);

  Connection& connection_;
  const char* const name_;
  absl::Status status_;
  ErrorKind kind_ = ErrorKind::kNone;
  bool open_ = false;
};

}  // namespace tessera::pg
