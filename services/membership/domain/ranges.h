// Reading a partly loaded range of all sides of a member in its order.
#pragma once

#include <vector>

#include "services/membership/domain/books.h"

namespace tessera::membership {

struct RangeRow {
  absl::Time time;  // the order's first part: expiry, activation or end
  Uuid id;
  MemberKey side;
  bool beyond_frontier = false;  // the database may have rows before this one that are not loaded
};

struct RangeView {
  std::vector<RangeRow> rows;         // in order
  bool complete = true;               // there are no others
  std::vector<MemberKey> unfinished;  // sides whose range goes on
};

// The rows of a range as they are now. Sides of which nothing is loaded count as unfinished, with everything beyond.
RangeView ViewRange(const Books& books, RangeKey::Kind kind, CurrencyNo currency);

// The same of one side only.
RangeView ViewRange(const Books& books, RangeKey::Kind kind, CurrencyNo currency, const MemberKey& side);

// Notes that more of the unfinished sides must be loaded.
void AskForMore(Books& books, RangeKey::Kind kind, CurrencyNo currency, const RangeView& view);

}  // namespace tessera::membership
