// Real timers in the real process: what is due happens without anybody asking, also if the process was not there.
// The program's smallest unit is a day, so the events lie in the past by all of it but a few seconds.
#include <algorithm>

#include "services/membership/tests/membership_fixture.h"

namespace tessera::membership {
namespace {

using ::testing::SizeIs;

// Points are pending for a day and then live for a day.
constexpr char kDays[] = R"({
  "program_id": "pet",
  "currencies": [
    {"name": "points", "kind": "KIND_POINTS", "expiry": {"kind": "KIND_ROLLING", "days": 1},
     "activation": {"kind": "KIND_AFTER_DAYS", "days": 1}},
    {"name": "growth", "kind": "KIND_GROWTH", "activation": {"kind": "KIND_AFTER_DAYS", "days": 1}}
  ],
  "earning_rules": [
    {"rule_id": "points", "trigger": "order.paid", "points": "1", "per": "100", "currency": "points"},
    {"rule_id": "growth", "trigger": "order.paid", "points": "1", "per": "100", "currency": "growth"}
  ],
  "enrol_on": ["any"]
})";
constexpr absl::Duration kDay = absl::Hours(24);
// Long enough for an event to take effect before it, even on a slow machine.
constexpr absl::Duration kSoon = absl::Seconds(5);

class TimersTest : public MembershipTest {
 protected:
  void SetUp() override {
    MembershipTest::SetUp();
    PutProgram(kBrand, ProgramOf(kDays));
  }

  static std::vector<v1::Entry> OfKind(const std::vector<v1::Entry>& entries, v1::EntryKind kind) {
    std::vector<v1::Entry> of_kind;
    std::copy_if(entries.begin(), entries.end(), std::back_inserter(of_kind),
                 [kind](const v1::Entry& entry) { return entry.kind() == kind; });
    return of_kind;
  }

  // Points that became active an hour ago.
  void TellActivePoints(const std::string& customer, int64_t pence) {
    TellPaid(customer, "active-" + customer, pence, absl::Now() - kDay - absl::Hours(1));
  }
  v1::HoldPointsResponse Hold(const std::string& customer, int64_t amount, absl::Duration ttl) {
    auto request = Mutate<v1::HoldPointsRequest>(customer, amount);
    request.mutable_ttl()->set_seconds(absl::ToInt64Seconds(ttl));
    return Get<v1::HoldPointsResponse>("PointsService/HoldPoints", request);
  }
};

