// Lots: which are spent first, and what happens to them by the clock. All functions change the books only.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "services/membership/domain/books.h"

namespace tessera::membership {

// When a lot expires, as things stand.
absl::Time ExpiryOfLot(const Books& books, const Lot& lot);

// The lot that a lot's points first came from: itself, or its origin.
LotKey OriginOf(const LotKey& key, const Lot& lot);

// True if the lot is loaded; else it is noted as missing.
bool IsLoaded(Books& books, const LotKey& key);

// The origin; nullopt, noted as missing, if its row must be loaded. What of a lot's points expired or was forgiven is
// kept there, whichever of its lots they were in.
std::optional<LotKey> LoadedOrigin(Books& books, const LotKey& key);

// Active lots with free points, in spending order (earliest expiry, then oldest, then id), enough for `amount` where
// there are; nullopt, noted as missing, if more must be loaded to know.
std::optional<std::vector<LotKey>> SpendableLots(Books& books, CurrencyNo currency, int64_t amount);

// A new lot of a side, pending if it activates later than now. Pays debt if it is active at once. The entry of its
// earning is the caller's.
void OpenLot(Books& books, const LotKey& key, Lot lot);

// `amount` of an active lot became free: it pays debt first, whatever the lot's time; the rest is available, or expires
// at once if the lot's time is over. How much expired.
int64_t MakeFree(Books& books, const LotKey& key, int64_t amount);

// Pays debt of any side from what the lot has free and what is available.
void PayDebt(Books& books, const LotKey& key);

// Takes `amount` off the free part; closes the lot if nothing is left. Balances and entry are the caller's.
void TakeFromLot(Books& books, const LotKey& key, int64_t amount);

// A pending lot becomes active at `at`, from when its expiry runs.
void ActivateLot(Books& books, const LotKey& key, absl::Time at);

// What an expired lot has free is lost.
void ExpireLot(Books& books, const LotKey& key);

}  // namespace tessera::membership
