// Checked int64 arithmetic: nullopt instead of a wrap. Pure, thread-safe.
#pragma once

#include <cstdint>
#include <optional>

namespace tessera {

std::optional<int64_t> CheckedAdd(int64_t a, int64_t b);
std::optional<int64_t> CheckedSub(int64_t a, int64_t b);
std::optional<int64_t> CheckedMul(int64_t a, int64_t b);

// floor(a * b / divisor) with a 128 bit product; nullopt if the quotient does not fit. a, b >= 0, divisor > 0.
std::optional<int64_t> MulDivFloor(int64_t a, int64_t b, int64_t divisor);

}  // namespace tessera
