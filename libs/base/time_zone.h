// Time zones by name. Thread-safe.
#pragma once

#include <optional>
#include <string_view>

#include "absl/time/time.h"

namespace tessera {

// The zone of a name of the IANA database, such as "Asia/Shanghai"; nullopt if this machine's copy has none. Not a name
// are paths, offsets, and what differs from machine to machine ("localtime").
std::optional<absl::TimeZone> FindTimeZone(std::string_view name);

}  // namespace tessera
