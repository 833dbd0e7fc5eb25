#include "base/clock.h"

namespace tessera {
namespace {

class SystemClock final : public Clock {
 public:
  absl::Time Now() const override { return absl::FromUnixMicros(absl::ToUnixMicros(absl::Now())); }
};

}  // namespace

const Clock& Clock::System() {
  static const auto* clock = new SystemClock;
  return *clock;
}

}  // namespace tessera
