// Set-based reads for the API. An error of the database sticks to the Tx; then the answers mean nothing.
#pragma once

#include <optional>
#include <vector>

#include "pg/tx.h"
#include "services/oneid/domain/views.h"

namespace tessera::oneid {

// One answer per query, in order; nullopt if the brand is unknown.
std::vector<std::optional<std::vector<OwnerView>>> ReadOwners(pg::Tx& tx, const std::vector<OwnersQuery>& queries);

// One answer per query, in order; nullopt if the brand's group has no such customer.
std::vector<std::optional<CustomerView>> ReadCustomerViews(pg::Tx& tx, const std::vector<CustomerQuery>& queries);

// One answer per query, in order; nullopt if no such event was resolved.
std::vector<std::optional<EventView>> ReadEvents(pg::Tx& tx, const std::vector<EventQuery>& queries);

// The merges with their answers; those that are unknown are left out.
std::vector<MergeView> ReadMerges(pg::Tx& tx, const std::vector<MergeId>& merges);

// Merges of a group after `after` (nil: from the first), without answers, ascending.
std::vector<MergeView> ListMerges(pg::Tx& tx, const GroupId& group, std::optional<MergeState> state,
                                  const MergeId& after, int64_t limit);

// The configuration of a brand's group; null if the brand is unknown.
GroupConfigPtr ReadConfig(pg::Tx& tx, const BrandId& brand);

// The namespaces of a rule version, by rank; empty if there is no such version.
std::vector<Namespace> ReadNamespaces(pg::Tx& tx, const GroupId& group, int64_t rule_version);

StatisticsView ReadStatistics(pg::Tx& tx, const BrandId& brand, const GroupId& group);

}  // namespace tessera::oneid
