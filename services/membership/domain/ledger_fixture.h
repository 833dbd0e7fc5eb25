// For tests: a world with the pet program, whose policies on points can be changed.
#pragma once

#include "services/membership/domain/member_fixture.h"

namespace tessera::membership {

class LedgerTest : public MemberTest {
 protected:
  LedgerTest() {
    Put([](Currency&) {});
  }

  // Stores a version of the pet program with another policy on points.
  template <class Change>
  void Put(Change change) {
    Program program = PetProgram();
    change(program.currencies[0]);
    world.PutProgram(program);
  }
  void PutExpiry(ExpiryPolicy::Kind kind, int days, int months, int reinstate = 0) {
    Put([&](Currency& points) {
      points.expiry.kind = kind;
      points.expiry.days = days;
      points.expiry.months = months;
      points.expiry.reinstate_days = reinstate;
    });
  }
  void PutActivation(ActivationPolicy::Kind kind, int days) {
    Put([&](Currency& points) { points.activation = {kind, days}; });
  }
  void PutNegative(NegativePolicy::Kind kind, int64_t limit = 0) {
    Put([&](Currency& points) { points.negative = {kind, limit}; });
  }
  void Join(int customer) { Act(customer, EventType::kPageViewed); }
  int64_t Forgiven(int customer) { return world.Of(customer)[Measure::kForgiven]; }
  int64_t Expired(int customer) { return world.Of(customer)[Measure::kExpired]; }
};

}  // namespace tessera::membership