TEST_F(TimersTest, PendingPointsBecomeActive) {
  const absl::Time due = absl::FromUnixMicros(absl::ToUnixMicros(absl::Now() + kSoon));
  TellPaid(kAnn, "1", 1'200, due - kDay);
  const auto earned = told_->Await<v1::PointsEarned>(1);
  ASSERT_THAT(earned, SizeIs(1));
  ASSERT_EQ(earned[0].awards_size(), 2);
  for (const auto& award : earned[0].awards()) {
    EXPECT_TRUE(award.pending());
    EXPECT_EQ(TimeOf(award.activation_time()), due);
  }
  EXPECT_EQ(earned[0].change().balances_after(0).pending(), 12);

  const auto activated = told_->Await<v1::PointsActivated>(2);
  ASSERT_THAT(activated, SizeIs(2));
  EXPECT_GE(absl::Now(), due);
  EXPECT_EQ(activated[0].currency() + " " + activated[1].currency(), "points growth");
  for (const auto& event : activated) EXPECT_EQ(event.amount(), 12);
  EXPECT_EQ(activated[0].change().balances_after(0).ShortDebugString(),
            "currency: \"points\" available: 12 balance: 12");
  EXPECT_EQ(Points(kAnn).ShortDebugString(), activated[0].change().balances_after(0).ShortDebugString());
  // Spendable points stay in their lot, so only growth value has an entry.
  const auto entries = OfKind(Entries(kAnn), v1::ENTRY_KIND_ACTIVATED);
  ASSERT_THAT(entries, SizeIs(1));
  EXPECT_EQ(entries[0].currency() + " " + entries[0].cause_source(), "growth timer");
  EXPECT_GE(TimeOf(entries[0].posted_time()), due);
  for (const v1::Lot& lot : Lots(kAnn)) {
    EXPECT_EQ(TimeOf(lot.activation_time()), due);
    EXPECT_EQ(lot.state(), lot.currency() == "points" ? v1::Lot::STATE_ACTIVE : v1::Lot::STATE_CLOSED);
  }
}

TEST_F(TimersTest, PointsExpire) {
  const absl::Time due = absl::FromUnixMicros(absl::ToUnixMicros(absl::Now() + kSoon));
  TellPaid(kAnn, "1", 1'200, due - 2 * kDay);
  const auto earned = told_->Await<v1::PointsEarned>(1);
  ASSERT_THAT(earned, SizeIs(1));
  EXPECT_FALSE(earned[0].awards(0).pending());
  EXPECT_EQ(TimeOf(earned[0].awards(0).expiry_time()), due);
  EXPECT_EQ(earned[0].change().balances_after(0).available(), 12);

  const auto expired = told_->Await<v1::PointsExpired>(1);
  ASSERT_THAT(expired, SizeIs(1));
  EXPECT_GE(absl::Now(), due);
  EXPECT_EQ(expired[0].amount(), 12);
  const auto entries = OfKind(Entries(kAnn), v1::ENTRY_KIND_EXPIRED);
  ASSERT_THAT(entries, SizeIs(1));
  EXPECT_EQ(entries[0].change(), -12);
  EXPECT_EQ(entries[0].counter_account(), v1::SYSTEM_ACCOUNT_EXPIRY);
  EXPECT_EQ(entries[0].transaction_id(), expired[0].change().transaction_id());
  EXPECT_EQ(TimeOf(entries[0].effective_time()), due);
  EXPECT_GE(TimeOf(entries[0].posted_time()), due);
  EXPECT_EQ(Points(kAnn).balance(), 0);
  const auto lots = Lots(kAnn);
  ASSERT_THAT(lots, SizeIs(1));
  EXPECT_EQ(lots[0].state(), v1::Lot::STATE_CLOSED);
  EXPECT_EQ(lots[0].expired(), 12);
}

TEST_F(TimersTest, AHoldEnds) {
  TellActivePoints(kAnn, 1'200);
  AwaitSettled();
  const auto hold = Hold(kAnn, 5, absl::Seconds(1));
  EXPECT_EQ(hold.balance().ShortDebugString(), "currency: \"points\" available: 7 held: 5 balance: 12");
  const size_t entries = Entries(kAnn).size();

  const auto released = told_->Await<v1::PointsReleased>(1);
  ASSERT_THAT(released, SizeIs(1));
  EXPECT_GE(absl::Now(), TimeOf(hold.expire_time()));
  EXPECT_EQ(released[0].hold_id(), hold.hold_id());
  EXPECT_EQ(released[0].amount(), 5);
  EXPECT_TRUE(released[0].timed_out());
  EXPECT_EQ(Points(kAnn).ShortDebugString(), "currency: \"points\" available: 12 balance: 12");
  EXPECT_THAT(Entries(kAnn), SizeIs(entries)) << "a hold moves nothing";
  auto capture = Mutate<v1::CaptureHoldRequest>(kAnn, 0);
  capture.set_hold_id(hold.hold_id());
  EXPECT_EQ(ErrorOf(Call<v1::CaptureHoldResponse>("PointsService/CaptureHold", capture).status()),
            "FAILED_PRECONDITION HOLD_ENDED hold_id");
}

TEST_F(TimersTest, WhatFellDueWhileTheProcessWasStoppedHappensWhenItStarts) {
  const absl::Time due = absl::Now() + absl::Seconds(10);
  TellPaid(kAnn, "pending", 1'200, due - kDay);
  TellPaid(kAnn, "expiring", 700, due - 2 * kDay);
  TellActivePoints(kBob, 400);
  AwaitSettled();
  ASSERT_THAT(told_->Of<v1::PointsEarned>(), SizeIs(3));
  const auto hold = Hold(kBob, 3, absl::Seconds(5));
  ASSERT_TRUE(process_->Stop()) << process_->log();
  ASSERT_LT(absl::Now(), TimeOf(hold.expire_time())) << "the machine is too slow for this test";
  ASSERT_TRUE(testing::WaitFor([&] { return absl::Now() > due; }));

  Start();
  EXPECT_THAT(told_->Await<v1::PointsActivated>(2), SizeIs(2));
  EXPECT_THAT(told_->Await<v1::PointsExpired>(1), SizeIs(1));
  EXPECT_THAT(told_->Await<v1::PointsReleased>(1), SizeIs(1));
  TellActivePoints(kAnn, 100);
  AwaitSettled();
  EXPECT_THAT(told_->Of<v1::PointsActivated>(), SizeIs(2));
  EXPECT_THAT(told_->Of<v1::PointsExpired>(), SizeIs(1));
  EXPECT_THAT(told_->Of<v1::PointsReleased>(), SizeIs(1));
  EXPECT_EQ(Points(kAnn).ShortDebugString(), "currency: \"points\" available: 13 balance: 13");
  EXPECT_EQ(Points(kBob).ShortDebugString(), "currency: \"points\" available: 4 balance: 4");
  const auto expired = OfKind(Entries(kAnn), v1::ENTRY_KIND_EXPIRED);
  ASSERT_THAT(expired, SizeIs(1));
  EXPECT_EQ(expired[0].amount(), 7);
  EXPECT_THAT(OfKind(Entries(kAnn), v1::ENTRY_KIND_ACTIVATED), SizeIs(1));
}

}  // namespace
}  // namespace tessera::membership
