// The 32 bit MurmurHash2 of Apache Kafka's Java client (org.apache.kafka.common.utils.Utils.murmur2), and the partition
// that its default partitioner gives a key. Pure, thread-safe.
#pragma once

#include <cstdint>
#include <string_view>

namespace tessera {

uint32_t Murmur2(std::string_view key);

// (murmur2(key) & 0x7fffffff) mod partitions; partitions > 0.
inline int32_t KafkaPartition(std::string_view key, int32_t partitions) {
  return static_cast<int32_t>((Murmur2(key) & 0x7fffffffu) % static_cast<uint32_t>(partitions));
}

}  // namespace tessera
