// The methods as callers see them, on a real Postgres.
#include <gmock/gmock.h>
#include <google/protobuf/util/json_util.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "services/membership/domain/programs_for_test.h"
#include "services/membership/store/call_world.h"
#include "tessera/membership/v1/member_service.pb.h"
#include "tessera/membership/v1/points_service.pb.h"
#include "tessera/membership/v1/program_service.pb.h"

namespace tessera::membership {
namespace {

using ::testing::ElementsAre;

constexpr char kExpiring[] = R"({
  "program_id": "pet",
  "currencies": [
    {"name": "points", "kind": "KIND_POINTS", "expiry": {"kind": "KIND_ROLLING", "days": 20},
     "negative": {"kind": "KIND_DEBT"}},
    {"name": "growth", "kind": "KIND_GROWTH"}
  ],
  "earning_rules": [
    {"rule_id": "points", "trigger": "order.paid", "points": "1", "per": "100", "currency": "points"},
    {"rule_id": "growth", "trigger": "order.paid", "points": "1", "per": "100", "currency": "growth"}
  ],
  "enrol_on": ["any"]
})";

class CallsTest : public ::testing::Test {
 protected:
  CallsTest() {
    world.now = absl::Now();
    world.PutProgramFile("pet");
  }

  // Fills what every request has.
  template <class Request>
  Request For(int customer) {
    Request request;
    request.set_brand_id(World::kBrand.value);
    request.set_customer_id(World::Customer(customer).ToString());
    return request;
  }
  template <class Request>
  Request Mutate(int customer) {
    auto request = For<Request>(customer);
    request.set_request_id(NextId());
    return request;
  }
  std::string NextId() { return UuidV7Of(world.now, {"request", std::to_string(++ids_)}).ToString(); }

  void Pay(int customer, int64_t pounds) {
    world.now += absl::Milliseconds(5);
    const OrderKey order = {"o" + std::to_string(++ids_), "shop", World::kBrand};
    world.Run(OrderPaid{World::Key(customer),
                        {"shop", order.order_id, world.now},
                        order,
                        std::make_shared<const Purchase>(Lines({{1, pounds * 100}}))});
  }
  v1::Balance Points(int customer) {
    const auto response =
        world.Call<v1::GetBalanceResponse>("PointsService/GetBalance", For<v1::GetBalanceRequest>(customer));
    return response.ok() ? response->statements(0).balance() : v1::Balance();
  }
  void Merge(int survivor, int absorbed) {
    world.Run(CustomersMerged{{UuidV7Of(world.now, {"merge", std::to_string(++ids_)})},
                              "group",
                              World::Customer(survivor),
                              World::Customer(absorbed),
                              world.now,
                              {},
                              {World::kBrand}});
  }

  CallWorld world;
  int ids_ = 0;
};

TEST_F(CallsTest, EarnHoldCaptureAndRefund) {
  Pay(1, 100);
  auto earn = Mutate<v1::EarnPointsRequest>(1);
  earn.set_amount(50);
  const auto earned = world.Call<v1::EarnPointsResponse>("PointsService/EarnPoints", earn);
  ASSERT_TRUE(earned.ok()) << earned.status();
  EXPECT_FALSE(earned->lot_id().empty());
  EXPECT_EQ(earned->balance().available(), 150);

  auto hold = Mutate<v1::HoldPointsRequest>(1);
  hold.set_amount(120);
  const auto held = world.Call<v1::HoldPointsResponse>("PointsService/HoldPoints", hold);
  ASSERT_TRUE(held.ok()) << held.status();
  EXPECT_EQ(held->balance().held(), 120);

  auto capture = Mutate<v1::CaptureHoldRequest>(1);
  capture.set_hold_id(held->hold_id());
  capture.set_amount(110);
  const auto captured = world.Call<v1::CaptureHoldResponse>("PointsService/CaptureHold", capture);
  ASSERT_TRUE(captured.ok()) << captured.status();
  EXPECT_EQ(captured->released(), 10);
  EXPECT_EQ(captured->balance().available(), 40);

  auto refund = Mutate<v1::RefundSpendRequest>(1);
  refund.set_spend_id(captured->spend_id());
  const auto refunded = world.Call<v1::RefundSpendResponse>("PointsService/RefundSpend", refund);
  ASSERT_TRUE(refunded.ok()) << refunded.status();
  EXPECT_EQ(refunded->returned(), 110);
  EXPECT_EQ(refunded->balance().available(), 150);
  EXPECT_EQ(refunded->member_seq(), 5);
  EXPECT_EQ(world.Violations(), "");
}

