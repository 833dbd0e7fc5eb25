// The identifiers of an event after normalising, under one configuration. Made by the store, because ids are keyed
// hashes and must be known before rows can be locked; immutable.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "services/oneid/domain/group_config.h"
#include "services/oneid/domain/ids.h"
#include "services/oneid/domain/reason.h"

namespace tessera::oneid {

struct PreparedIdentifier {
  std::string name;                  // of the namespace, as the event has it
  const Namespace* ns = nullptr;     // into the configuration; null if it knows no such namespace
  std::string scope;                 // key, "" where the namespace is global
  LeftOut left_out = LeftOut::kNot;  // set: it has no id and no value
  IdentifierId id;
  std::string value;  // normalised; personal data

  bool usable() const { return left_out == LeftOut::kNot; }
};

struct Prepared {
  GroupConfigPtr config;
  std::vector<PreparedIdentifier> identifiers;  // in event order; a phone that account.phone_changed opens is last
  std::optional<PreparedIdentifier> closed;
};

using PreparedPtr = std::shared_ptr<const Prepared>;

}  // namespace tessera::oneid
