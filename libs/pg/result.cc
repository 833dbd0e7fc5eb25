#include "pg/result.h"

#include <libpq-fe.h>

#include "base/status.h"

namespace tessera::pg {
namespace {

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

}  // namespace

ErrorKind KindOf(std::string_view sqlstate) {
  if (sqlstate.empty() || sqlstate.starts_with("08")) return ErrorKind::kConnection;
  if (sqlstate.starts_with("22") || sqlstate.starts_with("23")) return ErrorKind::kData;
  if (sqlstate == "40001" || sqlstate == "40P01" || sqlstate == "55P03" || sqlstate.starts_with("57P0")) {
    return ErrorKind::kRetry;
  }
  return ErrorKind::kOther;
}

void ClearResult::operator()(pg_result* result) const { PQclear(result); }

bool Succeeded(const Result& result) {
  const ExecStatusType status = PQresultStatus(result.get());
  return status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK;
}

std::string ErrorField(const Result& result, int code) {
  const char* text = PQresultErrorField(result.get(), code);
  return text == nullptr ? "" : text;
}

ErrorKind KindOf(const Result& result) { return KindOf(ErrorField(result, PG_DIAG_SQLSTATE)); }

absl::Status ErrorOf(const Result& result, std::string_view statement) {
  const std::string sqlstate = ErrorField(result, PG_DIAG_SQLSTATE);
  ErrorInfo info{"DATABASE_ERROR", "postgres", {{"sqlstate", sqlstate}, {"statement", std::string(statement)}}};
  for (auto [name, code] : {std::pair{"constraint", PG_DIAG_CONSTRAINT_NAME}, {"table", PG_DIAG_TABLE_NAME}}) {
    if (auto text = ErrorField(result, code); !text.empty()) info.metadata[name] = text;
  }
  std::string message = "statement " + std::string(statement) + " failed with SQLSTATE " + sqlstate;
  // Syntax and catalogue errors (class 42) speak of our own SQL, never of data: their text helps.
  if (sqlstate.starts_with("42")) message += ": " + ErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
  return MakeError(CodeOf(KindOf(sqlstate)), message, info);
}

absl::Status Lost(std::string_view statement) {
  return MakeError(absl::StatusCode::kUnavailable, "database session lost",
                   {"DATABASE_UNAVAILABLE", "postgres", {{"statement", std::string(statement)}}});
}

}  // namespace tessera::pg
