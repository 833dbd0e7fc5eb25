#include <algorithm>
#include <set>

#include "services/oneid/domain/resolution.h"

namespace tessera::oneid {
namespace {

// Where the event would go without this identifier: to what its other strong ones find, or else to a customer of its
// own; if there is no other strong one, to the identifier's owner.
std::optional<CustomerId> PresentedWith(const Resolution& r, const Evidence& one) {
  std::vector<const Evidence*> others;
  for (const Evidence& other : r.evidence) {
    if (&other != &one && other.usable_strong()) others.push_back(&other);
  }
  if (!others.empty()) {
    const std::vector<CustomerId> roots = RootsOf(others);
    return roots.empty() ? r.would_be : roots.front();
  }
  if (one.shared) return std::nullopt;  // it finds nobody and stands alone
  return one.root.value_or(r.would_be);
}

absl::Time HourOf(absl::Time time, const VelocityLimit& limit) {
  if (limit.window_hours == 0) return absl::UnixEpoch();
  return absl::FromUnixSeconds(absl::ToUnixSeconds(time) / 3600 * 3600);
}

std::set<CustomerId> CustomersInWindow(const Resolution& r, const Evidence& one) {
  const int64_t hours = one.ns().velocity->window_hours;
  const absl::Time start = hours == 0 ? absl::InfinitePast() : r.time() - absl::Hours(hours);
  std::set<CustomerId> customers;
  r.tables.presentations.Range({one.id(), absl::InfinitePast(), {}}, {one.id(), absl::InfiniteFuture(), {}},
                               [&](const PresentationKey& key, const Presentation& seen) {
                                 if (seen.last > start && (hours == 0 || seen.first <= r.time())) {
                                   customers.insert(key.customer);
                                 }
                               });
  return customers;
}

void NotePresentation(Resolution& r, const Evidence& one, const CustomerId& customer) {
  const PresentationKey key{one.id(), HourOf(r.time(), *one.ns().velocity), customer};
  auto& table = r.tables.presentations;
  const Presentation* seen = FindIfThere(table, key);
  if (seen != nullptr && seen->first <= r.time() && r.time() <= seen->last) return;
  r.changed = true;  // later decisions judge by it
  if (seen == nullptr) {
    table.Insert(key, {r.group(), r.time(), r.time()});
    return;
  }
  Presentation& edit = table.Edit(key);
  edit.first = std::min(edit.first, r.time());
  edit.last = std::max(edit.last, r.time());
}

}  // namespace

void VelocityStep(Resolution& r) {
  std::vector<Evidence*> by_rank;
  for (Evidence& one : r.evidence) {
    if (one.ns().velocity) by_rank.push_back(&one);
  }
  std::stable_sort(by_rank.begin(), by_rank.end(),
                   [](const Evidence* a, const Evidence* b) { return a->ns().rank < b->ns().rank; });
  for (Evidence* one : by_rank) {
    const std::optional<CustomerId> customer = PresentedWith(r, *one);
    if (!customer) continue;
    std::set<CustomerId> customers = CustomersInWindow(r, *one);
    customers.insert(*customer);
    NotePresentation(r, *one, *customer);
    if (static_cast<int64_t>(customers.size()) <= one->ns().velocity->customers) continue;
    EditIdentifier(r, *one->prepared).quarantined = true;
    r.changed = true;
    LeaveOut(*one, LeftOut::kQuarantined, "");
    r.facts.emplace_back(IdentifierQuarantined{one->id(), one->prepared->name, static_cast<int64_t>(customers.size())});
  }
}

}  // namespace tessera::oneid
