#include "pg/connection.h"

#include <libpq-fe.h>

#include "base/fault_point.h"
#include "base/log.h"
#include "base/status.h"
#include "base/strings.h"

namespace tessera::pg {
namespace {

struct ClearResult {
  void operator()(PGresult* result) const { PQclear(result); }
};
using Result = std::unique_ptr<PGresult, ClearResult>;

bool Succeeded(const PGresult* result) {
  const ExecStatusType status = PQresultStatus(result);
  return status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK;
}

std::string Field(const PGresult* result, int code) {
  const char* text = PQresultErrorField(result, code);
  return text == nullptr ? "" : text;
}

absl::StatusCode CodeOf(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::kNone:
      return absl::StatusCode::kOk;
    case ErrorKind::kData:
      return absl::StatusCode::kFailedPrecondition;
    case ErrorKind::kRetry:
      return absl::StatusCode::kAborted;
    case ErrorKind::kConnection:
      return absl::StatusCode::kUnavailable;
    case ErrorKind::kOther:
      return absl::StatusCode::kInternal;
  }
  return absl::StatusCode::kInternal;
}

// The server's message may quote row values, so only its SQLSTATE and the names it gives are kept.
absl::Status ErrorOf(const PGresult* result, ErrorKind kind, std::string_view statement) {
  const std::string sqlstate = Field(result, PG_DIAG_SQLSTATE);
  ErrorInfo info{"DATABASE_ERROR", "postgres", {{"sqlstate", sqlstate}, {"statement", std::string(statement)}}};
  for (auto [name, code] : {std::pair{"constraint", PG_DIAG_CONSTRAINT_NAME}, {"table", PG_DIAG_TABLE_NAME}}) {
    if (auto text = Field(result, code); !text.empty()) info.metadata[name] = text;
  }
  std::string message = "statement " + std::string(statement) + " failed with SQLSTATE " + sqlstate;
  // Syntax and catalogue errors (class 42) speak of our own SQL, never of data: their text helps.
  if (sqlstate.starts_with("42")) message += ": " + Field(result, PG_DIAG_MESSAGE_PRIMARY);
  return MakeError(CodeOf(kind), message, info);
}

absl::Status Lost(std::string_view statement) {
  return MakeError(absl::StatusCode::kUnavailable, "database session lost",
                   {"DATABASE_UNAVAILABLE", "postgres", {{"statement", std::string(statement)}}});
}

}  // namespace

ErrorKind KindOf(std::string_view sqlstate) {
  if (sqlstate.empty() || sqlstate.starts_with("08")) return ErrorKind::kConnection;
  if (sqlstate.starts_with("22") || sqlstate.starts_with("23")) return ErrorKind::kData;
  if (sqlstate == "40001" || sqlstate == "40P01" || sqlstate == "55P03" || sqlstate.starts_with("57P0")) {
    return ErrorKind::kRetry;
  }
  return ErrorKind::kOther;
}

void Connection::Close::operator()(pg_conn* conn) const { PQfinish(conn); }

Connection::Connection(ConnectionOptions options) : options_(std::move(options)) {}
Connection::~Connection() = default;

absl::StatusOr<std::unique_ptr<Connection>> Connection::Open(ConnectionOptions options) {
  std::unique_ptr<Connection> connection(new Connection(std::move(options)));
  TESSERA_RETURN_IF_ERROR(connection->Reconnect());
  return connection;
}

absl::Status Connection::Reconnect() {
  conn_.reset();
  prepared_.clear();
  // TCP settings so that a half-dead session ends within seconds instead of holding its locks for hours.
  const char* names[] = {"dbname",           "application_name",    "connect_timeout",
                         "keepalives_idle",  "keepalives_interval", "keepalives_count",
                         "tcp_user_timeout", "client_encoding",     nullptr};
  const char* values[] = {
      options_.dsn.c_str(), options_.application_name.c_str(), "5", "4", "2", "3", "10000", "UTF8", nullptr};
  conn_.reset(PQconnectdbParams(names, values, /*expand_dbname=*/1));
  if (PQstatus(conn_.get()) != CONNECTION_OK) {
    const std::string text = PQerrorMessage(conn_.get());
    conn_.reset();
    const bool refused = text.find("authentication") != std::string::npos || text.find("role") != std::string::npos;
    return MakeError(refused ? absl::StatusCode::kUnauthenticated : absl::StatusCode::kUnavailable,
                     refused ? "the database refuses the role" : "the database cannot be reached",
                     {"DATABASE_UNAVAILABLE", "postgres", {}});
  }
  PQsetNoticeProcessor(
      conn_.get(), [](void*, const char*) {}, nullptr);
  return SetSession();
}

absl::Status Connection::SetSession() {
  std::string sql =
      "SET jit = off; SET idle_in_transaction_session_timeout = '5s'; SET statement_timeout = '60s'; "
      "SET timezone = 'UTC'";
  if (options_.key_access_only) {
    sql +=
        "; SET enable_seqscan = off; SET enable_hashjoin = off; SET enable_mergejoin = off; "
        "SET plan_cache_mode = force_generic_plan";
  }
  return Execute(sql).status();
}

bool Connection::connected() const { return conn_ != nullptr && PQstatus(conn_.get()) == CONNECTION_OK; }

