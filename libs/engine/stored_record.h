// Records as the engine keeps them: sealed, because they may hold personal data. Pure, thread-safe.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "kafka/record.h"

namespace tessera::engine {

// Sealed under a key of its own, wrapped by `wrapping_key`.
std::string SealRecord(std::string_view wrapping_key, const kafka::Record& record);

// nullopt if the key or the bytes are wrong.
std::optional<kafka::Record> OpenRecord(std::string_view wrapping_key, std::string_view sealed);

}  // namespace tessera::engine
