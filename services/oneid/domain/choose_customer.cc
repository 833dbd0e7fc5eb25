#include <algorithm>

#include "services/oneid/domain/resolution.h"

namespace tessera::oneid {
namespace {

// Of the evidence that decides: strong if there is any, else weak.
std::vector<const Evidence*> Deciding(const Resolution& r) {
  std::vector<const Evidence*> strong, weak;
  for (const Evidence& one : r.evidence) {
    if (one.usable_strong()) strong.push_back(&one);
    if (one.usable_weak()) weak.push_back(&one);
  }
  return strong.empty() ? weak : strong;
}

// The owner, before any merge, of the event's account.
std::optional<CustomerId> AccountOwner(const std::vector<const Evidence*>& deciding,
                                       const std::vector<CustomerId>& candidates) {
  const Evidence* account = nullptr;
  for (const Evidence* one : deciding) {
    if (!one->finds() || std::find(candidates.begin(), candidates.end(), *one->root) == candidates.end()) continue;
    auto order = [](const Evidence* e) { return std::pair(e->ns().transferable, e->ns().rank); };
    if (account == nullptr || order(one) < order(account)) account = one;
  }
  if (account == nullptr) return std::nullopt;
  return account->holding->customer;
}

void Create(Resolution& r, const CustomerId& id, bool anonymous) {
  if (!r.tables.customers.Loaded(id)) {
    r.need_customers.push_back(id);
    return;
  }
  r.origin = id;
  if (r.tables.customers.Find(id) != nullptr) {  // made before by the same event, or on the same day
    r.root = r.RootIdOf(id);
    r.touched.insert(*r.root);
    return;
  }
  r.tables.customers.Insert(id, {.group = r.group(), .root = id, .anonymous = anonymous});
  r.tables.sides.Put(id, std::nullopt);
  r.tables.sides.Edit(id);
  r.tables.holdings.Put(id, std::nullopt);
  r.tables.holdings.Edit(id);
  r.root = id;
  r.touched.insert(id);
  r.record.created = true;
  r.changed = true;
  r.facts.emplace_back(CustomerCreated{id, r.group(), anonymous});
}

// The strongest of shared identifiers, where the event has nothing else.
const Evidence* SharedAlone(const Resolution& r) {
  const Evidence* strongest = nullptr;
  for (const Evidence& one : r.evidence) {
    if (!one.used()) continue;
    if (!one.shared) return nullptr;
    if (strongest == nullptr || one.ns().rank < strongest->ns().rank) strongest = &one;
  }
  return strongest;
}

}  // namespace

void ChooseCustomer(Resolution& r) {
  const bool any = std::any_of(r.evidence.begin(), r.evidence.end(), [](const Evidence& e) { return e.used(); });
  if (!any) return;
  if (r.candidates.empty()) {
    if (const Evidence* shared = SharedAlone(r)) {
      return Create(r, DayCustomerId(r.group(), shared->id(), r.time(), r.brand.zone), true);
    }
    const bool strong =
        std::any_of(r.evidence.begin(), r.evidence.end(), [](const Evidence& e) { return e.usable_strong(); });
    return Create(r, r.would_be, !strong);
  }
  r.origin = AccountOwner(Deciding(r), r.candidates);
  r.root = r.candidates.front();
  for (size_t i = 1; i < r.candidates.size(); ++i) MergeInto(r, *r.root, r.candidates[i]);
}

}  // namespace tessera::oneid
