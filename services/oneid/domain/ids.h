// Ids that only oneid makes. Values are immutable and thread-safe.
#pragma once

#include <compare>
#include <optional>
#include <string>
#include <string_view>

#include "base/ids.h"

namespace tessera::oneid {

// A value of a namespace in a scope: UUIDv8 of its keyed hash, so that the id itself is the look-up.
using IdentifierId = Id<struct IdentifierTag>;

// A brand group: the brands that share one OneID. Same form as a BrandId.
struct GroupId {
  std::string value;

  auto operator<=>(const GroupId&) const = default;

  // nullopt unless the text has the form of a BrandId.
  static std::optional<GroupId> Parse(std::string_view text) {
    if (!BrandId::Parse(text)) return std::nullopt;
    return GroupId{std::string(text)};
  }
};

}  // namespace tessera::oneid
