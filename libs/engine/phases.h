// Where the time of one batch's attempt goes. Plain value of one thread.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>

namespace tessera::engine {

enum class Phase {
  kDedupe,    // marks, ids and stored records: what was seen before
  kDiscover,  // which rows the commands will need
  kLoad,      // locks, and the rows under them
  kDecide,
  kSave,    // the writes are encoded and sent
  kCommit,  // the database carries them out and commits
};
inline constexpr std::array<const char*, 6> kPhaseNames = {"dedupe", "discover", "load", "decide", "save", "commit"};

class Phases {
 public:
  using Clock = std::chrono::steady_clock;

  // From here on the time belongs to `phase`; it may be entered again. All times are 0 at the start.
  void Enter(Phase phase) {
    const Clock::time_point now = Clock::now();
    Close(now);
    current_ = static_cast<size_t>(phase);
    since_ = now;
  }

  // The current phase has ended.
  void Leave() {
    Close(Clock::now());
    current_ = kPhaseNames.size();
  }

  double Seconds(Phase phase) const {
    return std::chrono::duration<double>(spent_[static_cast<size_t>(phase)]).count();
  }

 private:
  void Close(Clock::time_point now) {
    if (current_ < kPhaseNames.size()) spent_[current_] += now - since_;
  }

  std::array<Clock::duration, kPhaseNames.size()> spent_ = {};
  size_t current_ = kPhaseNames.size();
  Clock::time_point since_;
};

}  // namespace tessera::engine
