// A Kafka record written as text, so that seeds can be read and mutations stay near to what is meant: lines
// "name: value" are headers, an empty line ends them, the rest is the value.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "kafka/record.h"

namespace tessera::fuzz {

inline kafka::Record RecordOf(const uint8_t* data, size_t size) {
  std::string_view text(reinterpret_cast<const char*>(data), size);
  kafka::Record record;
  record.key = "key";
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(text.size(), line.size() + 1));
    if (line.empty()) break;
    const size_t colon = std::min(line.find(": "), line.size());
    record.headers.push_back(
        {std::string(line.substr(0, colon)), std::string(line.substr(std::min(line.size(), colon + 2)))});
  }
  record.value = std::string(text);
  return record;
}

}  // namespace tessera::fuzz
