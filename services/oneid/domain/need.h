// What a batch must lock and load. Grows only, while one batch is attempted. Plain values.
#pragma once

#include <map>
#include <set>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "engine/outcome.h"
#include "services/oneid/domain/command.h"
#include "services/oneid/domain/ids.h"
#include "services/oneid/domain/prepared.h"
#include "services/oneid/domain/tables.h"

namespace tessera::oneid {

struct Need {
  // Named by commands, or asked for while deciding.
  std::set<engine::WaitKey> wakes;
  std::map<EventKey, ResolveEventPtr> events;
  std::map<EventKey, std::map<uint64_t, GroupConfigPtr>> further_configs;  // to prepare events under, by fingerprint
  std::set<BrandId> brands;                                                // whose configuration is read
  std::set<GroupId> groups;                                                // likewise
  bool changes_configuration = false;                                      // under a lock, one batch at a time
  std::set<MergeId> merges;                                                // with their answers
  std::set<CustomerId> customers;
  std::set<CustomerId> full_roots;  // with sides, identifiers and their edges

  // Discovered.
  std::map<BrandId, GroupConfigPtr> configs;  // null: no such brand
  std::map<GroupId, GroupConfigPtr> group_configs;
  std::map<PreparedKey, PreparedPtr> prepared;
  std::map<IdentifierId, GroupId> identifiers;
  std::map<IdentifierId, absl::Time> presentations;  // since when
  std::set<IdentifierId> activities;
  std::set<CustomerId> roots;

  // What the unlocked reads said; checked under the locks, and forgotten if it no longer holds.
  struct Seen {
    std::map<IdentifierId, std::vector<CustomerId>> owners;  // every identifier read: those of its edges
    std::set<IdentifierId> stored, shared;                   // identifiers that have a row; that are shared
    std::map<CustomerId, CustomerId> root_of;                // every customer read; an absent one is its own root
    std::map<CustomerId, std::vector<CustomerId>> sides_of;  // full roots read
    std::set<PreparedKey> judged;                            // events of which the full roots are known
  } seen;

  void Merge(const Need& more);
  // A brand that is not known may be told of at any moment, and then wakes what has begun to wait for it.
  bool MissesABrand() const;
  // True if it names rows that `held` has not locked.
  bool WantsLocksBeyond(const Need& held) const;
};

}  // namespace tessera::oneid
