// Taking back what an order earned (membership.md section 3). All functions change the books only.
#pragma once

#include <optional>
#include <vector>

#include "services/membership/domain/books.h"

namespace tessera::membership {

// Adds what an event gives back to what came back before: pieces and money by line, then money without a line spread
// over the lines by what is left of them. A refusal names the field that asks for more than is left.
std::optional<Refusal> AddReturned(Order& order, const OrderRefunded& refund);

// What must have been taken back of an award after what has come back.
int64_t DueBack(const Order& order, const Award& award);

// Takes back from all awards of the order what is due and has not been taken yet, and tells it.
void ClawBack(Books& books, const OrderKey& key);

}  // namespace tessera::membership
