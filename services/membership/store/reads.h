// The reading methods' queries. Each error is NOT_FOUND with a reason, or the transaction's. Thread-safe as long as
// each transaction is used by one thread.
#pragma once

#include <optional>
#include <vector>

#include "absl/status/statusor.h"
#include "pg/tx.h"
#include "services/membership/domain/views.h"
#include "services/membership/store/store.h"

namespace tessera::membership::store {

// Balances by the clock, one answer for each key; nullopt for a customer that is not known. A fixed number of
// statements, whatever the number of keys.
std::vector<std::optional<BalancesView>> ReadBalances(pg::Tx& tx, const std::vector<MemberKey>& keys);

// nullopt if the customer is not known.
std::optional<MemberView> ReadMember(pg::Tx& tx, const MemberKey& key, ReadProgram read_program);

// One row more than the limit, if there is one, tells that there is a next page. nullopt if the program in force has no
// tier of the filter's. The filter's currency must be known.
std::optional<std::vector<MemberView>> ReadMembers(pg::Tx& tx, const MemberFilter& filter, ReadProgram read_program);

// All sides of the customer's root; empty if he is not known.
std::vector<CustomerId> ReadSides(pg::Tx& tx, const MemberKey& key);

// Latest first; one more than the limit if there is a next page.
std::vector<EntryView> ReadEntries(pg::Tx& tx, const EntryFilter& filter, const std::vector<CustomerId>& sides);
std::vector<LotView> ReadLots(pg::Tx& tx, const LotFilter& filter, const std::vector<CustomerId>& sides);

// Movements of the lots, and entries of the currency without a lot, at most `limit`, in posting order.
std::vector<EntryView> ReadMovements(pg::Tx& tx, const BrandId& brand, const std::vector<CustomerId>& sides,
                                     const std::vector<LotView>& lots);
std::vector<EntryView> ReadLotless(pg::Tx& tx, const BrandId& brand, const std::vector<CustomerId>& sides,
                                   const std::string& currency, int32_t limit);

// nullopt if the brand is not known.
std::optional<StatisticsView> ReadStatistics(pg::Tx& tx, const BrandId& brand, ReadProgram read_program);

// Version 0 is the one in force now; nullopt if there is none.
std::optional<ProgramView> ReadProgramVersion(pg::Tx& tx, const BrandId& brand, int32_t version);

bool KnowsBrand(pg::Tx& tx, const BrandId& brand);

// The names by number; empty if the brand is not known.
NumberedNames ReadNames(pg::Tx& tx, const BrandId& brand);

}  // namespace tessera::membership::store
