// The commands of oneid. Plain values, made by api/ and consumers/.
#pragma once

#include <compare>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <variant>
#include <vector>

#include "absl/time/time.h"
#include "services/oneid/domain/group_config.h"
#include "services/oneid/domain/ids.h"

namespace tessera::oneid {

// An identifier as the channel gave it. The value is personal data: it stays in memory.
struct RawIdentifier {
  std::string name;  // of the namespace
  std::string scope;
  std::string value;

  bool operator==(const RawIdentifier&) const = default;
};

// Names an event. Two events with equal keys are one.
struct EventKey {
  BrandId brand;
  std::string source;
  std::string event_id;
  uint64_t content_hash = 0;

  auto operator<=>(const EventKey&) const = default;
};

// Finds the customer of a channel event and republishes it.
struct ResolveEvent {
  EventKey key;
  absl::Time time;      // when it happened, whole microseconds
  std::string payload;  // "order_paid"
  std::vector<RawIdentifier> identifiers;
  bool logged_in = false;
  bool verified = false;                  // the account's phone is verified now
  std::optional<RawIdentifier> opened{};  // account.phone_changed: the phone from now on
  std::optional<RawIdentifier> closed{};  // account.phone_changed, account.unbound: what ends now
  std::string stripped{};                 // the serialised event without personal data, for republishing
};

// A service's answer to a merge.
struct RecordAnswer {
  using Totals = std::map<std::string, int64_t>;

  MergeId merge;
  std::string service;
  Totals survivor_before, absorbed_before, survivor_after;
  std::set<std::string> required_services;  // which must answer before a merge is complete
};

// Creates or changes brands of a group.
struct PutBrandGroup {
  GroupId group;
  std::vector<Brand> brands;  // `version` is not read
};

// Adds or replaces a namespace of a brand's group.
struct PutNamespace {
  BrandId brand;
  Namespace definition;
};

using ResolveEventPtr = std::shared_ptr<const ResolveEvent>;
using PutBrandGroupPtr = std::shared_ptr<const PutBrandGroup>;
using PutNamespacePtr = std::shared_ptr<const PutNamespace>;
using Command = std::variant<ResolveEventPtr, RecordAnswer, PutBrandGroupPtr, PutNamespacePtr>;

// What a call is answered; events need none.
struct GroupStored {
  GroupConfigPtr config;
};
using Reply = std::variant<std::monostate, GroupStored>;

}  // namespace tessera::oneid
