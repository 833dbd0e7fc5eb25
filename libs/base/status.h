// Errors: absl::Status that carries google.rpc.ErrorInfo (reason, domain, metadata) and, where it helps, a retry delay.
// One conversion to gRPC happens at the border (libs/rpc). Thread-safe: all functions are pure.
//
// Which code to choose (the caller's next step decides): InvalidArgument = fix the request; FailedPrecondition = change
// the state first; Aborted = read again and repeat the whole step; Unavailable = the same call again, with the same
// request_id; ResourceExhausted = the same call after the retry delay.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace tessera {

// Why a call failed, for a program to act on.
struct ErrorInfo {
  std::string reason;  // UPPER_SNAKE
  std::string domain;  // "membership.tessera"
  std::map<std::string, std::string> metadata;

  bool operator==(const ErrorInfo&) const = default;
};

// An error with its ErrorInfo.
absl::Status MakeError(absl::StatusCode code, std::string_view message, const ErrorInfo& info);

// InvalidArgument that names the field, such as "lines[2].quantity".
absl::Status InvalidField(std::string_view field, std::string_view message, std::string_view reason = "FIELD_INVALID");

// ResourceExhausted with the time after which a repeat makes sense.
absl::Status Overloaded(std::string_view message, absl::Duration retry_delay);

// The ErrorInfo of an error, or nullopt if it carries none.
std::optional<ErrorInfo> ErrorInfoOf(const absl::Status& status);

// The retry delay of an error, or nullopt.
std::optional<absl::Duration> RetryDelayOf(const absl::Status& status);

// The field named by InvalidField, or "".
std::string FieldOf(const absl::Status& status);

// The wire form, a serialised google.rpc.Status, and back. Decode answers Internal for bytes that are none.
std::string EncodeStatus(const absl::Status& status);
absl::Status DecodeStatus(std::string_view bytes);

}  // namespace tessera

// Returns the error from the enclosing function.
#define TESSERA_RETURN_IF_ERROR(expression)                                                      \
  do {                                                                                           \
    if (absl::Status tessera_status = (expression); !tessera_status.ok()) return tessera_status; \
  } while (false)

#define TESSERA_CONCAT_INNER(a, b) a##b
#define TESSERA_CONCAT(a, b) TESSERA_CONCAT_INNER(a, b)
// TESSERA_ASSIGN_OR_RETURN(auto row, Find(key));
#define TESSERA_ASSIGN_OR_RETURN(declaration, expression)                                                 \
  auto TESSERA_CONCAT(tessera_or_, __LINE__) = (expression);                                              \
  if (!TESSERA_CONCAT(tessera_or_, __LINE__).ok()) return TESSERA_CONCAT(tessera_or_, __LINE__).status(); \
  declaration = std::move(TESSERA_CONCAT(tessera_or_, __LINE__)).value()  // NOLINT(*-macro-parentheses): it declares
