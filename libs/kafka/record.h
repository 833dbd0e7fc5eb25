// A record of a topic and its headers. Plain values without the client library.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"

namespace tessera::kafka {

struct Header {
  std::string name, value;

  bool operator==(const Header&) const = default;
};

struct Record {
  std::string topic;
  int32_t partition = 0;
  int64_t offset = 0;
  absl::Time timestamp;
  std::optional<std::string> key;
  std::vector<Header> headers;
  std::optional<std::string> value;
};

}  // namespace tessera::kafka
