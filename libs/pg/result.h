// What the server answers to a statement: its result, and what kind of error it is.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "absl/status/status.h"

struct pg_result;

namespace tessera::pg {

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

struct ClearResult {
  void operator()(pg_result* result) const;
};
using Result = std::unique_ptr<pg_result, ClearResult>;

// False of null.
bool Succeeded(const Result& result);

// A field of an error (PG_DIAG_...), or "".
std::string ErrorField(const Result& result, int code);

// The kind of a result that did not succeed.
ErrorKind KindOf(const Result& result);

// The error's SQLSTATE and the names the server gives, never its message, which may quote values.
absl::Status ErrorOf(const Result& result, std::string_view statement);

// The session ended before `statement` was answered.
absl::Status Lost(std::string_view statement);

}  // namespace tessera::pg
