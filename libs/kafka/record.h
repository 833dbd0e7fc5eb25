// What goes into a topic and what comes out of it. Plain values; no Kafka client is needed to use them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"

namespace tessera::kafka {

struct Header {
  std::string name;
  std::string value;

  bool operator==(const Header&) const = default;
};

// A record as it was read. An absent value is a tombstone.
struct Record {
  std::string topic;
  int32_t partition = 0;
  int64_t offset = 0;
  absl::Time timestamp;  // as the producer or the broker set it; milliseconds
  std::optional<std::string> key;
  std::vector<Header> headers;
  std::optional<std::string> value;
};

// What a record takes in memory, about: a header is more than its bytes.
inline size_t MemoryBytes(const Record& record) {
  size_t bytes = (record.key ? record.key->size() : 0) + (record.value ? record.value->size() : 0);
  for (const Header& header : record.headers) bytes += sizeof(Header) + header.name.size() + header.value.size();
  return bytes;
}

// A record to be written, to exactly this partition.
struct Message {
  std::string topic;
  int32_t partition = 0;
  std::optional<std::string> key;
  std::vector<Header> headers;
  std::optional<std::string> value;
};

}  // namespace tessera::kafka