absl::StatusOr<Rows> Connection::Execute(const std::string& sql) {
  if (!connected()) return Lost("execute");
  Result result(PQexec(conn_.get(), sql.c_str()));
  if (!connected()) return Lost("execute");
  if (!Succeeded(result.get())) {
    const std::string position = Field(result.get(), PG_DIAG_STATEMENT_POSITION);
    const std::string name = position.empty() ? "execute" : "execute at " + position;
    return ErrorOf(result.get(), KindOf(Field(result.get(), PG_DIAG_SQLSTATE)), name);
  }
  return Rows(result.release());
}

absl::Status Connection::Prepare(const Statement& statement, const Params& params) {
  if (prepared_.contains(statement.name)) return absl::OkStatus();
  Result result(
      PQprepare(conn_.get(), statement.name, statement.sql, static_cast<int>(params.size()), params.oids().data()));
  if (!connected()) return Lost(statement.name);
  if (!Succeeded(result.get())) {
    return ErrorOf(result.get(), KindOf(Field(result.get(), PG_DIAG_SQLSTATE)), statement.name);
  }
  prepared_.insert(statement.name);
  return absl::OkStatus();
}

absl::Status Session::Ensure() {
  if (connection_ != nullptr && connection_->connected()) return absl::OkStatus();
  if (connection_ != nullptr) return connection_->Reconnect();
  TESSERA_ASSIGN_OR_RETURN(connection_, Connection::Open(options_));
  return absl::OkStatus();
}

Tx::Tx(Connection& connection, const char* name) : connection_(connection), name_(name) {
  static constexpr Statement kBegin = {"begin", "BEGIN ISOLATION LEVEL READ COMMITTED"};
  open_ = true;
  RunWith(kBegin, Params());
}

Tx::~Tx() { Rollback(); }

void Tx::Fail(absl::Status status, ErrorKind kind) {
  status_ = std::move(status);
  kind_ = kind;
}

void Tx::Reject(absl::Status status) {
  if (status_.ok()) Fail(std::move(status), ErrorKind::kData);
}

Rows Tx::RunWith(const Statement& statement, const Params& params) {
  if (!status_.ok() || !open_) return Rows();
  if (!connection_.connected()) {
    Fail(Lost(statement.name), ErrorKind::kConnection);
    return Rows();
  }
  if (absl::Status prepared = connection_.Prepare(statement, params); !prepared.ok()) {
    const auto info = ErrorInfoOf(prepared);
    const auto sqlstate = info->metadata.find("sqlstate");
    Fail(prepared, KindOf(sqlstate == info->metadata.end() ? "" : sqlstate->second));
    return Rows();
  }
  std::vector<const char*> values;
  std::vector<int> lengths, formats;
  for (const auto& value : params.values()) {
    values.push_back(value ? value->data() : nullptr);
    lengths.push_back(value ? static_cast<int>(value->size()) : 0);
    formats.push_back(1);
  }
  Result result(PQexecPrepared(connection_.conn_.get(), statement.name, static_cast<int>(values.size()), values.data(),
                               lengths.data(), formats.data(), /*resultFormat=*/1));
  if (!connection_.connected()) {
    Fail(Lost(statement.name), ErrorKind::kConnection);
    return Rows();
  }
  if (!Succeeded(result.get())) {
    FailWith(result.get(), statement);
    return Rows();
  }
  return Rows(result.release());
}

void Tx::FailWith(const PGresult* result, const Statement& statement) {
  const ErrorKind kind = KindOf(Field(result, PG_DIAG_SQLSTATE));
  Fail(ErrorOf(result, kind, statement.name), kind);
}

void Tx::Copy(const Statement& statement, const CopyRows& rows) {
  constexpr std::string_view kTrailer = "\377\377";
  constexpr size_t kPiece = 1 << 20;
  if (!status_.ok() || !open_) return;
  PGconn* const conn = connection_.conn_.get();
  const auto put = [conn](std::string_view bytes) {
    return PQputCopyData(conn, bytes.data(), static_cast<int>(bytes.size())) == 1;
  };
  Result result(PQexec(conn, statement.sql));
  if (connection_.connected() && PQresultStatus(result.get()) != PGRES_COPY_IN) {
    return FailWith(result.get(), statement);
  }
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
  if (!Succeeded(result.get())) FailWith(result.get(), statement);
}

CommitResult Tx::Commit() {
  if (!status_.ok()) {
    Rollback();
    return CommitResult::kRolledBack;
  }
  open_ = false;
  Result result;
  bool lost = FaultPoint("pg.commit_lost");
  if (!lost) result.reset(PQexec(connection_.conn_.get(), "COMMIT"));
  lost = lost || FaultPoint("pg.commit_answer_lost");
  if (lost || !connection_.connected()) {
    Fail(Lost("commit"), ErrorKind::kConnection);
    return CommitResult::kInDoubt;
  }
  if (Succeeded(result.get()) && std::string_view(PQcmdStatus(result.get())) == "COMMIT") {
    return CommitResult::kCommitted;
  }
  const ErrorKind kind = KindOf(Field(result.get(), PG_DIAG_SQLSTATE));
  Fail(ErrorOf(result.get(), kind, "commit"), kind);
  return CommitResult::kRolledBack;
}

void Tx::Rollback() {
  if (!open_) return;
  open_ = false;
  if (connection_.connected()) Result(PQexec(connection_.conn_.get(), "ROLLBACK"));
  if (!status_.ok()) {
    LogWarning("transaction rolled back", {{"transaction", name_}, {"reason", ToStd(status_.message())}});
  }
}

}  // namespace tessera::pg
