// Events of customers: what they do to the member and to his orders.
#pragma once

#include "services/membership/domain/books.h"

namespace tessera::membership {

Outcome Decide(Tables& tables, const OrderPaid& command, absl::Time now);
Outcome Decide(Tables& tables, const OrderCompleted& command, absl::Time now);
Outcome Decide(Tables& tables, const OrderRefunded& command, absl::Time now);
Outcome Decide(Tables& tables, const CustomerActed& command, absl::Time now);

// What a refund waits for whose order is not known, and what an order wakes.
engine::WaitKey WaitForOrder(const OrderKey& order);
// What an event of a brand that is not known waits for.
engine::WaitKey WaitForBrand(const BrandId& brand);
// What an event waits for whose order belongs to another customer: the next merge of that customer.
engine::WaitKey WaitForRoot(const CustomerId& root);

// How long an event waits for what must come before it.
inline constexpr absl::Duration kWait = absl::Hours(7 * 24);

}  // namespace tessera::membership