// Each method keeps its own requests, so that callers may use one id for several.
TEST_F(CallsTest, OneRequestIdOfSeveralMethodsMakesThingsOfTheirOwn) {
  Pay(1, 100);
  auto earn = Mutate<v1::EarnPointsRequest>(1);
  earn.set_amount(5);
  const auto earned = world.Call<v1::EarnPointsResponse>("PointsService/EarnPoints", earn);
  auto hold = For<v1::HoldPointsRequest>(1);
  hold.set_request_id(earn.request_id());
  hold.set_amount(50);
  const auto held = world.Call<v1::HoldPointsResponse>("PointsService/HoldPoints", hold);
  auto spend = For<v1::SpendPointsRequest>(1);
  spend.set_request_id(earn.request_id());
  spend.set_amount(7);
  const auto spent = world.Call<v1::SpendPointsResponse>("PointsService/SpendPoints", spend);
  ASSERT_TRUE(earned.ok() && held.ok() && spent.ok());
  EXPECT_NE(held->hold_id(), spent->spend_id());
  EXPECT_NE(earned->transaction_id(), spent->transaction_id());
  auto capture = Mutate<v1::CaptureHoldRequest>(1);
  capture.set_hold_id(held->hold_id());
  const auto captured = world.Call<v1::CaptureHoldResponse>("PointsService/CaptureHold", capture);
  ASSERT_TRUE(captured.ok()) << captured.status();
  EXPECT_EQ(captured->balance().available(), 105 - 50 - 7);
  EXPECT_EQ(world.Violations(), "");
}

TEST_F(CallsTest, EveryMistakeIsNamed) {
  Pay(1, 100);
  auto spend = Mutate<v1::SpendPointsRequest>(1);
  spend.set_amount(101);
  const auto error = [&](const v1::SpendPointsRequest& request) {
    return world.ErrorOf<v1::SpendPointsResponse>("PointsService/SpendPoints", request);
  };
  EXPECT_EQ(error(spend), "FAILED_PRECONDITION INSUFFICIENT_POINTS amount");
  spend.set_amount(0);
  EXPECT_EQ(error(spend), "INVALID_ARGUMENT FIELD_INVALID amount");
  spend.set_amount(1);
  spend.set_currency("growth");
  EXPECT_EQ(error(spend), "FAILED_PRECONDITION CURRENCY_NOT_SPENDABLE currency");
  spend.set_currency("'; drop table member");
  EXPECT_EQ(error(spend), "INVALID_ARGUMENT FIELD_INVALID currency");
  spend.set_currency("");
  spend.set_request_id("1");
  EXPECT_EQ(error(spend), "INVALID_ARGUMENT FIELD_INVALID request_id");
  spend.set_request_id(NextId());
  spend.set_customer_id(World::Customer(9).ToString());
  EXPECT_EQ(error(spend), "NOT_FOUND CUSTOMER_UNKNOWN customer_id");
  spend.set_customer_id("nobody");
  EXPECT_EQ(error(spend), "INVALID_ARGUMENT FIELD_INVALID customer_id");
  spend = Mutate<v1::SpendPointsRequest>(1);
  spend.set_amount(1);
  spend.set_brand_id("other");
  EXPECT_EQ(error(spend), "NOT_FOUND BRAND_UNKNOWN brand_id");
  spend.set_brand_id("Brand!");
  EXPECT_EQ(error(spend), "INVALID_ARGUMENT FIELD_INVALID brand_id");
  EXPECT_EQ(world.ErrorOf<v1::GetBalanceResponse>("PointsService/GetBalance", For<v1::GetBalanceRequest>(9)),
            "NOT_FOUND CUSTOMER_UNKNOWN customer_id");
  EXPECT_EQ(Points(1).available(), 100);
}

