#include "services/membership/domain/calls.h"

namespace tessera::membership {

std::optional<Refusal> CheckCustomer(const Tables& tables, const MemberKey& customer) {
  if (tables.brand.Find(customer.brand) == nullptr) return Refusal{Reason::kBrandUnknown, "brand_id"};
  if (tables.member.Find(customer) == nullptr) return Refusal{Reason::kCustomerUnknown, "customer_id"};
  return std::nullopt;
}

const Currency* FindCurrency(const Books& books, const std::string& name) {
  const InForce in_force = books.AtNow();
  return in_force.program == nullptr ? nullptr : in_force.program->FindCurrency(name);
}

std::optional<Refusal> CheckSpendable(const Currency* currency) {
  if (currency == nullptr) return Refusal{Reason::kCurrencyUnknown, "currency"};
  if (!currency->has_lots()) return Refusal{Reason::kCurrencyNotSpendable, "currency"};
  return std::nullopt;
}

std::optional<HoldKey> FindHold(Books& books, const HoldId& hold) {
  for (const MemberKey& side : books.Sides()) {
    HoldKey key = {side, hold};
    if (!books.tables().hold.Loaded(key)) {
      books.missing().holds.insert(key);
    } else if (books.tables().hold.Find(key) != nullptr) {
      return key;
    }
  }
  return std::nullopt;
}

PointsReply ReplyOf(Books& books, CurrencyNo currency) {
  PointsReply reply;
  reply.transaction = books.transaction();
  reply.member_seq = books.TakeSeq();
  reply.balance = books.After(currency);
  return reply;
}

}  // namespace tessera::membership
