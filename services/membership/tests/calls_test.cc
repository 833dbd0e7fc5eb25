// Calls of the real binary: once per request_id, refusals that leave no trace, pages that lose no row.
#include <algorithm>

#include "absl/strings/ascii.h"
#include "rpc/dynamic_client.h"
#include "services/membership/tests/membership_fixture.h"

namespace tessera::membership {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::SizeIs;

constexpr char kReused[] = "INVALID_ARGUMENT REQUEST_ID_REUSED request_id";

class CallsTest : public MembershipTest {
 protected:
  // A member with 100 points.
  void SetUp() override {
    MembershipTest::SetUp();
    TellPaid(kAnn, "1", 10'000);
    AwaitSettled();
  }

  // What a call that changes nothing must leave as it is.
  std::string StateOf(const std::string& customer) {
    AwaitSettled();
    std::string state = absl::StrCat("told ", told_->records().size(), " ", Member(customer).ShortDebugString());
    for (const v1::Lot& lot : Lots(customer)) absl::StrAppend(&state, " ", lot.ShortDebugString());
    for (const v1::Entry& entry : Entries(customer)) absl::StrAppend(&state, " ", entry.ShortDebugString());
    return state;
  }

  // The response of `request`, which changes its customer; the same again changes nothing and is answered alike, and
  // `other`, of the same request_id, is refused.
  template <class Response, class Request>
  Response Once(const std::string& method, const Request& request, const Request& other) {
    const std::string before = StateOf(request.customer_id());
    const auto response = Get<Response>("PointsService/" + method, request);
    const std::string after = StateOf(request.customer_id());
    EXPECT_NE(before, after);
    const auto again = Get<Response>("PointsService/" + method, request);
    EXPECT_EQ(again.SerializeAsString(), response.SerializeAsString());
    EXPECT_EQ(other.request_id(), request.request_id());
    EXPECT_EQ(ErrorOf(Call<Response>("PointsService/" + method, other).status()), kReused);
    EXPECT_EQ(StateOf(request.customer_id()), after);
    return response;
  }
  template <class Response, class Request>
  Response Once(const std::string& method, const Request& request) {
    Request other = request;
    other.set_amount(request.amount() + 1);
    return Once<Response>(method, request, other);
  }

  // A call that is refused and changes nothing; the error.
  template <class Response, class Request>
  std::string Refused(const std::string& method, const Request& request) {
    const std::string before = StateOf(request.customer_id());
    const std::string error = ErrorOf(Call<Response>("PointsService/" + method, request).status());
    EXPECT_EQ(StateOf(request.customer_id()), before) << error;
    return error;
  }

  v1::HoldPointsResponse Hold(int64_t amount) {
    return Get<v1::HoldPointsResponse>("PointsService/HoldPoints", Mutate<v1::HoldPointsRequest>(kAnn, amount));
  }
};

TEST_F(CallsTest, PointsAreEarnedOnce) {
  auto request = Mutate<v1::EarnPointsRequest>(kAnn, 30);
  request.set_reason("birthday");
  const auto earned = Once<v1::EarnPointsResponse>("EarnPoints", request);
  EXPECT_NE(earned.lot_id(), "");
  EXPECT_EQ(earned.balance().ShortDebugString(), "currency: \"points\" available: 130 balance: 130");
  const v1::Entry entry = Entries(kAnn).at(0);
  EXPECT_EQ(entry.transaction_id(), earned.transaction_id());
  EXPECT_EQ(entry.cause_source() + " " + entry.cause_id(), "call: birthday " + request.request_id());
  EXPECT_EQ(told_->Of<v1::PointsEarned>().back().awards(0).amount(), 30);
  auto growth = Mutate<v1::EarnPointsRequest>(kAnn, 200);
  growth.set_currency("growth");
  EXPECT_EQ(Once<v1::EarnPointsResponse>("EarnPoints", growth).lot_id(), "");
  EXPECT_EQ(Member(kAnn).tier_id(), "V2");
  EXPECT_EQ(told_->Of<v1::TierChanged>().at(0).to_tier_id(), "V2");
}

TEST_F(CallsTest, AHoldIsMadeAndCapturedOnce) {
  const auto hold = Once<v1::HoldPointsResponse>("HoldPoints", Mutate<v1::HoldPointsRequest>(kAnn, 40));
  EXPECT_EQ(hold.balance().ShortDebugString(), "currency: \"points\" available: 60 held: 40 balance: 100");
  auto capture = Mutate<v1::CaptureHoldRequest>(kAnn, 25);
  capture.set_hold_id(hold.hold_id());
  const auto captured = Once<v1::CaptureHoldResponse>("CaptureHold", capture);
  EXPECT_EQ(captured.spend_id(), hold.hold_id());
  EXPECT_EQ(captured.captured(), 25);
  EXPECT_EQ(captured.released(), 15);
  EXPECT_EQ(captured.balance().ShortDebugString(), "currency: \"points\" available: 75 balance: 75");
  EXPECT_EQ(told_->Of<v1::PointsHeld>().at(0).amount(), 40);
  EXPECT_EQ(told_->Of<v1::PointsCaptured>().at(0).captured(), 25);
  EXPECT_EQ(Entries(kAnn).at(0).change(), -25);

  auto again = Mutate<v1::CaptureHoldRequest>(kAnn, 1);
  again.set_hold_id(hold.hold_id());
  EXPECT_EQ(Refused<v1::CaptureHoldResponse>("CaptureHold", again), "FAILED_PRECONDITION HOLD_ENDED hold_id");
  again = Mutate<v1::CaptureHoldRequest>(kAnn, 11);
  again.set_hold_id(Hold(10).hold_id());
  EXPECT_EQ(Refused<v1::CaptureHoldResponse>("CaptureHold", again), "FAILED_PRECONDITION HOLD_TOO_SMALL amount");
  again = Mutate<v1::CaptureHoldRequest>(kAnn, 0);
  again.set_hold_id(NewId());
  EXPECT_EQ(Refused<v1::CaptureHoldResponse>("CaptureHold", again), "NOT_FOUND HOLD_UNKNOWN hold_id");
}

TEST_F(CallsTest, AHoldIsReleasedOnce) {
  auto request = For<v1::ReleaseHoldRequest>(kAnn);
  request.set_request_id(NewId());
  request.set_hold_id(Hold(40).hold_id());
  auto other = request;
  other.set_hold_id(NewId());
  const auto released = Once<v1::ReleaseHoldResponse>("ReleaseHold", request, other);
  EXPECT_EQ(released.released(), 40);
  EXPECT_EQ(released.balance().ShortDebugString(), "currency: \"points\" available: 100 balance: 100");
  EXPECT_FALSE(told_->Of<v1::PointsReleased>().at(0).timed_out());
  request.set_request_id(NewId());
  EXPECT_EQ(Refused<v1::ReleaseHoldResponse>("ReleaseHold", request), "FAILED_PRECONDITION HOLD_ENDED hold_id");
}

TEST_F(CallsTest, PointsAreSpentAndReturnedOnce) {
  const auto spent = Once<v1::SpendPointsResponse>("SpendPoints", Mutate<v1::SpendPointsRequest>(kAnn, 70));
  EXPECT_EQ(spent.balance().ShortDebugString(), "currency: \"points\" available: 30 balance: 30");
  EXPECT_EQ(Entries(kAnn).at(0).transaction_id(), spent.transaction_id());
  auto refund = Mutate<v1::RefundSpendRequest>(kAnn, 20);
  refund.set_spend_id(spent.spend_id());
  const auto returned = Once<v1::RefundSpendResponse>("RefundSpend", refund);
  EXPECT_EQ(returned.returned(), 20);
  EXPECT_EQ(returned.expired(), 0);
  EXPECT_EQ(returned.balance().available(), 50);
  EXPECT_EQ(told_->Of<v1::PointsSpent>().at(0).amount(), 70);
  EXPECT_EQ(told_->Of<v1::PointsReturned>().at(0).amount(), 20);
  EXPECT_EQ(Lots(kAnn).at(0).remaining(), 50);

  refund.set_request_id(NewId());
  refund.set_amount(51);
  EXPECT_EQ(Refused<v1::RefundSpendResponse>("RefundSpend", refund), "FAILED_PRECONDITION SPEND_TOO_SMALL amount");
  refund.set_spend_id(NewId());
  EXPECT_EQ(Refused<v1::RefundSpendResponse>("RefundSpend", refund), kReused);
  refund.set_request_id(NewId());
  EXPECT_EQ(Refused<v1::RefundSpendResponse>("RefundSpend", refund), "NOT_FOUND SPEND_UNKNOWN spend_id");
}

TEST_F(CallsTest, MoreThanThereIsIsNeitherSpentNorHeld) {
  const char* const insufficient = "FAILED_PRECONDITION INSUFFICIENT_POINTS amount";
  const auto spend = Mutate<v1::SpendPointsRequest>(kAnn, 101);
  EXPECT_EQ(Refused<v1::SpendPointsResponse>("SpendPoints", spend), insufficient);
  EXPECT_EQ(Refused<v1::HoldPointsResponse>("HoldPoints", Mutate<v1::HoldPointsRequest>(kAnn, 101)), insufficient);
  Hold(60);
  EXPECT_EQ(Refused<v1::SpendPointsResponse>("SpendPoints", Mutate<v1::SpendPointsRequest>(kAnn, 41)), insufficient);
  // The answer of a request_id stands, even when there would be enough.
  Earn(kAnn, 100);
  EXPECT_EQ(Refused<v1::SpendPointsResponse>("SpendPoints", spend), insufficient);
  EXPECT_EQ(Get<v1::SpendPointsResponse>("PointsService/SpendPoints", Mutate<v1::SpendPointsRequest>(kAnn, 101))
                .balance()
                .available(),
            39);
}

TEST_F(CallsTest, WhatIsNoRequestIsRefusedAndNotRemembered) {
  auto earn = Mutate<v1::EarnPointsRequest>(kAnn, 0);
  EXPECT_EQ(Refused<v1::EarnPointsResponse>("EarnPoints", earn), "INVALID_ARGUMENT FIELD_INVALID amount");
  earn.set_amount(7);
  earn.set_currency("miles");
  EXPECT_EQ(Refused<v1::EarnPointsResponse>("EarnPoints", earn), "FAILED_PRECONDITION CURRENCY_UNKNOWN currency");
  earn.clear_currency();
  EXPECT_EQ(Refused<v1::EarnPointsResponse>("EarnPoints", earn), kReused) << "a refusal by the state is remembered";
  auto hold = Mutate<v1::HoldPointsRequest>(kAnn, 5);
  hold.mutable_ttl()->set_nanos(999'999'999);
  EXPECT_EQ(Refused<v1::HoldPointsResponse>("HoldPoints", hold), "INVALID_ARGUMENT FIELD_INVALID ttl");
  hold.mutable_ttl()->set_seconds(60);
  Once<v1::HoldPointsResponse>("HoldPoints", hold);
  auto spend = Mutate<v1::SpendPointsRequest>(kBob, 5);
  EXPECT_EQ(ErrorOf(Call<v1::SpendPointsResponse>("PointsService/SpendPoints", spend).status()),
            "NOT_FOUND CUSTOMER_UNKNOWN customer_id");
  spend.set_request_id("");
  EXPECT_EQ(ErrorOf(Call<v1::SpendPointsResponse>("PointsService/SpendPoints", spend).status()),
            "INVALID_ARGUMENT FIELD_INVALID request_id");
}

TEST_F(CallsTest, ARefusedItemOfABatchDoesNotStopTheOthers) {
  v1::BatchEarnPointsRequest request;
  request.set_brand_id(kBrand);
  const auto add = [&request](const std::string& customer, int64_t amount) {
    auto& item = *request.add_items() = Mutate<v1::EarnPointsRequest>(customer, amount);
    item.clear_brand_id();
  };
  add(kAnn, 1);
  add(kAnn, 0);
  add(kBob, 2);
  add(kAnn, 4);
  *request.add_items() = request.items(0);
  *request.add_items() = request.items(3);
  request.mutable_items(5)->set_amount(8);
  add(kAnn, 16);
  request.mutable_items(6)->set_brand_id("other");

  const auto response = Get<v1::BatchEarnPointsResponse>("PointsService/BatchEarnPoints", request);
  ASSERT_EQ(response.results_size(), 7);
  std::vector<std::string> errors;
  for (const auto& result : response.results()) {
    errors.push_back(
        ErrorOf(result.has_response() ? absl::OkStatus() : DecodeStatus(result.error().SerializeAsString())));
  }
  EXPECT_THAT(errors, ElementsAre("", "INVALID_ARGUMENT FIELD_INVALID items[1].amount",
                                  "NOT_FOUND CUSTOMER_UNKNOWN customer_id", "", "", kReused,
                                  "INVALID_ARGUMENT FIELD_INVALID items[6].brand_id"));
  EXPECT_EQ(response.results(1).error().message(), "items[1].amount: must be at least 1");
  EXPECT_EQ(response.results(0).response().balance().available(), 101);
  EXPECT_EQ(response.results(3).response().balance().available(), 105);
  EXPECT_EQ(response.results(4).ShortDebugString(), response.results(0).ShortDebugString());

  const std::string state = StateOf(kAnn);
  const auto again = Get<v1::BatchEarnPointsResponse>("PointsService/BatchEarnPoints", request);
  EXPECT_EQ(again.SerializeAsString(), response.SerializeAsString());
  EXPECT_EQ(StateOf(kAnn), state);
  EXPECT_EQ(Points(kAnn).balance(), 105);
}

TEST_F(CallsTest, ARetryMayGoOneByOneOrTogetherAndWriteItsIdInCapitals) {
  auto request = Mutate<v1::EarnPointsRequest>(kAnn, 5);
  const auto first = Get<v1::EarnPointsResponse>("PointsService/EarnPoints", request);
  request.set_request_id(absl::AsciiStrToUpper(request.request_id()));
  v1::BatchEarnPointsRequest batch;
  batch.set_brand_id(kBrand);
  *batch.add_items() = request;
  const auto again = Get<v1::BatchEarnPointsResponse>("PointsService/BatchEarnPoints", batch);
  EXPECT_EQ(again.results(0).response().SerializeAsString(), first.SerializeAsString()) << again.ShortDebugString();
  EXPECT_EQ(Points(kAnn).balance(), 105);
}

TEST_F(CallsTest, AnAmountThatMakesASumTooLargeIsNamed) {
  const auto request = Mutate<v1::EarnPointsRequest>(kAnn, INT64_MAX);
  EXPECT_EQ(Refused<v1::EarnPointsResponse>("EarnPoints", request), "INVALID_ARGUMENT AMOUNT_OVERFLOW amount");
  EXPECT_EQ(Call<v1::EarnPointsResponse>("PointsService/EarnPoints", request).status().message(),
            "a sum would become too large: each sum of a side of a customer is at most 40000000000000000");
}

TEST_F(CallsTest, ABatchWithARefusedItemIsReadableAsJson) {
  rpc::DynamicClient dynamic(*client_);
  const std::string item = absl::StrCat(R"({"customer_id": ")", kAnn, R"(", "request_id": ")", NewId(), R"("})");
  const auto response =
      dynamic.CallJson("tessera.membership.v1.PointsService/BatchEarnPoints",
                       absl::StrCat(R"({"brand_id": "shop", "items": [)", item, "]}"), {.token = token_});
  ASSERT_TRUE(response.ok()) << response.status();
  EXPECT_THAT(*response, HasSubstr(R"("reason": "FIELD_INVALID")"));
  EXPECT_THAT(*response, HasSubstr(R"("field": "items[0].amount")"));
}

TEST_F(CallsTest, PagesOfEntriesHoldEachRowOnceInOrder) {
  for (int64_t amount = 1; amount <= 3; ++amount) Earn(kAnn, amount);
  const auto all = Entries(kAnn);
  ASSERT_THAT(all, SizeIs(5));
  EXPECT_EQ(all[0].amount(), 3);
  EXPECT_TRUE(std::is_sorted(all.begin(), all.end(),
                             [](const auto& a, const auto& b) { return a.member_seq() > b.member_seq(); }));
  auto request = For<v1::ListEntriesRequest>(kAnn);
  request.set_page_size(2);
  std::vector<std::string> paged, wanted;
  for (const v1::Entry& entry : all) wanted.push_back(entry.ShortDebugString());
  int pages = 0;
  do {
    const auto page = Get<v1::ListEntriesResponse>("PointsService/ListEntries", request);
    EXPECT_LE(page.entries_size(), 2);
    for (const v1::Entry& entry : page.entries()) paged.push_back(entry.ShortDebugString());
    request.set_page_token(page.next_page_token());
    Earn(kAnn, 10);  // what comes later moves no page
  } while (++pages < 10 && !request.page_token().empty());
  EXPECT_EQ(pages, 3);
  EXPECT_EQ(paged, wanted);
}

TEST_F(CallsTest, PagesOfMembersHoldEachRowOnceInOrder) {
  // Two with the same balance, so that ids decide between them.
  const std::map<std::string, int64_t> pence = {{kBob, 5'000}, {NewId(), 20'000}, {NewId(), 5'000}, {NewId(), 0}};
  for (const auto& [customer, paid] : pence) TellPaid(customer, "of-" + customer, paid);
  AwaitSettled();
  std::vector<std::pair<int64_t, std::string>> by_balance = {{-100, kAnn}};
  for (const auto& [customer, paid] : pence) by_balance.emplace_back(-paid / 100, customer);
  std::sort(by_balance.begin(), by_balance.end());
  for (const auto order :
       {v1::ListMembersRequest::ORDER_BY_UNSPECIFIED, v1::ListMembersRequest::ORDER_BY_BALANCE_DESC}) {
    std::vector<std::string> wanted, paged;
    for (const auto& [balance, customer] : by_balance) wanted.push_back(customer);
    if (order == v1::ListMembersRequest::ORDER_BY_UNSPECIFIED) std::sort(wanted.begin(), wanted.end());
    v1::ListMembersRequest request;
    request.set_brand_id(kBrand);
    request.set_order_by(order);
    request.set_page_size(2);
    int pages = 0;
    do {
      const auto page = Get<v1::ListMembersResponse>("MemberService/ListMembers", request);
      EXPECT_LE(page.members_size(), 2);
      for (const v1::Member& member : page.members()) paged.push_back(member.customer_id());
      request.set_page_token(page.next_page_token());
    } while (++pages < 10 && !request.page_token().empty());
    EXPECT_EQ(pages, 3);
    EXPECT_EQ(paged, wanted);
  }
}

TEST_F(CallsTest, APageTokenIsOfItsRequestOnly) {
  const char* const invalid = "INVALID_ARGUMENT PAGE_TOKEN_INVALID page_token";
  auto entries = For<v1::ListEntriesRequest>(kAnn);
  entries.set_page_size(1);
  const std::string token = Get<v1::ListEntriesResponse>("PointsService/ListEntries", entries).next_page_token();
  ASSERT_NE(token, "");
  const auto error = [&](const std::string& page_token) {
    entries.set_page_token(page_token);
    return ErrorOf(Call<v1::ListEntriesResponse>("PointsService/ListEntries", entries).status());
  };
  EXPECT_EQ(error(token), "");
  EXPECT_EQ(error("garbage"), invalid);
  EXPECT_EQ(error(token + "A"), invalid);
  entries.set_currency("points");
  EXPECT_EQ(error(token), invalid);
  v1::ListMembersRequest members;
  members.set_brand_id(kBrand);
  members.set_page_token(token);
  EXPECT_EQ(ErrorOf(Call<v1::ListMembersResponse>("MemberService/ListMembers", members).status()), invalid);
  for (const int32_t size : {-1, 1'001}) {
    members.set_page_size(size);
    EXPECT_EQ(ErrorOf(Call<v1::ListMembersResponse>("MemberService/ListMembers", members).status()),
              "INVALID_ARGUMENT FIELD_INVALID page_size");
  }
}

}  // namespace
}  // namespace tessera::membership
