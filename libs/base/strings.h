// Bridges between std::string_view, which our interfaces use, and absl::string_view, a type of its own in Debian 12.
#pragma once

#include <string>
#include <string_view>

#include "absl/strings/string_view.h"

namespace tessera {

inline absl::string_view ToAbsl(std::string_view text) { return {text.data(), text.size()}; }
inline std::string_view ToStd(absl::string_view text) { return {text.data(), text.size()}; }

}  // namespace tessera
