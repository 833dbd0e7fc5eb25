// What all calls about a member check first.
#pragma once

#include <optional>
#include <variant>

#include "services/membership/domain/books.h"

namespace tessera::membership {

// The refusal of a call about a customer, or nullopt: BRAND_UNKNOWN, CUSTOMER_UNKNOWN.
std::optional<Refusal> CheckCustomer(const Tables& tables, const MemberKey& customer);

// The currency by its name in the version in force; null if there is none.
const Currency* FindCurrency(const Books& books, const std::string& name);

// The refusal of holding or spending it, or nullopt: CURRENCY_UNKNOWN of null, CURRENCY_NOT_SPENDABLE of growth value.
std::optional<Refusal> CheckSpendable(const Currency* currency);

// The hold under any side of the member; nullopt if there is none, or, noted as missing, if that is not known yet.
std::optional<HoldKey> FindHold(Books& books, const HoldId& hold);

// The common part of a reply.
PointsReply ReplyOf(Books& books, CurrencyNo currency);

}  // namespace tessera::membership