TEST_F(CallsTest, ItemsOfABatchTakeEffectOneByOne) {
  Pay(1, 1);
  Pay(2, 1);
  v1::BatchEarnPointsRequest batch;
  batch.set_brand_id(World::kBrand.value);
  for (int customer : {1, 2, 9}) {
    *batch.add_items() = Mutate<v1::EarnPointsRequest>(customer);
    batch.mutable_items(batch.items_size() - 1)->set_amount(10);
    batch.mutable_items(batch.items_size() - 1)->clear_brand_id();
  }
  batch.add_items();
  const auto response = world.Call<v1::BatchEarnPointsResponse>("PointsService/BatchEarnPoints", batch);
  ASSERT_TRUE(response.ok()) << response.status();
  ASSERT_EQ(response->results_size(), 4);
  EXPECT_EQ(response->results(0).response().balance().available(), 11);
  EXPECT_EQ(response->results(1).response().balance().available(), 11);
  EXPECT_EQ(response->results(2).error().code(), static_cast<int>(absl::StatusCode::kNotFound));
  EXPECT_EQ(response->results(3).error().code(), static_cast<int>(absl::StatusCode::kInvalidArgument));
  EXPECT_EQ(DecodeStatus(response->results(3).error().SerializeAsString()).message().empty(), false);
}

