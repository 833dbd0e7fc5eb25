#include "services/membership/domain/decide.h"

#include "services/membership/domain/due.h"
#include "services/membership/domain/earning.h"
#include "services/membership/domain/holds.h"
#include "services/membership/domain/merge.h"
#include "services/membership/domain/orders.h"
#include "services/membership/domain/programs.h"

namespace tessera::membership {
namespace {

void AddMember(const MemberKey& key, Need& need) {
  need.members.insert(key);
  need.brands.insert(key.brand);
}

void AddKeys(const OrderPaid& c, Need& need) {
  AddMember(c.side, need);
  need.orders.insert(c.order);
  need.wakes.insert(WaitForOrder(c.order));
}

void AddKeys(const OrderCompleted& c, Need& need) {
  AddMember(c.side, need);
  need.orders.insert(c.order);
}

void AddKeys(const OrderRefunded& c, Need& need) {
  AddMember(c.side, need);
  need.orders.insert(c.order);
}

void AddKeys(const CustomerActed& c, Need& need) { AddMember(c.side, need); }

void AddKeys(const CustomersMerged& c, Need& need) {
  for (const BrandId& brand : c.brands) {
    for (const CustomerId& customer : {c.survivor, c.absorbed}) {
      AddMember({customer, brand}, need);
      need.merging.insert({customer, brand});
    }
  }
  need.merges.insert(c.merge);
  need.merges.insert(c.after.begin(), c.after.end());
  need.wakes.insert(WaitForMerge(c.merge));
  need.wakes.insert(WaitForRoot(c.survivor));
  need.wakes.insert(WaitForRoot(c.absorbed));
}

void AddKeys(const BrandChanged& c, Need& need) {
  need.brands.insert(c.brand);
  need.changed_brands.insert(c.brand);
  need.wakes.insert(WaitForBrand(c.brand));
}

void AddKeys(const PutProgram& c, Need& need) {
  need.brands.insert(c.brand);
  need.changed_brands.insert(c.brand);
}

void AddKeys(const EarnPoints& c, Need& need) { AddMember(c.customer, need); }

void AddKeys(const HoldPoints& c, Need& need) {
  AddMember(c.customer, need);
  need.spendings.insert({c.customer, c.currency});
}

void AddKeys(const SpendPoints& c, Need& need) {
  AddMember(c.customer, need);
  need.spendings.insert({c.customer, c.currency});
}

void AddKeys(const CaptureHold& c, Need& need) {
  AddMember(c.customer, need);
  need.holds.insert({c.customer, c.hold});
}

void AddKeys(const ReleaseHold& c, Need& need) {
  AddMember(c.customer, need);
  need.holds.insert({c.customer, c.hold});
}

void AddKeys(const RefundSpend& c, Need& need) {
  AddMember(c.customer, need);
  need.holds.insert({c.customer, c.spend});
}

void AddKeys(const TimerFired& c, Need& need) {
  need.brands.insert(c.owner.brand);
  if (c.kind == TimerKind::kProgram) {
    need.changed_brands.insert(c.owner.brand);
  } else {
    AddMember(c.owner, need);
  }
}

template <class Container>
void Add(Container& to, const Container& from) {
  to.insert(from.begin(), from.end());
}

template <class Container>
bool Covers(const Container& held, const Container& wanted) {
  for (const auto& key : wanted) {
    if (!held.contains(key)) return false;
  }
  return true;
}

}  // namespace

void Need::Merge(const Need& other) {
  Add(wakes, other.wakes);
  Add(brands, other.brands);
  Add(changed_brands, other.changed_brands);
  Add(members, other.members);
  Add(orders, other.orders);
  Add(merges, other.merges);
  Add(holds, other.holds);
  Add(spendings, other.spendings);
  Add(lots, other.lots);
  Add(children_of, other.children_of);
  Add(growth_of, other.growth_of);
  Add(merging, other.merging);
  for (const auto& [key, count] : other.ranges) {
    int32_t& wanted = ranges[key];
    wanted = std::max(wanted, count);
  }
  for (const auto& [brand, after] : other.page_after) page_after[brand] = after;
}

bool Need::WantsLocksBeyond(const Need& held) const {
  // Growth days are kept by what is saved, so they are read before a batch decides anything.
  return !Covers(held.members, members) || !Covers(held.orders, orders) || !Covers(held.merges, merges) ||
         !Covers(held.changed_brands, changed_brands) || !Covers(held.growth_of, growth_of) ||
         held.page_after != page_after;
}

void Keys(const Command& command, Need& need) {
  std::visit([&need](const auto& c) { AddKeys(c, need); }, command);
}

Outcome Decide(Tables& tables, const Command& command, absl::Time now) {
  return std::visit([&](const auto& c) { return Decide(tables, c, now); }, command);
}

}  // namespace tessera::membership
