// The working state of resolving one event, and the steps of it, each in a file of its own. Steps are functions over
// this state and the batch's tables; nothing else is touched. Used by one thread.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "services/oneid/domain/fact.h"
#include "services/oneid/domain/need.h"
#include "services/oneid/domain/tables.h"

namespace tessera::oneid {

inline constexpr size_t kIdentifiersMax = 1000;  // per customer, over all its sides
inline constexpr size_t kSidesMax = 200;         // per customer

// A usable identifier of the event.
struct Evidence {
  const PreparedIdentifier* prepared = nullptr;
  size_t step = 0;                 // its entry in Resolution::record.steps
  std::optional<Holding> holding;  // at the event's time
  std::optional<CustomerId> root;  // of the holding
  bool shared = false;             // finds nobody
  bool moves = false;              // transferred to the event's customer: no evidence for its owner
  LeftOut left_out = LeftOut::kNot;
  std::string rule;

  const Namespace& ns() const { return *prepared->ns; }
  const IdentifierId& id() const { return prepared->id; }
  bool used() const { return left_out == LeftOut::kNot; }
  bool usable_strong() const { return used() && ns().strong(); }
  bool usable_weak() const { return used() && ns().weak() && !shared; }
  // Its owner speaks for a customer.
  bool finds() const { return used() && root && !moves && !shared; }
};

struct Resolution {
  Tables& tables;
  const ResolveEventPtr& event;
  const Prepared& prepared;
  const GroupConfig& config;
  const Brand& brand;

  std::vector<Evidence> evidence{};  // in event order, without TRANSACTION identifiers
  std::vector<std::pair<const PreparedIdentifier*, size_t>> transactions{};  // and their steps
  CustomerId would_be{};                       // the customer that this event creates, if it creates one
  std::vector<CustomerId> candidates{};        // roots, ascending
  std::optional<CustomerId> root{}, origin{};  // the decision
  bool changed = false;                        // the graph, or what later decisions judge by
  std::set<CustomerId> touched{};              // roots that took part
  std::vector<EdgeKey> new_edges{};
  std::vector<CustomerId> need_full{};       // roots whose sides and identifiers are not loaded: More
  std::vector<CustomerId> need_customers{};  // customers that are not loaded: More
  EventRecord record{};
  std::vector<Fact> facts{};

  absl::Time time() const { return event->time; }
  const GroupId& group() const { return config.id; }
  const Customer& RootOf(const CustomerId& side) const { return tables.customers.At(tables.customers.At(side).root); }
  CustomerId RootIdOf(const CustomerId& side) const { return tables.customers.At(side).root; }
  bool asks_more() const { return !need_full.empty() || !need_customers.empty(); }
};

// The id of the customer that an event creates: the same at every replay.
CustomerId WouldBeId(const GroupId& group, const ResolveEvent& event);

// The anonymous customer of a shared identifier on the calendar day of `time`.
CustomerId DayCustomerId(const GroupId& group, const IdentifierId& id, absl::Time time, absl::TimeZone zone);

// Step 1. What is usable, and why the rest is not.
void NormaliseStep(Resolution& r);

// Step 3. Owners at the event's time, and their roots.
void FindOwners(Resolution& r);

// Step 2. Which transferable identifiers pass to the event's customer, on proof.
void TransferStep(Resolution& r);

// Step 4. Quarantines identifiers that were presented with too many customers, and notes this presentation.
void VelocityStep(Resolution& r);

// Steps 5 and 6. The candidates through strong identifiers, after vetoes have dropped what must not be together; or
// through weak ones, if no strong one is usable.
void FindCandidates(Resolution& r);

// Step 7. Creates, attaches or merges: sets root and origin.
void ChooseCustomer(Resolution& r);

// What the event ends; null if nothing: a phone that is changed to itself goes on.
const PreparedIdentifier* ClosedBy(const Resolution& r);

// What account.phone_changed and account.unbound end.
void CloseStep(Resolution& r);

// Step 8. Edges for what has no owner; anonymous owners of weak identifiers are absorbed.
void AttachStep(Resolution& r);

// Step 9. Notes logged-in devices; two customers make one shared.
void SharedDeviceStep(Resolution& r);

// An event with TRANSACTION identifiers only takes the customer of the first that had one; others note theirs.
void TransactionStep(Resolution& r);

// Notes that transferable identifiers were in use.
void ActivityStep(Resolution& r);

// A rule that candidates and identifiers would break together.
struct Conflict {
  LeftOut reason = LeftOut::kVetoed;
  std::string rule;
  std::set<CustomerId> roots;     // that have a part in it
  std::set<IdentifierId> values;  // that have a part in it
};

// What speaks against one customer having all that the roots have and the new identifiers from the event's time on;
// nullopt if nothing does. All roots must be full.
std::optional<Conflict> FindConflict(const Resolution& r, const std::vector<CustomerId>& roots,
                                     const std::vector<const Evidence*>& fresh);

// The roots, of those that the evidence finds, ascending.
std::vector<CustomerId> RootsOf(const std::vector<const Evidence*>& evidence);

// Makes one customer of two roots: the absorbed one's sides become the survivor's.
void MergeInto(Resolution& r, const CustomerId& survivor, const CustomerId& absorbed);

// True if the root's sides and identifiers are loaded; else they are asked for.
bool HaveFull(Resolution& r, const CustomerId& root);

// Leaves an identifier out, with a fact unless it is no refusal. The fact's customer is set when it is known.
void LeaveOut(Evidence& evidence, LeftOut reason, std::string rule);

// The identifier's row, made if it is absent.
Identifier& EditIdentifier(Resolution& r, const PreparedIdentifier& prepared);

}  // namespace tessera::oneid
