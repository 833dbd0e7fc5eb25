// How a client proves itself to the brokers and encrypts: properties of librdkafka from a file, because they hold
// secrets.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"

namespace tessera::kafka {

using Settings = std::vector<std::pair<std::string, std::string>>;

// Lines of `name=value`; empty ones and those that begin with # are nothing. Only security.protocol, ssl.* and sasl.*:
// InvalidArgument that names the line and the property for any other. No value is ever in the message.
absl::StatusOr<Settings> ParseSecurity(std::string_view text);

// The same of a file; "" gives no settings. NotFound if it cannot be read.
absl::StatusOr<Settings> ReadSecurity(const std::string& path);

}  // namespace tessera::kafka
