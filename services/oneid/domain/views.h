// What reads answer. Plain values; opened identifier values are personal data.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "services/oneid/domain/command.h"
#include "services/oneid/domain/tables.h"

namespace tessera::oneid {

// Asks who owns identifiers at a time.
struct OwnersQuery {
  BrandId brand;
  absl::Time time;
  std::vector<RawIdentifier> identifiers;
};
struct OwnerView {
  IdentifierId id;  // nil if it is not usable
  LeftOut left_out = LeftOut::kNot;
  std::optional<CustomerId> root, origin;
  bool anonymous = false;
};

struct CustomerQuery {
  BrandId brand;
  CustomerId customer;
};

// An edge of a customer with the identifier's state and its value, opened.
struct OwnedView {
  EdgeKey key;
  Edge edge;
  bool quarantined = false;
  bool shared = false;
  std::string value;  // "" if it cannot be opened
};

struct CustomerView {
  CustomerId root;
  GroupId group;
  bool anonymous = false;
  std::vector<CustomerId> others;  // sides, ascending
  std::vector<OwnedView> owned;    // by identifier, then by time
  std::vector<MergeId> merges;     // ascending
};

struct EventQuery {
  BrandId brand;
  std::string source, event_id;
};
struct EventView {
  EventRecord record;
  absl::Time posted_time;
  std::optional<CustomerId> root_now;
};

struct AnswerView {
  std::string service;
  Answer answer;
  absl::Time time;
};
struct MergeView {
  MergeId id;
  Merge merge;
  absl::Time posted_time;
  std::vector<AnswerView> answers;
};

struct StatisticsView {
  int64_t events_accepted = 0, duplicates_dropped = 0, dead_letters = 0, dead_letters_unattributed = 0;
  int64_t customers = 0, anonymous_customers = 0;
  int64_t merges = 0, merges_complete = 0, merges_mismatched = 0;
  int64_t unresolved_events = 0;
};

}  // namespace tessera::oneid
