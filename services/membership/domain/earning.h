// Earning: what rules give for events and orders (membership.md section 2). All functions change the books only.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "services/membership/domain/books.h"

namespace tessera::membership {

// The refusal of a purchase with impossible figures, or nullopt. Fields are named as in the event.
std::optional<Refusal> CheckPurchase(const Purchase& purchase);

// What a rule counts of each line, with freight as the last one where there is any. The purchase is checked.
std::vector<int64_t> BasesOf(const EarningRule& rule, const Purchase& purchase);

// What a rule gives for a purchase: rounded once, allocated to the lines. amount 0 if nothing; nullopt if it does not
// fit.
std::optional<Award> AwardOf(const EarningRule& rule, const Purchase& purchase);

// The lot of an order's award: the same order, rule and time make the same id.
LotId LotOfAward(const OrderKey& order, const std::string& rule_id, int64_t time_us);

// Enrols the member if the program says so of this event and he is none yet.
void EnrolOn(Books& books, EventType type);

// Extends sliding currencies by this event.
void SlideOn(Books& books, EventType type);

// Gives what the rules with this trigger, in the version in force at `time`, give for a paid order, and notes the
// awards in it. Members only.
void AwardOrder(Books& books, const OrderKey& key, EventType trigger, absl::Time time);

// Gives what the rules with this trigger give for an event without lines. Members only.
void AwardEvent(Books& books, EventType trigger);

// Posts one earning: the entry, and a lot where the currency or the activation needs one. `lot` is its id then.
// Returns what was told.
struct Earning {
  MemberKey side;
  CurrencyNo currency = 0;
  int64_t amount = 0;
  RuleNo rule = 0;
  ActivationPolicy activation{};
  bool order_completed = false;  // ON_ORDER_COMPLETED activates at once
  int32_t version = 0;
  absl::Time time;
  LotId lot;
};
AwardedPoints Earn(Books& books, const Earning& earning);

Outcome Decide(Tables& tables, const EarnPoints& command, absl::Time now);

}  // namespace tessera::membership
