// Events decided one after the other over tables in memory, for tests of the domain. Ids of identifiers are plain
// hashes. Used by one thread.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "base/check.h"
#include "base/crypto.h"
#include "services/oneid/domain/domain.h"
#include "services/oneid/domain/resolution.h"
#include "services/oneid/domain/resolve.h"

namespace tessera::oneid {

inline absl::Time Day(int day, int hour = 0, int minute = 0) {
  return absl::FromCivil(absl::CivilMinute(2024, 1, 1, hour, minute), absl::UTCTimeZone()) + day * absl::Hours(24);
}

// A test's event. Identifiers are "name=value" or "name(scope)=value"; a value that starts with "!" is invalid, one
// that starts with "#" is blocked.
struct E {
  std::vector<std::string> identifiers;
  absl::Time time = Day(0);
  bool logged_in = false;
  bool verified = false;
  std::string opened{}, closed{};
  std::string id{};  // made where it is ""
};

class ResolutionWorld {
 public:
  explicit ResolutionWorld(std::vector<Namespace> namespaces = BuiltInNamespaces()) {
    GroupConfig config{
        .id = {"group"}, .version = 1, .rule_version = 1, .brands = {}, .namespaces = std::move(namespaces)};
    config.brands.push_back({.id = {"brand"}, .version = 1, .zone = absl::UTCTimeZone()});
    Stamp(config);
    config_ = std::make_shared<const GroupConfig>(std::move(config));
    tables.brands.Put({"brand"}, BrandRow{{"group"}});
    tables.groups.Put({"group"}, GroupRow{config_});
  }

  static IdentifierId Id(const std::string& name, const std::string& scope, const std::string& value) {
    return {UuidV8Of(Sha256OfParts({name, scope, value}))};
  }

  // "jd_pin=p1", "taobao_ouid(shop1)=t1".
  static RawIdentifier Parse(const std::string& text) {
    const size_t equals = text.find('=');
    RawIdentifier raw{text.substr(0, equals), "", text.substr(equals + 1)};
    if (const size_t open = raw.name.find('('); open != std::string::npos) {
      raw.scope = raw.name.substr(open + 1, raw.name.size() - open - 2);
      raw.name.resize(open);
    }
    return raw;
  }
  static IdentifierId Id(const std::string& text) {
    const RawIdentifier raw = Parse(text);
    return Id(raw.name, raw.scope, raw.value);
  }

  PreparedIdentifier Prepare(const std::string& text, absl::Time time) const {
    const RawIdentifier raw = Parse(text);
    PreparedIdentifier prepared;
    prepared.name = raw.name;
    prepared.ns = config_->FindNamespace(raw.name);
    if (prepared.ns == nullptr) prepared.left_out = LeftOut::kNamespaceUnknown;
    if (raw.value[0] == '!') prepared.left_out = LeftOut::kInvalidValue;
    if (raw.value[0] == '#') prepared.left_out = LeftOut::kBlocked;
    if (!prepared.usable()) return prepared;
    prepared.scope = ScopeKey(*prepared.ns, raw.scope, time, absl::UTCTimeZone()).value();
    prepared.id = Id(raw.name, raw.scope, raw.value);
    prepared.value = raw.value;
    return prepared;
  }

  // Decides the event; the facts are added to `facts`. Answers what was recorded of it.
  const EventRecord& Send(const E& e) {
    auto event = std::make_shared<ResolveEvent>();
    event->key = {{"brand"}, "shop", e.id.empty() ? "e" + std::to_string(++events_) : e.id, 0};
    event->time = e.time;
    event->payload = "page_viewed";
    event->logged_in = e.logged_in;
    event->verified = e.verified;
    if (!e.opened.empty()) event->opened = Parse(e.opened);
    auto prepared = std::make_shared<Prepared>();
    prepared->config = config_;
    for (const std::string& text : e.identifiers) prepared->identifiers.push_back(Prepare(text, e.time));
    if (!e.opened.empty()) prepared->identifiers.push_back(Prepare(e.opened, e.time));
    if (!e.closed.empty()) prepared->closed = Prepare(e.closed, e.time);
    for (const auto& one : prepared->identifiers) tables.identifiers.Put(one.id, std::nullopt);
    if (prepared->closed) tables.identifiers.Put(prepared->closed->id, std::nullopt);
    tables.customers.Put(WouldBeId(config_->id, *event), std::nullopt);
    tables.prepared.Put({event->key, config_->fingerprint}, prepared);
    return Run(event);
  }

  // The root of the last event, its number in order of creation: 'A', 'B', ...; '-' if it was unresolved.
  char Customer(const EventRecord& record) { return record.root ? NameOf(*record.root) : '-'; }
  char Resolve(const E& e) { return Customer(Send(e)); }

  // The root that owns the identifier, at a time.
  char Owner(const std::string& identifier, absl::Time time) {
    const auto holding = HoldingAt(tables.edges, Id(identifier), time);
    return holding ? NameOf(tables.customers.At(holding->customer).root) : '-';
  }

  // Why the event left its i-th identifier out.
  static std::string LeftOutOf(const EventRecord& record, size_t i) { return TextOf(record.steps.at(i).left_out); }

  template <class F>
  std::vector<F> FactsOf() const {
    std::vector<F> found;
    for (const Fact& fact : facts) {
      if (const F* one = std::get_if<F>(&fact)) found.push_back(*one);
    }
    return found;
  }

  Tables tables;
  std::vector<Fact> facts;
  const GroupConfigPtr& config() const { return config_; }

 private:
  const EventRecord& Run(const ResolveEventPtr& event) {
    while (true) {
      OneidOutcome outcome = DecideEvent(tables, event, Day(0) + absl::Hours(24 * 3650));
      const bool done = outcome.index() == 0;
      std::apply([done](auto&... table) { ((done ? table.Keep() : table.Undo()), ...); }, tables.Tie());
      if (done) {
        for (Fact& fact : std::get<0>(outcome).facts) {
          if (const auto* created = std::get_if<CustomerCreated>(&fact)) {
            names_.emplace(created->customer, static_cast<char>('A' + names_.size()));
          }
          facts.push_back(std::move(fact));
        }
        return tables.events.At(event->key);
      }
      auto* more = std::get_if<3>(&outcome);
      TESSERA_CHECK(more != nullptr && more->need.full_roots.empty() && !more->need.customers.empty());
      for (const CustomerId& customer : more->need.customers) tables.customers.Put(customer, std::nullopt);
    }
  }

  char NameOf(const CustomerId& id) const { return names_.at(id); }

  GroupConfigPtr config_;
  std::map<CustomerId, char> names_;
  int events_ = 0;
};

}  // namespace tessera::oneid
