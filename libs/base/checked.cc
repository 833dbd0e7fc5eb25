#include "base/checked.h"

#include <limits>

#include "base/check.h"

namespace tessera {
namespace {

__extension__ using Int128 = __int128;

}  // namespace

std::optional<int64_t> CheckedAdd(int64_t a, int64_t b) {
  int64_t out;
  if (__builtin_add_overflow(a, b, &out)) return std::nullopt;
  return out;
}

std::optional<int64_t> CheckedSub(int64_t a, int64_t b) {
  int64_t out;
  if (__builtin_sub_overflow(a, b, &out)) return std::nullopt;
  return out;
}

std::optional<int64_t> CheckedMul(int64_t a, int64_t b) {
  int64_t out;
  if (__builtin_mul_overflow(a, b, &out)) return std::nullopt;
  return out;
}

std::optional<int64_t> MulDivFloor(int64_t a, int64_t b, int64_t divisor) {
  TESSERA_CHECK(a >= 0 && b >= 0 && divisor > 0);
  const Int128 quotient = static_cast<Int128>(a) * b / divisor;
  if (quotient > std::numeric_limits<int64_t>::max()) return std::nullopt;
  return static_cast<int64_t>(quotient);
}

}  // namespace tessera
