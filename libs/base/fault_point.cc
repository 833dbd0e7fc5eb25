#include "base/fault_point.h"

#ifdef TESSERA_FAULT_POINTS

#include <signal.h>
#include <unistd.h>

#include <charconv>
#include <cstdlib>
#include <map>
#include <string>

#include "absl/strings/str_split.h"
#include "absl/synchronization/mutex.h"
#include "base/check.h"

namespace tessera {
namespace {

struct Fault {
  bool kill = false;
  int at = 0;
  int arrivals = 0;
};

struct Faults {
  absl::Mutex mutex;
  std::map<std::string, Fault, std::less<>> by_name ABSL_GUARDED_BY(mutex);

  Faults() {
    const char* text = std::getenv("TESSERA_FAULTS");
    if (text == nullptr) return;
    for (absl::string_view one : absl::StrSplit(text, ',', absl::SkipEmpty())) {
      std::pair<std::string, std::string> parts = absl::StrSplit(one, absl::MaxSplits('=', 1));
      Arm(parts.first, parts.second);
    }
  }

  void Arm(std::string_view name, std::string_view what) {
    absl::MutexLock lock(&mutex);
    by_name.erase(std::string(name));
    if (what.empty()) return;
    const size_t at = what.find('@');
    TESSERA_CHECK(at != std::string_view::npos);
    Fault fault{.kill = what.substr(0, at) == "kill"};
    std::from_chars(what.data() + at + 1, what.data() + what.size(), fault.at);
    by_name[std::string(name)] = fault;
  }
};

Faults& TheFaults() {
  static auto* faults = new Faults;
  return *faults;
}

// A line of the log, written at once: after a kill nothing else is.
void TellHit(std::string_view name, bool kills) {
  const std::string line =
      "{\"fault_point\":\"" + std::string(name) + (kills ? "\",\"action\":\"kill\"}\n" : "\",\"action\":\"fail\"}\n");
  [[maybe_unused]] const ssize_t written = write(STDERR_FILENO, line.data(), line.size());
}

}  // namespace

bool FaultPoint(std::string_view name) {
  Faults& faults = TheFaults();
  absl::MutexLock lock(&faults.mutex);
  auto found = faults.by_name.find(name);
  if (found == faults.by_name.end() || ++found->second.arrivals != found->second.at) return false;
  TellHit(name, found->second.kill);
  if (found->second.kill) kill(getpid(), SIGKILL);
  return true;
}

void ArmFault(std::string_view name, std::string_view what) { TheFaults().Arm(name, what); }

}  // namespace tessera

#endif
