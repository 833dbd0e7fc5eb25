// The rows of an answer, decoded from Postgres' binary format. Movable; the views that Text() gives live as long as it.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "absl/time/time.h"
#include "base/ids.h"
#include "pg/params.h"

struct pg_result;

namespace tessera::pg {

class Rows;

// One row. Columns are numbered from 0. A column of another type than asked for is a bug and ends the process.
class Row {
 public:
  Row(const Rows* rows, int index) : rows_(rows), index_(index) {}

  bool IsNull(int column) const;

  // T: bool, int16_t, int32_t, int64_t, std::string, Bytes, Uuid, Id<>, BrandId, absl::Time, std::vector<int64_t>,
  // std::vector<std::string>, std::vector<Uuid>, or std::optional of these for a column that may be null.
  template <class T>
  T Get(int column) const;

 private:
  const Rows* rows_;
  int index_;
};

class Rows {
 public:
  Rows() = default;
  explicit Rows(pg_result* result);

  int size() const { return size_; }
  bool empty() const { return size_ == 0; }
  Row operator[](int i) const { return Row(this, i); }
  // A value as the server wrote it in text; only of answers of Connection::Execute.
  std::string_view TextAt(int row, int column) const;
  // How many rows an INSERT, UPDATE or DELETE changed.
  int64_t affected() const { return affected_; }

  class Iterator {
   public:
    Iterator(const Rows* rows, int i) : rows_(rows), i_(i) {}
    Row operator*() const { return Row(rows_, i_); }
    Iterator& operator++() {
      ++i_;
      return *this;
    }
    bool operator!=(const Iterator& other) const { return i_ != other.i_; }

   private:
    const Rows* rows_;
    int i_;
  };
  Iterator begin() const { return {this, 0}; }
  Iterator end() const { return {this, size_}; }

 private:
  friend class Row;
  struct FreeResult {
    void operator()(pg_result* result) const;
  };
  // The raw bytes of a value, after a check that the column has one of the types (0: none).
  std::string_view Value(int row, int column, Oid type, Oid other_type = 0) const;

  std::unique_ptr<pg_result, FreeResult> result_;
  int size_ = 0;
  int64_t affected_ = 0;
};

namespace internal {

template <class T>
struct IsOptional : std::false_type {};
template <class T>
struct IsOptional<std::optional<T>> : std::true_type {
  using Value = T;
};

template <class T>
struct IsId : std::false_type {};
template <class Tag>
struct IsId<Id<Tag>> : std::true_type {};

}  // namespace internal

template <>
bool Row::Get<bool>(int column) const;
template <>
int16_t Row::Get<int16_t>(int column) const;
template <>
int32_t Row::Get<int32_t>(int column) const;
template <>
int64_t Row::Get<int64_t>(int column) const;
template <>
std::string Row::Get<std::string>(int column) const;
template <>
Bytes Row::Get<Bytes>(int column) const;
template <>
Uuid Row::Get<Uuid>(int column) const;
template <>
BrandId Row::Get<BrandId>(int column) const;
template <>
absl::Time Row::Get<absl::Time>(int column) const;
template <>
std::vector<int64_t> Row::Get<std::vector<int64_t>>(int column) const;
template <>
std::vector<std::string> Row::Get<std::vector<std::string>>(int column) const;
template <>
std::vector<Uuid> Row::Get<std::vector<Uuid>>(int column) const;

template <class T>
T Row::Get(int column) const {
  if constexpr (internal::IsOptional<T>::value) {
    if (IsNull(column)) return std::nullopt;
    return Get<typename internal::IsOptional<T>::Value>(column);
  } else {
    static_assert(internal::IsId<T>::value, "no such column type");
    return T{Get<Uuid>(column)};
  }
}

}  // namespace tessera::pg
