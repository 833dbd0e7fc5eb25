#include "base/clock.h"

#ifdef TESSERA_FAULT_POINTS
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstdlib>

#include "base/check.h"
#endif

namespace tessera {
namespace {

#ifdef TESSERA_FAULT_POINTS
// How far the clock of this process is off: milliseconds in a file that tests change while the process runs.
class Offset {
 public:
  Offset() {
    const char* path = std::getenv("TESSERA_CLOCK_OFFSET_FILE");
    if (path == nullptr) return;
    const int file = open(path, O_RDONLY | O_CLOEXEC);
    TESSERA_CHECK(file >= 0);
    void* page = mmap(nullptr, sizeof(int64_t), PROT_READ, MAP_SHARED, file, 0);
    TESSERA_CHECK(page != MAP_FAILED);
    close(file);
    ms_ = static_cast<const int64_t*>(page);
  }
  absl::Duration Now() const {
    return ms_ == nullptr ? absl::ZeroDuration() : absl::Milliseconds(__atomic_load_n(ms_, __ATOMIC_RELAXED));
  }

 private:
  const int64_t* ms_ = nullptr;
};
#else
struct Offset {
  static absl::Duration Now() { return absl::ZeroDuration(); }
};
#endif

class SystemClock final : public Clock {
 public:
  absl::Time Now() const override { return absl::FromUnixMicros(absl::ToUnixMicros(absl::Now())) + offset_.Now(); }

 private:
  Offset offset_;
};

}  // namespace

const Clock& Clock::System() {
  static const auto* clock = new SystemClock;
  return *clock;
}

}  // namespace tessera
