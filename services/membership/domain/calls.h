// What all calls about a member check first.
#pragma once

#include <optional>
#include <variant>

#include "services/membership/domain/books.h"

namespace tessera::membership {

// The refusal of a call about a customer, or nullopt: BRAND_UNKNOWN, CUSTOMER_UNKNOWN.
std::optional<Refusal> CheckCustomer(const Tables& tables, const MemberKey& customer);

// The currency by its name in the version in force; null if there is none that has lots.
const Currency* FindLotCurrency(const Books& books, const std::string& name);

// The hold under any side of the member; nullopt if there is none, or, noted as missing, if that is not known yet.
std::optional<HoldKey> FindHold(Books& books, const HoldId& hold);

// The common part of a reply.
PointsReply ReplyOf(Books& books, CurrencyNo currency);

}  // namespace tessera::membership
