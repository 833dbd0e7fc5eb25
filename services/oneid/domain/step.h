// What resolution did with one identifier of an event. Plain values, without personal data.
#pragma once

#include <optional>
#include <string>

#include "services/oneid/domain/ids.h"
#include "services/oneid/domain/reason.h"

namespace tessera::oneid {

// What became of an identifier. Values are stored.
enum class Use {
  kUnused = 0,    // it had no part: weak evidence where strong was there, nothing known of it
  kFound = 1,     // it led to its owner
  kAttached = 2,  // it got its first owner, or one for a time without
  kMoved = 3,     // it passed from another customer on proof
  kLeftOut = 4,   // see the reason
  kJoined = 5,    // a TRANSACTION identifier: noted, or used to find the customer
  kDetached = 6,  // the event ended its edge
};

struct Step {
  std::string name;  // of the namespace
  IdentifierId id;   // nil if its value could not be normalised
  Use use = Use::kUnused;
  LeftOut left_out = LeftOut::kNot;
  std::string rule{};                 // that spoke against it
  std::optional<CustomerId> owner{};  // the side that owned it at the event's time

  bool operator==(const Step&) const = default;
};

}  // namespace tessera::oneid
