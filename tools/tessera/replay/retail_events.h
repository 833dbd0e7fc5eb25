// The real shop's rows as channel events of one brand (simulated channels and phones), by fixed rules, so that every
// figure of the demo can be recomputed from the file. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/time/civil_time.h"
#include "absl/time/time.h"
#include "tessera/events/v1/channel_event.pb.h"
#include "tools/tessera/replay/order_lines.h"

namespace tessera::replay {

// A channel event as it is published.
struct RetailEvent {
  std::string id, channel, key, type;
  absl::Time time;
  events::v1::ChannelEvent event;
};

struct RetailEvents {
  std::vector<RetailEvent> events;  // in publishing order, without the dirt
  int64_t orders = 0, refunds = 0, bindings = 0;
  int64_t skipped_lines = 0;     // rows of normal invoices without a positive quantity and price
  int64_t unmatched_pieces = 0;  // cancelled pieces that no earlier line had
};

// zlib's CRC-32 of ASCII text.
uint32_t Crc32(std::string_view text);

// `anchor` is the day that counts as today: the last row falls on one of the seven days before it.
RetailEvents MakeRetailEvents(const std::vector<OrderLineRow>& rows, absl::CivilDay anchor);

// The dirt: whether an event is published twice in a row, and whether a malformed record follows it.
bool IsDuplicated(const std::string& event_id);
bool IsFollowedByGarbage(const std::string& event_id);

}  // namespace tessera::replay
