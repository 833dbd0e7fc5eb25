// The rows that deciding reads and edits. Plain values; times are whole microseconds.
#pragma once

#include <compare>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "engine/table.h"
#include "services/oneid/domain/command.h"
#include "services/oneid/domain/edge.h"
#include "services/oneid/domain/prepared.h"
#include "services/oneid/domain/step.h"

namespace tessera::oneid {

struct BrandRow {
  GroupId group;

  bool operator==(const BrandRow&) const = default;
};

struct GroupRow {
  GroupConfigPtr config;  // never null in a present row

  bool operator==(const GroupRow& other) const { return config->fingerprint == other.config->fingerprint; }
};

// A version of a group's rules, kept for ever: the namespaces of the configuration.
struct RuleVersionKey {
  GroupId group;
  int64_t version = 0;

  auto operator<=>(const RuleVersionKey&) const = default;
};

struct Identifier {
  GroupId group;
  std::string name;   // of the namespace
  std::string scope;  // key
  int64_t decision_number = 0;
  bool quarantined = false;
  bool shared = false;                             // weak ones: seen logged in with two customers
  std::optional<CustomerId> logged_in_customer;    // weak ones: the side first seen logged in with it
  std::optional<CustomerId> transaction_customer;  // TRANSACTION ones: the side of its first resolved event
  std::optional<std::pair<CustomerId, std::string>> value_to_seal;  // set by this batch: a new owner and the value

  bool operator==(const Identifier&) const = default;
};

// A customer as it arrived: a side. Its root is the living customer that it belongs to, itself if it lives.
struct Customer {
  GroupId group;
  CustomerId root;
  bool anonymous = false;       // known by weak identifiers only
  int64_t decision_number = 0;  // of roots
  MergeId last_change{};        // of roots: the last identity change; nil if there was none

  bool operator==(const Customer&) const = default;
};

// The other sides of a root. Known of a root that may merge or get identifiers; not stored by itself.
struct Sides {
  std::vector<CustomerId> others;

  bool operator==(const Sides&) const = default;
};

// The identifiers that have edges with a side, in order of arrival.
struct Holdings {
  std::vector<IdentifierId> identifiers;

  bool operator==(const Holdings&) const = default;
};

// Which customers an identifier with a velocity was presented with, by hour.
struct PresentationKey {
  IdentifierId identifier;
  absl::Time hour;  // start; 1970 where the window is for ever
  CustomerId customer;

  std::strong_ordering operator<=>(const PresentationKey&) const = default;
};
struct Presentation {
  GroupId group;
  absl::Time first, last;

  bool operator==(const Presentation&) const = default;
};

// The last day (since 1970, UTC) on which an owner's event carried a transferable identifier.
struct ActivityKey {
  IdentifierId identifier;
  CustomerId customer;  // side

  auto operator<=>(const ActivityKey&) const = default;
};
struct Activity {
  GroupId group;
  int64_t last_day = 0;

  bool operator==(const Activity&) const = default;
};

// States of a merge. Values are stored.
enum class MergeState { kOpen = 1, kComplete = 2, kMismatch = 3 };

struct Merge {
  GroupId group;
  CustomerId survivor, absorbed;
  MergeState state = MergeState::kOpen;
  absl::Time time;               // of the event that caused it
  BrandId brand;                 // of that event
  std::string source, event_id;  // that event
  std::string mismatch{};        // what does not add up
  std::optional<absl::Time> closed_time{};

  bool operator==(const Merge&) const = default;
};

struct AnswerKey {
  MergeId merge;
  std::string service;

  auto operator<=>(const AnswerKey&) const = default;
};
struct Answer {
  RecordAnswer::Totals survivor_before, absorbed_before, survivor_after;

  bool operator==(const Answer&) const = default;
};

// What resolution did with an event: kept for explaining and rebuilding.
struct EventRecord {
  GroupId group;
  absl::Time event_time;
  std::string payload;
  int64_t rule_version = 0;
  int64_t decision_number = 0;  // of its decision, or the one that it saw
  bool changed_graph = false;   // false: it sorts after the decision of that number
  std::optional<CustomerId> root, origin;
  bool created = false;
  std::vector<Step> steps;
  std::vector<MergeId> merges;

  bool operator==(const EventRecord&) const = default;
};

// The row, or null if it is absent; for tables of which all that can matter is loaded, so that a key that is not loaded
// is absent, too.
template <class Key, class Row>
const Row* FindIfThere(const engine::Table<Key, Row>& table, const Key& key) {
  return table.Loaded(key) ? table.Find(key) : nullptr;
}

// A prepared event depends on the configuration that it was prepared under.
struct PreparedKey {
  EventKey event;
  uint64_t config_fingerprint = 0;

  auto operator<=>(const PreparedKey&) const = default;
};

struct Tables {
  engine::Table<BrandId, BrandRow> brands;
  engine::Table<GroupId, GroupRow> groups;
  engine::Table<RuleVersionKey, GroupRow> rule_versions;
  engine::Table<PreparedKey, PreparedPtr> prepared;
  engine::Table<IdentifierId, Identifier> identifiers;
  Edges edges;
  engine::Table<CustomerId, Customer> customers;
  engine::Table<CustomerId, Sides> sides;        // by root
  engine::Table<CustomerId, Holdings> holdings;  // by side
  engine::Table<PresentationKey, Presentation> presentations;
  engine::Table<ActivityKey, Activity> activities;
  engine::Table<MergeId, Merge> merges;
  engine::Table<AnswerKey, Answer> answers;
  engine::Table<EventKey, EventRecord> events;

  auto Tie() {
    return std::tie(brands, groups, rule_versions, prepared, identifiers, edges, customers, sides, holdings,
                    presentations, activities, merges, answers, events);
  }
};

}  // namespace tessera::oneid
