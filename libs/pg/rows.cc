#include "pg/rows.h"

#include <libpq-fe.h>

#include <charconv>
#include <cstring>

#include "base/check.h"

namespace tessera::pg {
namespace {

template <class T>
T BigEndian(std::string_view bytes) {
  TESSERA_CHECK(bytes.size() >= sizeof(T));
  std::make_unsigned_t<T> v = 0;
  for (size_t i = 0; i < sizeof(T); ++i) v = static_cast<decltype(v)>(v << 8 | static_cast<uint8_t>(bytes[i]));
  return static_cast<T>(v);
}

// The elements of a one-dimensional array without nulls.
std::vector<std::string_view> Elements(std::string_view bytes) {
  std::vector<std::string_view> elements;
  const auto dimensions = BigEndian<int32_t>(bytes);
  if (dimensions == 0) return elements;
  TESSERA_CHECK(dimensions == 1);
  const auto count = BigEndian<int32_t>(bytes.substr(12));
  elements.reserve(count);
  size_t at = 20;
  for (int32_t i = 0; i < count; ++i) {
    const auto length = BigEndian<int32_t>(bytes.substr(at));
    TESSERA_CHECK(length >= 0);
    elements.push_back(bytes.substr(at + 4, length));
    at += 4 + static_cast<size_t>(length);
  }
  return elements;
}

Uuid ToUuid(std::string_view bytes) {
  Uuid id;
  TESSERA_CHECK(bytes.size() == id.bytes.size());
  std::memcpy(id.bytes.data(), bytes.data(), bytes.size());
  return id;
}

constexpr Oid kVarchar = 1043, kName = 19;

}  // namespace

void Rows::FreeResult::operator()(pg_result* result) const { PQclear(result); }

Rows::Rows(pg_result* result) : result_(result), size_(PQntuples(result)) {
  const std::string_view count = PQcmdTuples(result);
  std::from_chars(count.data(), count.data() + count.size(), affected_);
}

std::string_view Rows::Value(int row, int column, Oid type, Oid other_type) const {
  TESSERA_CHECK(row < size_ && column < PQnfields(result_.get()));
  const Oid actual = PQftype(result_.get(), column);
  TESSERA_CHECK(actual == type || (other_type != 0 && actual == other_type));
  TESSERA_CHECK(PQgetisnull(result_.get(), row, column) == 0);
  return {PQgetvalue(result_.get(), row, column), static_cast<size_t>(PQgetlength(result_.get(), row, column))};
}

std::string_view Rows::TextAt(int row, int column) const {
  TESSERA_CHECK(PQfformat(result_.get(), column) == 0);
  return {PQgetvalue(result_.get(), row, column), static_cast<size_t>(PQgetlength(result_.get(), row, column))};
}

bool Row::IsNull(int column) const { return PQgetisnull(rows_->result_.get(), index_, column) != 0; }

template <>
bool Row::Get<bool>(int column) const {
  return rows_->Value(index_, column, 16)[0] != 0;
}
template <>
int16_t Row::Get<int16_t>(int column) const {
  return BigEndian<int16_t>(rows_->Value(index_, column, 21));
}
template <>
int32_t Row::Get<int32_t>(int column) const {
  return BigEndian<int32_t>(rows_->Value(index_, column, 23));
}
template <>
int64_t Row::Get<int64_t>(int column) const {
  return BigEndian<int64_t>(rows_->Value(index_, column, 20));
}
template <>
std::string Row::Get<std::string>(int column) const {
  const Oid actual = PQftype(rows_->result_.get(), column);
  return std::string(rows_->Value(index_, column, 25, actual == kVarchar || actual == kName ? actual : 0));
}
template <>
Bytes Row::Get<Bytes>(int column) const {
  return {std::string(rows_->Value(index_, column, 17))};
}
template <>
Uuid Row::Get<Uuid>(int column) const {
  return ToUuid(rows_->Value(index_, column, 2950));
}
template <>
BrandId Row::Get<BrandId>(int column) const {
  return {Get<std::string>(column)};
}
template <>
absl::Time Row::Get<absl::Time>(int column) const {
  return FromPgMicros(BigEndian<int64_t>(rows_->Value(index_, column, 1184)));
}
template <>
std::vector<int64_t> Row::Get<std::vector<int64_t>>(int column) const {
  std::vector<int64_t> values;
  for (auto element : Elements(rows_->Value(index_, column, 1016))) values.push_back(BigEndian<int64_t>(element));
  return values;
}
template <>
std::vector<std::string> Row::Get<std::vector<std::string>>(int column) const {
  std::vector<std::string> values;
  for (auto element : Elements(rows_->Value(index_, column, 1009))) values.emplace_back(element);
  return values;
}
template <>
std::vector<Uuid> Row::Get<std::vector<Uuid>>(int column) const {
  std::vector<Uuid> values;
  for (auto element : Elements(rows_->Value(index_, column, 2951))) values.push_back(ToUuid(element));
  return values;
}

}  // namespace tessera::pg
