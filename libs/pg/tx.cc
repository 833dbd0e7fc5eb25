#include "pg/tx.h"

#include <libpq-fe.h>

#include <utility>

#include "base/check.h"
#include "base/fault_point.h"
#include "base/log.h"
#include "base/strings.h"

namespace tessera::pg {

Tx::Tx(Connection& connection, const char* name, Extent extent)
    : connection_(connection), name_(name), extent_(extent), open_(true) {
  static constexpr Statement kBegin = {"begin", "BEGIN ISOLATION LEVEL READ COMMITTED"};
  if (extent == Extent::kTx) Send(kBegin);
}

Tx::~Tx() { Rollback(); }

void Tx::Fail(absl::Status status, ErrorKind kind) {
  if (!status_.ok()) return;
  status_ = std::move(status);
  kind_ = kind;
}

void Tx::FailWith(const Result& result, const char* statement) { Fail(ErrorOf(result, statement), KindOf(result)); }

void Tx::Reject(absl::Status status) { Fail(std::move(status), ErrorKind::kData); }

bool Tx::Usable(const char* statement) {
  if (!status_.ok() || !open_) return false;
  if (!connection_.connected()) Fail(Lost(statement), ErrorKind::kConnection);
  return status_.ok();
}

Rows Tx::RunWith(const Statement& statement, const Params& params) {
  SendWith(statement, params);
  if (!Usable(statement.name)) return Rows();
  Result result = Collect();
  return status_.ok() ? Rows(result.release()) : Rows();
}

// libpq sends what it holds when that has become large, so that the server works while the next statement is encoded;
// the few rows of a small batch leave together.
void Tx::SendWith(const Statement& statement, const Params& params) {
  if (!Usable(statement.name)) return;
  PGconn* const conn = connection_.conn_.get();
  if (sent_.empty()) TESSERA_CHECK(PQenterPipelineMode(conn) == 1);
  if (connection_.prepared_.insert(statement.name).second) {
    sent_.push_back({statement.name, true, nullptr});
    const auto count = static_cast<int>(params.size());
    if (PQsendPrepare(conn, statement.name, statement.sql, count, params.oids().data()) == 0) Lose(statement.name);
  }
  if (!status_.ok()) return;
  std::vector<const char*> values;
  std::vector<int> lengths, formats;
  values.reserve(params.size());
  lengths.reserve(params.size());
  formats.assign(params.size(), 1);
  for (const auto& value : params.values()) {
    values.push_back(value ? value->data() : nullptr);
    lengths.push_back(value ? static_cast<int>(value->size()) : 0);
  }
  sent_.push_back({statement.name, false, nullptr});
  if (PQsendQueryPrepared(conn, statement.name, static_cast<int>(values.size()), values.data(), lengths.data(),
                          formats.data(), /*resultFormat=*/1) == 0) {
    Lose(statement.name);
  }
}

std::shared_ptr<const Rows> Tx::AskWith(const Statement& statement, const Params& params) {
  auto rows = std::make_shared<Rows>();
  SendWith(statement, params);
  if (Usable(statement.name)) sent_.back().rows = rows;
  return rows;
}

// Whatever the server still does with the session, nobody will ask it.
Result Tx::Lose(const char* statement) {
  connection_.conn_.reset();
  sent_.clear();
  Fail(Lost(statement), ErrorKind::kConnection);
  return nullptr;
}

// Waits for the answers to all that was sent; the result of the last, or null if the session was lost. The first error
// counts: what follows it was not carried out.
Result Tx::Collect() {
  if (FaultPoint("pg.answer_lost")) return Lose(sent_.back().name);
  PGconn* const conn = connection_.conn_.get();
  PQpipelineSync(conn);
  Result last, failed;
  const char* failed_name = nullptr;
  for (const Sent& one : std::exchange(sent_, {})) {
    last.reset(PQgetResult(conn));
    const Result end(PQgetResult(conn));  // null, while the session is there
    if (!connection_.connected()) return Lose(one.name);
    if (Succeeded(last)) {
      if (one.rows != nullptr) *one.rows = Rows(last.release());
      continue;
    }
    if (one.prepares) connection_.prepared_.erase(one.name);
    if (failed_name != nullptr) continue;
    failed_name = one.name;
    failed = std::move(last);
  }
  const Result synced(PQgetResult(conn));
  if (PQresultStatus(synced.get()) != PGRES_PIPELINE_SYNC || PQexitPipelineMode(conn) == 0) return Lose("sync");
  if (failed_name != nullptr) FailWith(failed, failed_name);
  return last;
}

absl::StatusOr<Rows> Tx::Execute(const std::string& sql) {
  if (!sent_.empty()) Collect();
  if (!Usable("execute")) return status_;
  auto rows = connection_.Execute(sql);
  if (!rows.ok()) Fail(rows.status(), connection_.connected() ? ErrorKind::kOther : ErrorKind::kConnection);
  return rows;
}

void Tx::Copy(const Statement& statement, const CopyRows& rows) {
  constexpr std::string_view kTrailer = "\377\377";
  constexpr size_t kPiece = 1 << 20;
  if (!sent_.empty()) Collect();
  if (!Usable(statement.name)) return;
  PGconn* const conn = connection_.conn_.get();
  const auto put = [conn](std::string_view bytes) {
    return PQputCopyData(conn, bytes.data(), static_cast<int>(bytes.size())) == 1;
  };
  Result result(PQexec(conn, statement.sql));
  if (connection_.connected() && PQresultStatus(result.get()) != PGRES_COPY_IN) return FailWith(result, statement.name);
  bool sent = connection_.connected();
  const std::string_view bytes = rows.bytes();
  for (size_t at = 0; sent && at < bytes.size(); at += kPiece) sent = put(bytes.substr(at, kPiece));
  sent = sent && put(kTrailer) && PQputCopyEnd(conn, nullptr) == 1;
  result.reset(sent ? PQgetResult(conn) : nullptr);
  while (sent) {
    const Result last(PQgetResult(conn));
    if (last == nullptr) break;
  }
  if (!connection_.connected()) return Fail(Lost(statement.name), ErrorKind::kConnection);
  if (!Succeeded(result)) FailWith(result, statement.name);
}

CommitResult Tx::Commit() {
  static constexpr Statement kCommit = {"commit", "COMMIT"};
  TESSERA_CHECK(extent_ == Extent::kTx);
  if (!Usable(kCommit.name)) {
    Rollback();
    return CommitResult::kRolledBack;
  }
  if (FaultPoint("pg.commit_lost")) Lose(kCommit.name);
  Send(kCommit);
  const Result result = connection_.connected() ? Collect() : nullptr;
  if (FaultPoint("pg.commit_answer_lost")) Lose(kCommit.name);
  if (!connection_.connected()) {
    open_ = false;
    Fail(Lost(kCommit.name), ErrorKind::kConnection);
    return CommitResult::kInDoubt;
  }
  // A transaction that had failed before is rolled back by COMMIT, and says so.
  if (status_.ok() && std::string_view(PQcmdStatus(result.get())) == "COMMIT") {
    open_ = false;
    return CommitResult::kCommitted;
  }
  Rollback();
  return CommitResult::kRolledBack;
}

void Tx::Rollback() {
  if (!open_) return;
  open_ = false;
  if (connection_.connected() && !sent_.empty()) Collect();
  if (connection_.connected() && extent_ == Extent::kTx) Result(PQexec(connection_.conn_.get(), "ROLLBACK"));
  if (!status_.ok()) {
    LogWarning("transaction rolled back", {{"transaction", name_}, {"reason", ToStd(status_.message())}});
  }
}

}  // namespace tessera::pg
