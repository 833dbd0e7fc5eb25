// Events by lot over a few values of many namespaces: every step of resolution is met. For tests.
#pragma once

#include <random>
#include <string>
#include <vector>

#include "services/oneid/tests/world.h"

namespace tessera::oneid {

inline std::vector<TestEvent> AnyEvents(uint32_t seed, int count, const std::string& prefix = "e") {
  using Identifier = std::vector<std::string>;
  static const std::vector<Identifier> kValues = {{"jd_pin", "", "p1"},
                                                  {"jd_pin", "", "p2"},
                                                  {"jd_pin", "", "p3"},
                                                  {"taobao_ouid", "s1", "t1"},
                                                  {"taobao_ouid", "s1", "t2"},
                                                  {"taobao_ouid", "s2", "t1"},
                                                  {"youzan_id", "", "y1"},
                                                  {"youzan_id", "", "y2"},
                                                  {"member_card", "", "1001"},
                                                  {"member_card", "", "1002"},
                                                  {"phone", "", "13912345671"},
                                                  {"phone", "", "13912345672"},
                                                  {"phone", "", "13912345673"},
                                                  {"phone", "", "+86 139 1234 5674"},
                                                  {"email", "", "Ann@Example.com"},
                                                  {"email", "", "bob@example.com"},
                                                  {"pos_id", "s1", "c1"},
                                                  {"device_id", "", "d1"},
                                                  {"device_id", "", "d2"},
                                                  {"cookie_id", "web", "c1"},
                                                  {"cookie_id", "web", "c2"},
                                                  {"taobao_oaid", "s1/a1", "o1"},
                                                  {"phone", "", "0000"},
                                                  {"jd_pin", "", "null"},
                                                  {"taobao_ouid", "", "t1"},
                                                  {"no_such", "", "1"}};
  std::mt19937 lot(seed);
  auto chance = [&](uint32_t one_in) { return lot() % one_in == 0; };
  std::vector<TestEvent> events;
  for (int i = 0; i < count; ++i) {
    TestEvent event{.id = prefix + std::to_string(i)};
    event.time = absl::FromUnixSeconds(1'650'000'000) + absl::Hours(lot() % (chance(2) ? 48 : 10'000));
    for (uint32_t n = lot() % 4; n > 0; --n) event.identifiers.push_back(kValues[lot() % kValues.size()]);
    event.logged_in = chance(2);
    event.verified = chance(4);
    if (chance(8)) {
      event.event.mutable_account_phone_changed()->set_old_phone(kValues[10 + lot() % 4][2]);
      event.event.mutable_account_phone_changed()->set_new_phone(kValues[10 + lot() % 4][2]);
    } else if (chance(8)) {
      const Identifier& removed = kValues[lot() % kValues.size()];
      auto& unbound = *event.event.mutable_account_unbound();
      unbound.set_removed_namespace(removed[0]);
      unbound.set_removed_scope(removed[1]);
      unbound.set_removed_value(removed[2]);
    }
    events.push_back(std::move(event));
  }
  return events;
}

}  // namespace tessera::oneid
