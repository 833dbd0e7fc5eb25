// UUIDs and strong ids. Values are immutable and thread-safe.
//
// Ids are UUIDv7 (RFC 9562, section 5.7): 48 bits of milliseconds, then entropy. Every maker takes its time, and
// IdOf also takes its entropy from a cause, so that deciding the same command again makes the same id.
#pragma once

#include <array>
#include <bit>
#include <compare>
#include <cstdint>
#include <cstring>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "absl/time/time.h"

namespace tessera {

struct Uuid {
  std::array<uint8_t, 16> bytes{};

  // Inline words instead of a call of memcmp: ids are the keys of every table of a batch.
  friend std::strong_ordering operator<=>(const Uuid& a, const Uuid& b) {
    const auto high = a.Word(0) <=> b.Word(0);
    return high != 0 ? high : a.Word(8) <=> b.Word(8);
  }
  friend bool operator==(const Uuid& a, const Uuid& b) { return (a <=> b) == 0; }

  bool is_nil() const { return *this == Uuid{}; }

  // Lower case with hyphens, the text that keys a Kafka record.
  std::string ToString() const;

  // Accepts the 36 character form in either case; nullopt otherwise.
  static std::optional<Uuid> Parse(std::string_view text);

  // The 16 raw bytes; nullopt unless there are exactly 16.
  static std::optional<Uuid> FromBytes(std::string_view bytes);

  // The milliseconds that a version 7 UUID carries.
  absl::Time TimeOfV7() const;

  template <class H>
  friend H AbslHashValue(H h, const Uuid& id) {
    return H::combine_contiguous(std::move(h), id.bytes.data(), id.bytes.size());
  }

 private:
  // Eight bytes as a number that sorts as they do.
  uint64_t Word(size_t at) const {
    uint64_t word;
    std::memcpy(&word, bytes.data() + at, sizeof(word));
    return std::endian::native == std::endian::little ? __builtin_bswap64(word) : word;
  }
};

// A UUIDv7 of `time` (milliseconds, 1970 or later) with random entropy. For ids of requests and processes, never
// inside Decide.
Uuid RandomUuidV7(absl::Time time);

// A UUIDv7 of `time` whose entropy is a hash of `parts`: the same cause makes the same id.
Uuid UuidV7Of(absl::Time time, std::initializer_list<std::string_view> parts);

// A UUIDv8 (RFC 9562, section 5.8) of the first 122 bits of `digest`, which has at least 16 bytes.
Uuid UuidV8Of(std::string_view digest);

// An id of one kind of thing: `using CustomerId = Id<struct CustomerTag>;`
template <class Tag>
struct Id {
  Uuid uuid;

  auto operator<=>(const Id&) const = default;

  bool is_nil() const { return uuid.is_nil(); }
  std::string ToString() const { return uuid.ToString(); }
  static std::optional<Id> Parse(std::string_view text) {
    auto uuid = Uuid::Parse(text);
    if (!uuid) return std::nullopt;
    return Id{*uuid};
  }

  template <class H>
  friend H AbslHashValue(H h, const Id& id) {
    return H::combine(std::move(h), id.uuid);
  }
};

// Ids that several services speak of.
using CustomerId = Id<struct CustomerTag>;
using RequestId = Id<struct RequestTag>;
using MergeId = Id<struct MergeTag>;

// A brand, the tenant: lower-case letters, digits and hyphens, 1 to 40 characters. Compared as text.
struct BrandId {
  std::string value;

  auto operator<=>(const BrandId&) const = default;

  // nullopt unless the text has the form above.
  static std::optional<BrandId> Parse(std::string_view text);

  template <class H>
  friend H AbslHashValue(H h, const BrandId& id) {
    return H::combine(std::move(h), id.value);
  }
};

}  // namespace tessera

template <>
struct std::hash<tessera::Uuid> {
  size_t operator()(const tessera::Uuid& id) const noexcept {
    size_t h;
    std::memcpy(&h, id.bytes.data() + 8, sizeof(h));  // the entropy half
    return h;
  }
};
