// Records as the engine keeps them: sealed, because they may hold personal data. Pure, thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "kafka/record.h"

namespace tessera::engine {

// Of a record with key, headers and value; of a larger one they are left out. What tells of a record is a record
// itself, which must not be larger than the broker takes, whatever a stranger's record unpacks to.
inline constexpr size_t kKeptBytesMax = 1'000'000;

struct KeptRecord {
  kafka::Record record;
  int64_t left_out_bytes = 0;  // then the record has neither key nor headers nor value
};

// NotFound NUMBER_UNKNOWN: what is kept under a number is not, or no longer, there.
absl::Status NumberUnknown(std::string_view message);

// Sealed under a key of its own, wrapped by `wrapping_key`.
std::string SealRecord(std::string_view wrapping_key, const kafka::Record& record);

// nullopt if the key or the bytes are wrong.
std::optional<KeptRecord> OpenRecord(std::string_view wrapping_key, std::string_view sealed);

}  // namespace tessera::engine
