#include "services/membership/domain/rational.h"

#include <algorithm>
#include <numeric>

#include "base/check.h"
#include "base/checked.h"

namespace tessera::membership {
namespace {

__extension__ using Uint128 = unsigned __int128;

// floor(a * num / den) for num < den < 2^126, without a wider product: one bit of `a` at a time.
int64_t MulDivWide(int64_t a, Uint128 num, Uint128 den) {
  Uint128 rest = 0;
  uint64_t quotient = 0;
  for (int bit = 62; bit >= 0; --bit) {
    quotient *= 2;
    rest = rest * 2 + (((a >> bit) & 1) != 0 ? num : 0);
    while (rest >= den) {
      rest -= den;
      ++quotient;
    }
  }
  return static_cast<int64_t>(quotient);
}

}  // namespace

std::optional<int64_t> CheckedSum(const std::vector<int64_t>& values) {
  int64_t sum = 0;
  for (int64_t value : values) {
    const auto next = CheckedAdd(sum, value);
    if (!next) return std::nullopt;
    sum = *next;
  }
  return sum;
}

std::vector<int64_t> Allocate(int64_t total, const std::vector<int64_t>& weights) {
  std::vector<int64_t> parts(weights.size());
  Uint128 sum = 0;
  for (int64_t weight : weights) sum += static_cast<Uint128>(weight);
  if (sum == 0) {
    TESSERA_CHECK(total == 0);
    return parts;
  }
  TESSERA_CHECK(sum <= static_cast<Uint128>(INT64_MAX));
  std::vector<uint64_t> remainders(weights.size());
  int64_t left = total;
  for (size_t i = 0; i < weights.size(); ++i) {
    const Uint128 product = static_cast<Uint128>(total) * static_cast<Uint128>(weights[i]);
    parts[i] = static_cast<int64_t>(product / sum);
    remainders[i] = static_cast<uint64_t>(product % sum);
    left -= parts[i];
  }
  std::vector<size_t> order(weights.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) { return remainders[a] > remainders[b]; });
  for (size_t i = 0; left > 0; ++i, --left) ++parts[order[i]];
  return parts;
}

std::vector<int64_t> AllocateWithin(int64_t total, const std::vector<int64_t>& weights,
                                    const std::vector<int64_t>& limits) {
  std::vector<int64_t> parts(weights.size()), open = weights;
  for (size_t i = 0; i < limits.size(); ++i) {
    if (limits[i] == 0) open[i] = 0;
  }
  for (;;) {
    const std::vector<int64_t> shares = Allocate(total, open);
    bool within = true;
    for (size_t i = 0; i < shares.size(); ++i) {
      if (open[i] == 0 || shares[i] <= limits[i]) continue;
      within = false;
      parts[i] = limits[i];
      total -= limits[i];
      open[i] = 0;
    }
    if (within) {
      for (size_t i = 0; i < shares.size(); ++i) parts[i] += shares[i];
      return parts;
    }
  }
}

int64_t ClawbackOf(int64_t award, const Returned& r) {
  const Uint128 quantity = static_cast<Uint128>(std::max<int64_t>(r.quantity, 1));
  const Uint128 amount = static_cast<Uint128>(std::max<int64_t>(r.amount, 1));
  const Uint128 pieces = r.quantity > 0 ? static_cast<Uint128>(r.pieces) : 0;
  const Uint128 money = r.amount > 0 ? static_cast<Uint128>(r.money) : 0;
  const Uint128 num = pieces * amount + money * quantity, den = quantity * amount;
  if (num >= den) return award;
  constexpr auto kSmall = static_cast<Uint128>(INT64_MAX);
  if (num <= kSmall) return static_cast<int64_t>(static_cast<Uint128>(award) * num / den);
  return MulDivWide(award, num, den);
}

int64_t MoneyLeft(const Returned& r) {
  const int64_t of_pieces = r.quantity > 0 ? MulDivFloor(r.amount, r.pieces, r.quantity).value() : 0;
  return std::max<int64_t>(0, r.amount - of_pieces - r.money);
}

}  // namespace tessera::membership
