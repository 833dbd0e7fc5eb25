#include "base/clock.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>

namespace tessera {
namespace {

#ifdef TESSERA_FAULT_POINTS
void WriteOffset(const std::string& path, int64_t offset_ms) {
  std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
  file.write(reinterpret_cast<const char*>(&offset_ms), sizeof(offset_ms));
}

// In a process of its own, as the file is named at the first use of the clock.
[[noreturn]] void JumpAndExit() {
  const std::string path = testing::TempDir() + "clock-offset";
  std::ofstream(path, std::ios::binary) << std::string(sizeof(int64_t), '\0');
  setenv("TESSERA_CLOCK_OFFSET_FILE", path.c_str(), 1);
  const bool right_at_first = absl::AbsDuration(Clock::System().Now() - absl::Now()) < absl::Seconds(30);
  WriteOffset(path, -60'000);
  const absl::Duration behind = absl::Now() - Clock::System().Now();
  std::exit(right_at_first && behind > absl::Seconds(30) && behind < absl::Seconds(90) ? 0 : 1);
}

TEST(SystemClockTest, IsOffByWhatItsFileSaysAtEachCall) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_EXIT(JumpAndExit(), testing::ExitedWithCode(0), "");
}
#endif

}  // namespace
}  // namespace tessera
