// What oneid tells the world. Plain values, encoded by events/.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "absl/time/time.h"
#include "services/oneid/domain/command.h"
#include "services/oneid/domain/ids.h"
#include "services/oneid/domain/reason.h"

namespace tessera::oneid {

struct CustomerCreated {
  CustomerId customer;
  GroupId group;
  bool anonymous;
};

struct IdentifierAttached {
  IdentifierId id;
  std::string name;
  CustomerId customer;  // side
  absl::Time from;
};

struct IdentifierDetached {
  IdentifierId id;
  std::string name;
  std::optional<CustomerId> customer;  // side
  absl::Time to;
};

struct IdentifierMoved {
  IdentifierId id;
  std::string name;
  CustomerId from_customer, to_customer;  // sides
  absl::Time from;
};

struct IdentifierQuarantined {
  IdentifierId id;
  std::string name;
  int64_t customer_count;
};

struct IdentifierRefused {
  IdentifierId id;  // nil if its value could not be normalised
  std::string name;
  LeftOut left_out;
  std::string rule;
  std::optional<CustomerId> customer;  // root that the event went to
};

struct CustomersMerged {
  MergeId merge;
  GroupId group;
  CustomerId survivor, absorbed;
  absl::Time time;
  std::vector<MergeId> after;
  std::vector<BrandId> brands;
};

struct MergeCompleted {
  MergeId merge;
  GroupId group;
  CustomerId survivor;
};

struct BrandChanged {
  Brand brand;
  GroupId group;
  std::vector<BrandId> group_brands;
};

struct UsedIdentifier {
  IdentifierId id;
  std::string name;
};

// The channel event with its customer.
struct EventResolved {
  ResolveEventPtr event;
  std::optional<CustomerId> root{}, origin{};  // nullopt: unresolved
  bool anonymous = false;
  std::vector<UsedIdentifier> identifiers{};
  std::string order_source{};
};

using Fact =
    std::variant<CustomerCreated, IdentifierAttached, IdentifierDetached, IdentifierMoved, IdentifierQuarantined,
                 IdentifierRefused, CustomersMerged, MergeCompleted, BrandChanged, EventResolved>;

}  // namespace tessera::oneid
