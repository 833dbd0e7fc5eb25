// Parameters of a statement in Postgres' binary format: scalars, and arrays for set-based statements. Not thread-safe.
//
// C++ type -> SQL type: bool bool, int16_t int2, int32_t int4, int64_t int8, std::string and std::string_view text,
// Bytes bytea, Uuid and Id<> uuid, BrandId text, absl::Time timestamptz (infinite times are 'infinity'),
// std::optional<T> a nullable T, std::vector<T> an array of T, one dimension.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/time/time.h"
#include "base/ids.h"

namespace tessera::pg {

using Oid = uint32_t;

// Raw bytes, to tell bytea from text.
struct Bytes {
  std::string value;

  bool operator==(const Bytes&) const = default;
};

// Microseconds since 2000-01-01 UTC, as the server keeps a timestamptz.
int64_t ToPgMicros(absl::Time time);
absl::Time FromPgMicros(int64_t micros);

// One-dimensional int8[] in text form, "{1,2,3}": for a column that itself is an array, sent as text[] and cast,
// because unnest() would flatten an array of arrays.
std::string ArrayText(const std::vector<int64_t>& values);

namespace internal {

void AppendInt16(std::string& out, int16_t v);
void AppendInt32(std::string& out, int32_t v);
void AppendInt64(std::string& out, int64_t v);

// Type<T>: the SQL type's oid, its array's oid, and the binary form of a value.
template <class T>
struct Type;

#define TESSERA_PG_TYPE(T, oid, array_oid)                \
  template <>                                             \
  struct Type<T> {                                        \
    static constexpr Oid kOid = oid;                      \
    static constexpr Oid kArrayOid = array_oid;           \
    static void Append(std::string& out, const T& value); \
  }
TESSERA_PG_TYPE(bool, 16, 1000);
TESSERA_PG_TYPE(int16_t, 21, 1005);
TESSERA_PG_TYPE(int32_t, 23, 1007);
TESSERA_PG_TYPE(int64_t, 20, 1016);
TESSERA_PG_TYPE(std::string, 25, 1009);
TESSERA_PG_TYPE(std::string_view, 25, 1009);
TESSERA_PG_TYPE(Bytes, 17, 1001);
TESSERA_PG_TYPE(Uuid, 2950, 2951);
TESSERA_PG_TYPE(BrandId, 25, 1009);
TESSERA_PG_TYPE(absl::Time, 1184, 1185);
#undef TESSERA_PG_TYPE

template <class Tag>
struct Type<Id<Tag>> {
  static constexpr Oid kOid = Type<Uuid>::kOid;
  static constexpr Oid kArrayOid = Type<Uuid>::kArrayOid;
  static void Append(std::string& out, const Id<Tag>& value) { Type<Uuid>::Append(out, value.uuid); }
};

template <class T>
struct Type<std::optional<T>> {
  static constexpr Oid kOid = Type<T>::kOid;
  static constexpr Oid kArrayOid = Type<T>::kArrayOid;
};

// An array element with its length, which is patched in after the value.
void PatchLength(std::string& out, size_t at);

template <class T>
void AppendElement(std::string& out, const T& value) {
  const size_t at = out.size();
  AppendInt32(out, 0);
  Type<T>::Append(out, value);
  PatchLength(out, at);
}
template <class T>
void AppendElement(std::string& out, const std::optional<T>& value) {
  if (value) return AppendElement(out, *value);
  AppendInt32(out, -1);
}

}  // namespace internal

class Params {
 public:
  template <class T>
  void Add(const T& value) {
    std::string bytes;
    internal::Type<T>::Append(bytes, value);
    AddEncoded(internal::Type<T>::kOid, std::move(bytes));
  }
  void Add(const char* text) { Add(std::string_view(text)); }
  template <class T>
  void Add(const std::optional<T>& value) {
    if (value) return Add(*value);
    AddEncoded(internal::Type<T>::kOid, std::nullopt);
  }
  template <class T>
  void Add(const std::vector<T>& values) {
    std::string bytes;
    bytes.reserve(20 + values.size() * 20);
    internal::AppendInt32(bytes, values.empty() ? 0 : 1);  // dimensions
    internal::AppendInt32(bytes, 1);                       // may hold nulls
    internal::AppendInt32(bytes, static_cast<int32_t>(internal::Type<T>::kOid));
    if (!values.empty()) {
      internal::AppendInt32(bytes, static_cast<int32_t>(values.size()));
      internal::AppendInt32(bytes, 1);  // lower bound
    }
    for (const auto& value : values) internal::AppendElement(bytes, static_cast<const T&>(value));
    AddEncoded(internal::Type<T>::kArrayOid, std::move(bytes));
  }

  size_t size() const { return oids_.size(); }
  const std::vector<Oid>& oids() const { return oids_; }
  const std::vector<std::optional<std::string>>& values() const { return values_; }

 private:
  void AddEncoded(Oid oid, std::optional<std::string> bytes) {
    oids_.push_back(oid);
    values_.push_back(std::move(bytes));
  }

  std::vector<Oid> oids_;
  std::vector<std::optional<std::string>> values_;
};

}  // namespace tessera::pg
