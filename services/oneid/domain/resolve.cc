#include "services/oneid/domain/resolve.h"

#include <algorithm>
#include <utility>

#include "services/oneid/domain/resolution.h"

namespace tessera::oneid {
namespace {

constexpr absl::Duration kFutureMax = absl::Hours(24);
constexpr absl::Duration kBrandWaitMax = absl::Hours(7 * 24);

}  // namespace

CustomerId WouldBeId(const GroupId& group, const ResolveEvent& event) {
  return {UuidV7Of(event.time, {group.value, "customer", event.key.brand.value, event.key.source, event.key.event_id})};
}

CustomerId DayCustomerId(const GroupId& group, const IdentifierId& id, absl::Time time, absl::TimeZone zone) {
  const absl::Time day = std::max(absl::FromCivil(absl::ToCivilDay(time, zone), zone), absl::UnixEpoch());
  return {UuidV7Of(day, {group.value, "day", id.ToString()})};
}

void LeaveOut(Evidence& evidence, LeftOut reason, std::string rule) {
  evidence.left_out = reason;
  evidence.rule = std::move(rule);
}

bool HaveFull(Resolution& r, const CustomerId& root) {
  if (r.tables.sides.Loaded(root)) return true;
  r.need_full.push_back(root);
  return false;
}

Identifier& EditIdentifier(Resolution& r, const PreparedIdentifier& prepared) {
  Identifier& row = r.tables.identifiers.Edit(prepared.id);
  row.group = r.group();
  row.name = prepared.name;
  row.scope = prepared.scope;
  return row;
}

namespace {

// The identifiers whose rows this event depended on, those that were left out by their state too.
std::vector<const PreparedIdentifier*> LockedBy(const Resolution& r) {
  std::vector<const PreparedIdentifier*> all;
  for (const PreparedIdentifier& one : r.prepared.identifiers) {
    if (one.usable()) all.push_back(&one);
  }
  if (r.prepared.closed && r.prepared.closed->usable()) all.push_back(&*r.prepared.closed);
  return all;
}

int64_t NumberOf(const Resolution& r, const PreparedIdentifier& prepared) {
  const Identifier* row = r.tables.identifiers.Find(prepared.id);
  return row == nullptr ? 0 : row->decision_number;
}

// A decision that changes the graph, or what later decisions judge by, takes a number above all that its rows have, and
// leaves it on them. Another keeps the largest that it saw, and leaves that on the rows that lag: whatever changes one
// of its rows later has a larger number, so that it sorts after this decision at a replay, too.
void Number(Resolution& r) {
  int64_t number = 0;
  const auto identifiers = LockedBy(r);
  for (const PreparedIdentifier* one : identifiers) number = std::max(number, NumberOf(r, *one));
  for (const CustomerId& root : r.touched) number = std::max(number, r.tables.customers.At(root).decision_number);
  if (r.changed) ++number;
  for (const PreparedIdentifier* one : identifiers) {
    if (NumberOf(r, *one) < number) EditIdentifier(r, *one).decision_number = number;
  }
  for (const CustomerId& root : r.touched) {
    if (r.tables.customers.At(root).decision_number < number) r.tables.customers.Edit(root).decision_number = number;
  }
  for (const EdgeKey& key : r.new_edges) r.tables.edges.Edit(key).decision_number = number;
  r.record.decision_number = number;
  r.record.changed_graph = r.changed;
}

// A refusal of an identifier that another customer holds is told as such, now that the event's customer is known.
void TellUses(Resolution& r) {
  for (Evidence& one : r.evidence) {
    Step& step = r.record.steps[one.step];
    if (!one.used()) {
      step.use = Use::kLeftOut;
      step.left_out = one.left_out;
      step.rule = one.rule;
      const bool held = one.holding && r.RootIdOf(one.holding->customer) != r.root;
      if (one.left_out == LeftOut::kVetoed && one.ns().transferable && held) step.left_out = LeftOut::kHeldByOther;
    } else if (one.shared) {
      step.use = Use::kLeftOut;
      step.left_out = LeftOut::kShared;
    } else if (step.use == Use::kUnused && one.holding && r.RootIdOf(one.holding->customer) == r.root) {
      step.use = Use::kFound;
    }
  }
}

bool IsRefusal(LeftOut reason) { return reason != LeftOut::kShared && reason != LeftOut::kClosing; }

void Finish(Resolution& r) {
  TellUses(r);
  Number(r);
  EventResolved resolved{.event = r.event, .root = r.root, .origin = r.origin};
  for (const Step& step : r.record.steps) {
    if (step.use == Use::kLeftOut && IsRefusal(step.left_out)) {
      r.facts.emplace_back(IdentifierRefused{step.id, step.name, step.left_out, step.rule, r.root});
    }
    if (step.use == Use::kFound || step.use == Use::kAttached || step.use == Use::kMoved || step.use == Use::kJoined) {
      resolved.identifiers.push_back({step.id, step.name});
    }
  }
  if (r.root) resolved.anonymous = r.tables.customers.At(*r.root).anonymous;
  resolved.order_source = r.brand.OrderSourceOf(r.event->key.source);
  r.facts.emplace_back(std::move(resolved));
  r.record.group = r.group();
  r.record.event_time = r.time();
  r.record.payload = r.event->payload;
  r.record.rule_version = r.config.rule_version;
  r.record.root = r.root;
  r.record.origin = r.origin;
  r.tables.events.Insert(r.event->key, r.record);
}

OneidOutcome MoreOf(const Resolution& r) {
  Need need;
  need.full_roots.insert(r.need_full.begin(), r.need_full.end());
  need.customers.insert(r.need_customers.begin(), r.need_customers.end());
  return engine::More<Need>{std::move(need)};
}

OneidOutcome Resolve(Tables& tables, const ResolveEventPtr& event, const Prepared& prepared, const Brand& brand) {
  Resolution r{.tables = tables, .event = event, .prepared = prepared, .config = *prepared.config, .brand = brand};
  r.would_be = WouldBeId(r.group(), *event);
  NormaliseStep(r);
  FindOwners(r);
  TransferStep(r);
  VelocityStep(r);
  FindCandidates(r);
  if (r.asks_more()) return MoreOf(r);
  ChooseCustomer(r);
  if (r.asks_more()) return MoreOf(r);
  TransactionStep(r);
  CloseStep(r);
  AttachStep(r);
  if (r.asks_more()) return MoreOf(r);
  SharedDeviceStep(r);
  ActivityStep(r);
  Finish(r);
  return OneidDone{.facts = std::move(r.facts)};
}

}  // namespace

OneidOutcome DecideEvent(Tables& tables, const ResolveEventPtr& event, absl::Time now) {
  if (event->time < absl::UnixEpoch() || event->time > now + kFutureMax) {
    return OneidRefusal{Reason::kEventTimeOutOfRange, "time"};
  }
  const BrandRow* brand = tables.brands.Find(event->key.brand);
  if (brand == nullptr) {
    return engine::Wait<Reason>{BrandWaitKey(event->key.brand), now + kBrandWaitMax, Reason::kBrandUnknown};
  }
  const GroupConfigPtr& config = tables.groups.At(brand->group).config;
  const PreparedKey key{event->key, config->fingerprint};
  if (!tables.prepared.Loaded(key)) {
    Need need;
    need.further_configs[event->key][config->fingerprint] = config;
    return engine::More<Need>{std::move(need)};
  }
  const PreparedPtr prepared = tables.prepared.At(key);
  return Resolve(tables, event, *prepared, *prepared->config->FindBrand(event->key.brand));
}

}  // namespace tessera::oneid
