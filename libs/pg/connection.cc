#include "pg/connection.h"

#include <libpq-fe.h>

#include "base/status.h"
#include "pg/result.h"

namespace tessera::pg {

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
  // TCP settings, here and in SetSession, so that a half-dead session ends within seconds on both sides instead of
  // holding its locks for hours.
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
      "SET timezone = 'UTC'; SET tcp_keepalives_idle = 4; SET tcp_keepalives_interval = 2; "
      "SET tcp_keepalives_count = 3; SET tcp_user_timeout = 10000";
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
  if (!Succeeded(result)) {
    const std::string position = ErrorField(result, PG_DIAG_STATEMENT_POSITION);
    return ErrorOf(result, position.empty() ? "execute" : "execute at " + position);
  }
  return Rows(result.release());
}

absl::Status Session::Ensure() {
  if (connection_ != nullptr && connection_->connected()) return absl::OkStatus();
  if (connection_ != nullptr) return connection_->Reconnect();
  TESSERA_ASSIGN_OR_RETURN(connection_, Connection::Open(options_));
  return absl::OkStatus();
}

}  // namespace tessera::pg
