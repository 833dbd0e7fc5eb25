// Transactions. A Tx is used by one thread, and so is its Connection.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "pg/connection.h"
#include "pg/copy_rows.h"
#include "pg/params.h"
#include "pg/result.h"
#include "pg/rows.h"

namespace tessera::pg {

// A statement, prepared on its first use in each session. A constant of static lifetime; names are unique per program.
struct Statement {
  const char* name;
  const char* sql;
};

enum class CommitResult {
  kCommitted,
  kRolledBack,  // surely not committed; status() says why
  kInDoubt,     // the session was lost after COMMIT was sent
};

// How far a transaction reaches.
enum class Extent {
  kTx,
  kStatement,  // each Run is one with what was asked before it, done when it answers: for reads, which then take one
               // round trip
};

// One transaction, READ COMMITTED. The first error sticks: later statements do nothing and answer no rows, and Commit
// rolls back. Destroyed without Commit, it rolls back.
//
// What is sent waits for no answer: it travels with the next statement that does, so that a batch's writes and its
// COMMIT are one round trip (libpq's pipeline mode). An error of what was sent is therefore seen by the next Run or
// Commit, with the name of the statement that failed.
class Tx {
 public:
  // `name` appears in logs and metrics.
  Tx(Connection& connection, const char* name, Extent extent = Extent::kTx);
  ~Tx();
  Tx(const Tx&) = delete;
  Tx& operator=(const Tx&) = delete;

  // Runs it, and all that was sent before, and waits for its rows.
  template <class... Args>
  Rows Run(const Statement& statement, const Args&... args) {
    Params params;
    (params.Add(args), ...);
    return RunWith(statement, params);
  }
  Rows RunWith(const Statement& statement, const Params& params);

  // For a statement whose rows nobody reads.
  template <class... Args>
  void Send(const Statement& statement, const Args&... args) {
    Params params;
    (params.Add(args), ...);
    SendWith(statement, params);
  }
  void SendWith(const Statement& statement, const Params& params);

  // As Send, for a statement whose rows are read: they are there when the next Run has answered.
  template <class... Args>
  std::shared_ptr<const Rows> Ask(const Statement& statement, const Args&... args) {
    Params params;
    (params.Add(args), ...);
    return AskWith(statement, params);
  }

  // SQL text of one or more statements without parameters: migrations. Its error ends the transaction, too.
  absl::StatusOr<Rows> Execute(const std::string& sql);

  // `statement` is a COPY ... FROM STDIN (FORMAT binary). All rows or, with an error, none.
  void Copy(const Statement& statement, const CopyRows& rows);

  // What was read cannot be used: as if a statement had failed by its data.
  void Reject(absl::Status status);

  // Not of Extent::kStatement.
  CommitResult Commit();
  void Rollback();

  bool ok() const { return status_.ok(); }
  // The first error: code, and ErrorInfo with sqlstate, constraint and statement, never a value.
  const absl::Status& status() const { return status_; }
  ErrorKind error_kind() const { return kind_; }

 private:
  struct Sent {
    const char* name;
    bool prepares;               // not carried out itself
    std::shared_ptr<Rows> rows;  // null: nobody reads them, or who waits for the answer does
  };

  void Fail(absl::Status status, ErrorKind kind);
  void FailWith(const Result& result, const char* statement);
  bool Usable(const char* statement);
  std::shared_ptr<const Rows> AskWith(const Statement& statement, const Params& params);
  Result Lose(const char* statement);
  Result Collect();

  Connection& connection_;
  const char* const name_;
  const Extent extent_;
  std::vector<Sent> sent_;  // and not answered yet; not empty: the connection is in pipeline mode
  absl::Status status_;
  ErrorKind kind_ = ErrorKind::kNone;
  bool open_ = false;
};

}  // namespace tessera::pg