TEST_F(CallsTest, BalancesAreByTheClockWhetherTimersHaveRunOrNot) {
  world.PutDocument(kExpiring, world.now - absl::Hours(24 * 100));
  world.now = absl::Now() - absl::Hours(24 * 30);
  Pay(1, 70);  // expired ten days ago, but no timer has run
  world.now = absl::Now() - absl::Hours(24 * 15);
  Pay(1, 30);
  const auto response = world.Call<v1::GetBalanceResponse>("PointsService/GetBalance", For<v1::GetBalanceRequest>(1));
  ASSERT_TRUE(response.ok()) << response.status();
  const v1::CurrencyStatement& points = response->statements(0);
  EXPECT_EQ(points.balance().available(), 30);
  EXPECT_EQ(points.expiring(), 30);
  EXPECT_NEAR(static_cast<double>(points.next_expiry_time().seconds()),
              static_cast<double>(absl::ToUnixSeconds(absl::Now() + absl::Hours(24 * 5))), 7'200);
  EXPECT_EQ(response->statements(1).balance().available(), 100);
}

TEST_F(CallsTest, ReadsAreAnsweredForAllSidesOfAMergedCustomer) {
  Pay(1, 100);
  Pay(2, 50);
  Merge(1, 2);
  Pay(2, 25);
  EXPECT_EQ(Points(1).balance(), 175);
  EXPECT_EQ(Points(2).balance(), 175);
  const auto member = world.Call<v1::GetMemberResponse>("MemberService/GetMember", For<v1::GetMemberRequest>(2));
  ASSERT_TRUE(member.ok()) << member.status();
  EXPECT_EQ(member->member().customer_id(), World::Customer(1).ToString());
  EXPECT_THAT(member->member().side_customer_ids(),
              ElementsAre(World::Customer(1).ToString(), World::Customer(2).ToString()));
  EXPECT_EQ(member->member().tier_id(), "V1");
  EXPECT_TRUE(member->member().has_next_review_time());
  EXPECT_EQ(member->member().orders(), 3);
  const auto lots = world.Call<v1::ListLotsResponse>("PointsService/ListLots", For<v1::ListLotsRequest>(2));
  ASSERT_TRUE(lots.ok()) << lots.status();
  EXPECT_EQ(lots->lots_size(), 3);
  EXPECT_EQ(lots->lots(0).amount(), 25);  // latest first
}

TEST_F(CallsTest, EntriesComeLatestFirstPageByPage) {
  for (int64_t pounds = 1; pounds <= 5; ++pounds) Pay(1, pounds);
  auto list = For<v1::ListEntriesRequest>(1);
  list.set_page_size(2);
  list.set_currency("points");
  std::vector<int64_t> amounts;
  for (int pages = 0; pages < 5; ++pages) {
    const auto response = world.Call<v1::ListEntriesResponse>("PointsService/ListEntries", list);
    ASSERT_TRUE(response.ok()) << response.status();
    for (const v1::Entry& entry : response->entries()) {
      amounts.push_back(entry.amount());
      EXPECT_EQ(entry.kind(), v1::ENTRY_KIND_EARNED);
      EXPECT_EQ(entry.change(), entry.amount());
      EXPECT_EQ(entry.rule_id(), "points_per_pound");
      EXPECT_EQ(entry.counter_account(), v1::SYSTEM_ACCOUNT_ISSUANCE);
    }
    list.set_page_token(response->next_page_token());
    if (response->next_page_token().empty()) break;
  }
  EXPECT_THAT(amounts, ElementsAre(5, 4, 3, 2, 1));
  list.set_page_token("bad");
  EXPECT_EQ(world.ErrorOf<v1::ListEntriesResponse>("PointsService/ListEntries", list),
            "INVALID_ARGUMENT PAGE_TOKEN_INVALID page_token");
}

TEST_F(CallsTest, ABalanceIsExplainedByItsLotsAndTheirMovements) {
  Pay(1, 100);
  Pay(1, 50);
  auto spend = Mutate<v1::SpendPointsRequest>(1);
  spend.set_amount(120);
  ASSERT_TRUE(world.Call<v1::SpendPointsResponse>("PointsService/SpendPoints", spend).ok());
  const auto response =
      world.Call<v1::ExplainBalanceResponse>("PointsService/ExplainBalance", For<v1::ExplainBalanceRequest>(1));
  ASSERT_TRUE(response.ok()) << response.status();
  EXPECT_EQ(response->balance().available(), 30);
  ASSERT_EQ(response->lots_size(), 2);
  int64_t remaining = 0;
  for (const v1::LotStory& story : response->lots()) {
    int64_t sum = 0;
    for (const v1::Entry& movement : story.movements()) sum += movement.change();
    EXPECT_EQ(sum, story.lot().remaining());
    remaining += sum;
  }
  EXPECT_EQ(remaining, 30);
  EXPECT_EQ(response->lots(1).lot().state(), v1::Lot::STATE_CLOSED);
}

TEST_F(CallsTest, MembersAreListedByBalanceAndById) {
  for (int customer = 1; customer <= 5; ++customer) Pay(customer, customer == 4 ? 20 : customer * 10);
  Merge(1, 5);  // 60
  v1::ListMembersRequest list;
  list.set_brand_id(World::kBrand.value);
  list.set_order_by(v1::ListMembersRequest::ORDER_BY_BALANCE_DESC);
  list.set_page_size(3);
  const auto page = [&] {
    std::vector<std::string> found;
    const auto response = world.Call<v1::ListMembersResponse>("MemberService/ListMembers", list);
    EXPECT_TRUE(response.ok()) << response.status();
    for (const v1::Member& member : response->members()) {
      found.push_back(absl::StrCat(member.customer_id().substr(9, 4), " ", member.balances(0).balance()));
    }
    list.set_page_token(response->next_page_token());
    return found;
  };
  EXPECT_THAT(page(), ElementsAre("03e8 60", "0bb8 30", "07d0 20"));
  EXPECT_THAT(page(), ElementsAre("0fa0 20"));
  EXPECT_EQ(list.page_token(), "");
  list.set_order_by(v1::ListMembersRequest::ORDER_BY_UNSPECIFIED);
  EXPECT_THAT(page(), ElementsAre("03e8 60", "07d0 20", "0bb8 30"));
  EXPECT_THAT(page(), ElementsAre("0fa0 20"));
  list.set_tier_id("V2");
  EXPECT_THAT(page(), ElementsAre());
}

TEST_F(CallsTest, ListsByWhatDoesNotExistAreRefused) {
  Pay(1, 100);
  v1::ListMembersRequest list;
  const auto members = [&] { return world.ErrorOf<v1::ListMembersResponse>("MemberService/ListMembers", list); };
  list.set_brand_id("nobody");
  EXPECT_EQ(members(), "NOT_FOUND BRAND_UNKNOWN brand_id");
  list.set_brand_id(World::kBrand.value);
  list.set_tier_id("V9");
  EXPECT_EQ(members(), "FAILED_PRECONDITION TIER_UNKNOWN tier_id");
  list.set_tier_id("V2");
  EXPECT_EQ(members(), "");
  list.set_currency("points");
  EXPECT_EQ(members(), "INVALID_ARGUMENT FIELD_INVALID currency") << "it would decide nothing";
  list.set_order_by(v1::ListMembersRequest::ORDER_BY_BALANCE_DESC);
  EXPECT_EQ(members(), "");
  list.set_currency("gold");
  EXPECT_EQ(members(), "FAILED_PRECONDITION CURRENCY_UNKNOWN currency");

  const std::string unknown = "FAILED_PRECONDITION CURRENCY_UNKNOWN currency";
  auto entries = For<v1::ListEntriesRequest>(1);
  entries.set_currency("gold");
  EXPECT_EQ(world.ErrorOf<v1::ListEntriesResponse>("PointsService/ListEntries", entries), unknown);
  auto lots = For<v1::ListLotsRequest>(1);
  lots.set_currency("gold");
  EXPECT_EQ(world.ErrorOf<v1::ListLotsResponse>("PointsService/ListLots", lots), unknown);
  auto explain = For<v1::ExplainBalanceRequest>(1);
  explain.set_currency("gold");
  EXPECT_EQ(world.ErrorOf<v1::ExplainBalanceResponse>("PointsService/ExplainBalance", explain), unknown);
  v1::GetProgramRequest program;
  program.set_brand_id("nobody");
  EXPECT_EQ(world.ErrorOf<v1::GetProgramResponse>("ProgramService/GetProgram", program),
            "NOT_FOUND BRAND_UNKNOWN brand_id");
}

TEST_F(CallsTest, StatisticsAreTheSumsOfTheRows) {
  Pay(1, 100);
  Pay(2, 300);
  Pay(3, 10);
  Merge(1, 3);
  v1::GetStatisticsRequest request;
  request.set_brand_id(World::kBrand.value);
  const auto statistics = world.Call<v1::GetStatisticsResponse>("MemberService/GetStatistics", request);
  ASSERT_TRUE(statistics.ok()) << statistics.status();
  EXPECT_EQ(statistics->members(), 2);
  EXPECT_EQ(statistics->absorbed_customers(), 1);
  EXPECT_EQ(statistics->orders(), 3);
  EXPECT_EQ(statistics->entries(), 6);
  EXPECT_EQ(statistics->lots(), 3);
  EXPECT_EQ(statistics->currencies(0).earned(), 410);
  EXPECT_EQ(statistics->currencies(1).balance(), 410);
  ASSERT_EQ(statistics->tiers_size(), 5);
  EXPECT_EQ(statistics->tiers(0).members(), 1);
  EXPECT_EQ(statistics->tiers(1).members(), 1);
  request.set_brand_id("other");
  EXPECT_EQ(world.ErrorOf<v1::GetStatisticsResponse>("MemberService/GetStatistics", request),
            "NOT_FOUND BRAND_UNKNOWN brand_id");
}

TEST_F(CallsTest, StatisticsTooLargeToTellAreTheLargestNumber) {
  Pay(1, 100);
  Pay(2, 300);
  // 4 and 5 are what is available and pending of the first currency, 7 its debt, 16 what counts of the second.
  world.Text(
      "UPDATE member SET own_sums[4] = 9223372036854775807, own_sums[5] = 9223372036854775807, own_sums[7] = 2, "
      "own_sums[16] = -9223372036854775807");
  v1::GetStatisticsRequest request;
  request.set_brand_id(World::kBrand.value);
  const auto statistics = world.Call<v1::GetStatisticsResponse>("MemberService/GetStatistics", request);
  ASSERT_TRUE(statistics.ok()) << statistics.status();
  EXPECT_EQ(statistics->currencies(0).available(), INT64_MAX);
  EXPECT_EQ(statistics->currencies(0).pending(), INT64_MAX);
  EXPECT_EQ(statistics->currencies(0).debt(), 4);
  EXPECT_EQ(statistics->currencies(0).balance(), INT64_MAX);
  EXPECT_EQ(statistics->currencies(1).available(), INT64_MIN);
  EXPECT_EQ(statistics->currencies(1).balance(), INT64_MIN);
}

TEST_F(CallsTest, ProgramsAreStoredCheckedAndRead) {
  v1::PutProgramRequest put;
  put.set_brand_id(World::kBrand.value);
  put.set_request_id(NextId());
  *put.mutable_program() = CallWorld::Parse<v1::Program>(kExpiring);
  put.mutable_valid_from_time()->set_seconds(4'000'000'000);
  const auto stored = world.Call<v1::PutProgramResponse>("ProgramService/PutProgram", put);
  ASSERT_TRUE(stored.ok()) << stored.status();
  EXPECT_EQ(stored->version(), 2);
  v1::GetProgramRequest get;
  get.set_brand_id(World::kBrand.value);
  auto version = world.Call<v1::GetProgramResponse>("ProgramService/GetProgram", get);
  ASSERT_TRUE(version.ok()) << version.status();
  EXPECT_EQ(version->program_version().version(), 1);  // in force now
  get.set_version(2);
  version = world.Call<v1::GetProgramResponse>("ProgramService/GetProgram", get);
  EXPECT_EQ(version->program_version().program().SerializeAsString(), put.program().SerializeAsString());
  get.set_version(3);
  EXPECT_EQ(world.ErrorOf<v1::GetProgramResponse>("ProgramService/GetProgram", get),
            "NOT_FOUND PROGRAM_UNKNOWN version");

  put.mutable_program()->mutable_earning_rules(0)->set_filter("order.channel == \"pos\"");
  EXPECT_EQ(world.ErrorOf<v1::PutProgramResponse>("ProgramService/PutProgram", put),
            "INVALID_ARGUMENT PROGRAM_INVALID program.earning_rules[0].filter");
  v1::ValidateProgramRequest validate;
  validate.set_brand_id(World::kBrand.value);
  *validate.mutable_program() = put.program();
  validate.mutable_program()->add_enrol_on("order.eaten");
  const auto mistakes = world.Call<v1::ValidateProgramResponse>("ProgramService/ValidateProgram", validate);
  ASSERT_EQ(mistakes->mistakes_size(), 2);
  EXPECT_EQ(mistakes->mistakes(0).path(), "earning_rules[0].filter");
  EXPECT_EQ(mistakes->mistakes(0).reason(), "FILTER_UNSUPPORTED");
  EXPECT_EQ(mistakes->mistakes(1).path(), "enrol_on[1]");
}

}  // namespace
}  // namespace tessera::membership
