// Exact proportions of int64 amounts. Pure, thread-safe.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

namespace tessera::membership {

// `total` divided in proportion to `weights` by largest remainder; ties go to the lower index. The parts sum to total,
// and a weight of 0 gets 0. total >= 0, weights >= 0; all 0 if all weights are 0 (then total must be 0).
std::vector<int64_t> Allocate(int64_t total, const std::vector<int64_t>& weights);

// The same, but no part is larger than its limit: what a part cannot take is allocated to the others again. `total` is
// at most the sum of the limits, and a part of weight 0 has the limit 0.
std::vector<int64_t> AllocateWithin(int64_t total, const std::vector<int64_t>& weights,
                                    const std::vector<int64_t>& limits);

// The sum, or nullopt if it does not fit.
std::optional<int64_t> CheckedSum(const std::vector<int64_t>& values);

// What has come back of one line.
struct Returned {
  int64_t pieces = 0;    // k
  int64_t quantity = 0;  // of q; 0 for freight
  int64_t money = 0;     // m
  int64_t amount = 0;    // of M; 0 for a line that cost nothing
};

// floor(award * min(1, k/q + m/M)), exactly; a part whose whole is 0 counts as 0. All values >= 0.
int64_t ClawbackOf(int64_t award, const Returned& returned);

// The money of a line that is left to give back: M - floor(M * k / q) - m, at least 0.
int64_t MoneyLeft(const Returned& returned);

}  // namespace tessera::membership
