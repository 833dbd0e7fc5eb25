// What holds for any events: one owner at a time, no rule broken, the same at every replay, and, where nothing but
// strong identifiers without limits is involved, the same groups in any order.
#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <iterator>
#include <ostream>
#include <random>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "services/oneid/domain/world_for_test.h"

namespace tessera::oneid {

// How a counterexample is printed.
void showValue(const E& event, std::ostream& out) {
  out << "{day " << absl::ToDoubleHours(event.time - Day(0)) / 24;
  for (const std::string& identifier : event.identifiers) out << ' ' << identifier;
  if (event.logged_in) out << " logged_in";
  if (event.verified) out << " verified";
  if (!event.opened.empty()) out << " opened " << event.opened;
  if (!event.closed.empty()) out << " closed " << event.closed;
  out << "}";
}

namespace {

// ---- a naive model: connected components ----

class Components {
 public:
  void Join(const std::string& a, const std::string& b) { parent_[Find(a)] = Find(b); }
  std::string Find(const std::string& a) {
    auto [at, fresh] = parent_.try_emplace(a, a);
    return at->second == a ? a : Find(std::string(at->second));
  }

 private:
  std::map<std::string, std::string> parent_;
};

Namespace Plain(const std::string& name, int32_t rank) {
  Namespace ns;
  ns.name = name;
  ns.rank = rank;
  return ns;
}

// Which identifiers are together: for each, the first of its group.
std::map<std::string, std::string> GroupsOf(ResolutionWorld& world, const std::vector<E>& events) {
  std::map<char, std::string> first;
  std::map<std::string, std::string> group;
  for (const E& event : events) {
    for (const std::string& identifier : event.identifiers) group[identifier] = "";
  }
  for (auto& [identifier, leader] : group) {
    leader = first.try_emplace(world.Owner(identifier, Day(3000)), identifier).first->second;
  }
  return group;
}

// A story: accounts, each with its events in its own order, which show some of a few links.
struct Story {
  std::vector<std::vector<E>> accounts;
  Components components;
};

Story AnyStory(std::mt19937& lot) {
  Story story;
  story.accounts.resize(1 + lot() % 8);
  for (size_t account = 0; account < story.accounts.size(); ++account) {
    const std::string name = "account=" + std::to_string(account);
    for (size_t n = lot() % 6; n > 0; --n) {
      E event{{name}, Day(static_cast<int>(lot() % 400))};
      event.id = name + "/" + std::to_string(n);
      for (size_t links = lot() % 3; links > 0; --links) {
        event.identifiers.push_back("link=" + std::to_string(lot() % 10));
        story.components.Join(name, event.identifiers.back());
      }
      story.accounts[account].push_back(std::move(event));
    }
  }
  return story;
}

// Any interleaving that keeps each account's own order.
std::vector<E> AnyOrder(const Story& story, std::mt19937& lot) {
  std::vector<size_t> turns;
  for (size_t account = 0; account < story.accounts.size(); ++account) {
    turns.insert(turns.end(), story.accounts[account].size(), account);
  }
  std::shuffle(turns.begin(), turns.end(), lot);
  std::vector<size_t> next(story.accounts.size());
  std::vector<E> order;
  for (const size_t account : turns) order.push_back(story.accounts[account][next[account]++]);
  return order;
}

RC_GTEST_PROP(GroupsTest, AnyOrderThatKeepsEachAccountsOwnGivesTheGroupsOfTheNaiveModel, (uint32_t seed)) {
  std::mt19937 lot(seed);
  Story story = AnyStory(lot);
  ResolutionWorld world({Plain("account", 1), Plain("link", 2)});
  const std::vector<E> order = AnyOrder(story, lot);
  for (const E& event : order) world.Send(event);
  const auto groups = GroupsOf(world, order);
  for (const auto& [identifier, leader] : groups) {
    RC_ASSERT(story.components.Find(identifier) == story.components.Find(leader));
    for (const auto& [other, other_leader] : groups) {
      if (leader != other_leader) RC_ASSERT(story.components.Find(identifier) != story.components.Find(other));
    }
  }
}

// ---- all rules at once ----

// An event over a few values of many namespaces, with closings, verified phones, logins and late times.
rc::Gen<E> AnyEvent() {
  static const std::vector<std::string> kValues = {"jd_pin=1",
                                                   "jd_pin=2",
                                                   "taobao_ouid(s1)=1",
                                                   "taobao_ouid(s1)=2",
                                                   "taobao_ouid(s2)=1",
                                                   "youzan_id=1",
                                                   "youzan_id=2",
                                                   "member_card=11",
                                                   "member_card=12",
                                                   "phone=1",
                                                   "phone=2",
                                                   "phone=3",
                                                   "phone=4",
                                                   "email=1",
                                                   "email=2",
                                                   "device_id=1",
                                                   "device_id=2",
                                                   "cookie_id(w)=1",
                                                   "cookie_id(w)=2",
                                                   "pos_id(s1)=1",
                                                   "taobao_oaid(s/a)=1",
                                                   "taobao_oaid(s/a)=2",
                                                   "phone=!",
                                                   "jd_pin=#",
                                                   "nothing=1"};
  return rc::gen::exec([] {
    E event;
    const bool close_together = *rc::gen::arbitrary<bool>();
    event.time = Day(*rc::gen::inRange(0, close_together ? 3 : 600), *rc::gen::inRange(0, 24));
    const int count = *rc::gen::inRange(0, 5);
    event.identifiers = *rc::gen::container<std::vector<std::string>>(count, rc::gen::elementOf(kValues));
    event.logged_in = *rc::gen::arbitrary<bool>();
    event.verified = *rc::gen::inRange(0, 3) == 1;
    if (*rc::gen::inRange(0, 6) == 1) event.closed = *rc::gen::elementOf(kValues);
    if (*rc::gen::inRange(0, 8) == 1) event.opened = "phone=" + std::to_string(*rc::gen::inRange(1, 5));
    return event;
  });
}

std::vector<E> AnyEvents() {
  std::vector<E> events =
      *rc::gen::container<std::vector<E>>(*rc::gen::inRange(0, 60), rc::gen::resize(100, AnyEvent()));
  for (size_t i = 0; i < events.size(); ++i) events[i].id = "e" + std::to_string(i);
  return events;
}

void CheckOneOwnerAtAnyTime(const Tables& tables) {
  const EdgeKey* before = nullptr;
  absl::Time end = absl::InfinitePast();
  tables.edges.Each([&](const EdgeKey& key, const Edge& edge) {
    if (before == nullptr || before->identifier != key.identifier) end = absl::InfinitePast();
    RC_ASSERT(key.from >= end || key.from == edge.to);
    RC_ASSERT(key.from <= edge.to);
    RC_ASSERT(edge.customer.has_value() || key.from == edge.to);
    end = std::max(end, edge.to);
    before = &key;
  });
}

void CheckLimits(const ResolutionWorld& world) {
  struct Held {
    IdentifierId id;
    absl::Time from, to;
  };
  std::map<std::tuple<CustomerId, std::string, std::string>, std::vector<Held>> held;
  world.tables.edges.Each([&](const EdgeKey& key, const Edge& edge) {
    if (!edge.customer) return;
    const CustomerId root = world.tables.customers.At(*edge.customer).root;
    held[{root, edge.name, edge.scope}].push_back({key.identifier, key.from, edge.to});
  });
  for (const auto& [slot, all] : held) {
    const Namespace& ns = *world.config()->FindNamespace(std::get<1>(slot));
    RC_ASSERT(ns.strength != Strength::kTransaction);
    for (const Held& at : all) {
      std::set<IdentifierId> together;
      for (const Held& other : all) {
        if (other.from <= at.from && at.from < other.to) together.insert(other.id);
      }
      RC_ASSERT(ns.at_most == 0 || static_cast<int64_t>(together.size()) <= ns.at_most);
    }
  }
}

// Every alias ends at a living customer in one step, sides and holdings are what rows say.
void CheckAliases(const Tables& tables) {
  std::map<CustomerId, std::set<CustomerId>> sides;
  tables.customers.Each([&](const CustomerId& id, const Customer& row) {
    RC_ASSERT(tables.customers.At(row.root).root == row.root);
    if (row.root != id) sides[row.root].insert(id);
  });
  tables.sides.Each([&](const CustomerId& root, const Sides& row) {
    RC_ASSERT(std::set<CustomerId>(row.others.begin(), row.others.end()) == sides[root]);
  });
  std::map<CustomerId, std::set<IdentifierId>> holdings;
  tables.edges.Each([&](const EdgeKey& key, const Edge& edge) {
    if (edge.customer) holdings[*edge.customer].insert(key.identifier);
  });
  tables.holdings.Each([&](const CustomerId& side, const Holdings& row) {
    RC_ASSERT(std::set<IdentifierId>(row.identifiers.begin(), row.identifiers.end()) == holdings[side]);
    RC_ASSERT(row.identifiers.size() == holdings[side].size());
  });
}

// Accepted events that carry a usable identifier have exactly one customer, and are told once.
void CheckEvents(const ResolutionWorld& world, size_t events) {
  RC_ASSERT(world.FactsOf<EventResolved>().size() == events);
  world.tables.events.Each([&](const EventKey&, const EventRecord& record) {
    RC_ASSERT(record.root.has_value() == record.origin.has_value());
  });
}

RC_GTEST_PROP(InvariantsTest, HoldAfterAnyEvents, ()) {
  const std::vector<E> events = AnyEvents();
  ResolutionWorld world;
  for (const E& event : events) {
    world.Send(event);
    CheckOneOwnerAtAnyTime(world.tables);
    CheckLimits(world);
  }
  CheckAliases(world.tables);
  CheckEvents(world, events.size());
}

// ---- replay ----

// All that the graph is, a line for each row. Numbers are what a replay is given, not what it makes.
std::vector<std::string> GraphOf(const Tables& tables) {
  std::vector<std::string> lines;
  auto text = [](const std::optional<CustomerId>& id) { return id ? id->ToString() : "nobody"; };
  tables.edges.Each([&](const EdgeKey& key, const Edge& edge) {
    lines.push_back(absl::StrCat("edge ", edge.name, " ", key.identifier.ToString(), " ", absl::FormatTime(key.from),
                                 "-", absl::FormatTime(edge.to), " of ", text(edge.customer), " by ", edge.event_id));
  });
  tables.customers.Each([&](const CustomerId& id, const Customer& row) {
    lines.push_back(absl::StrCat("customer ", id.ToString(), " root ", row.root.ToString(),
                                 row.anonymous ? " anon" : "", " last ", row.last_change.ToString()));
  });
  tables.identifiers.Each([&](const IdentifierId& id, const Identifier& row) {
    lines.push_back(absl::StrCat("identifier ", row.name, " ", id.ToString(), row.quarantined ? " quarantined" : "",
                                 row.shared ? " shared" : "", " in ", text(row.logged_in_customer), " transaction ",
                                 text(row.transaction_customer)));
  });
  tables.presentations.Each([&](const PresentationKey& key, const Presentation& row) {
    lines.push_back(absl::StrCat("presentation ", key.identifier.ToString(), " ", key.customer.ToString(), " ",
                                 absl::FormatTime(row.first), "-", absl::FormatTime(row.last)));
  });
  tables.activities.Each([&](const ActivityKey& key, const Activity& row) {
    lines.push_back(
        absl::StrCat("activity ", key.identifier.ToString(), " ", key.customer.ToString(), " ", row.last_day));
  });
  return lines;
}

std::string Difference(const std::vector<std::string>& a, const std::vector<std::string>& b) {
  std::vector<std::string> only;
  std::set_symmetric_difference(a.begin(), a.end(), b.begin(), b.end(), std::back_inserter(only));
  return absl::StrJoin(only, "\n");
}

RC_GTEST_PROP(ReplayTest, InTheOrderOfDecisionNumbersGivesTheSameGraph, ()) {
  const std::vector<E> events = AnyEvents();
  ResolutionWorld world;
  std::vector<std::tuple<int64_t, bool, std::string, const E*>> order;
  for (const E& event : events) {
    const EventRecord& record = world.Send(event);
    order.emplace_back(record.decision_number, !record.changed_graph, event.id, &event);
  }
  std::sort(order.begin(), order.end());
  ResolutionWorld again;
  for (const auto& [number, unchanged, id, event] : order) again.Send(*event);
  auto was = GraphOf(world.tables), is = GraphOf(again.tables);
  std::sort(was.begin(), was.end());
  std::sort(is.begin(), is.end());
  RC_ASSERT(Difference(was, is) == "");
}

}  // namespace
}  // namespace tessera::oneid
