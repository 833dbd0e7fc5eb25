// What Decide answers: exactly one of Done, Refusal, Wait or More. Only Done leaves a trace in the tables. Plain
// values.
//
// A domain D is a struct with the types Command, Reply, Fact, Reason, Need and Tables; libs/engine/service_of.h lists
// its functions.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "absl/time/time.h"
#include "base/ids.h"

namespace tessera::engine {

// What a command can wait for: "order/<brand>/<source>/<id>", "merge/<id>", "brand/<id>".
struct WaitKey {
  std::string text;

  auto operator<=>(const WaitKey&) const = default;
};

// A timer: at most one per owner (a side or a root), brand and kind, set to the earliest time that something is due.
struct TimerKey {
  Uuid owner;
  BrandId brand;
  int16_t kind = 0;  // the service's enum

  auto operator<=>(const TimerKey&) const = default;
};

// Sets a timer, replacing what it was, or clears it.
struct TimerChange {
  TimerKey key;
  std::optional<absl::Time> due;

  bool operator==(const TimerChange&) const = default;
};

// The command took effect.
template <class Reply, class Fact>
struct Done {
  Reply reply{};
  std::vector<Fact> facts{};
  std::vector<TimerChange> timers{};
  std::vector<WaitKey> wakes{};  // what waits for these is decided next, in arrival order; subset of Need::wakes
};

// The command has no effect. A call is answered the reason; an event becomes a dead letter.
template <class Reason>
struct Refusal {
  Reason reason;
  std::string field{};   // the field of the command that is at fault, or ""
  std::string detail{};  // for a person, no personal data: "available 30, wanted 50"
};

// Not yet: an event is kept until `key` is woken, and refused with `then_reason` at `until`. A call or a timer that
// would wait is refused with `then_reason` at once.
template <class Reason>
struct Wait {
  WaitKey key;
  absl::Time until;
  Reason then_reason;
};

// "I need these rows too": they are loaded, then the command is decided again.
template <class Need>
struct More {
  Need need;
};

template <class D>
using Outcome = std::variant<Done<typename D::Reply, typename D::Fact>, Refusal<typename D::Reason>,
                             Wait<typename D::Reason>, More<typename D::Need>>;

}  // namespace tessera::engine
