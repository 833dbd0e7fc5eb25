// For tests: the real binary of membership with a database and topics of its own, one brand and its program, and short
// words for what oneid tells and what callers ask. Every test ends with all invariants checked.
#pragma once

#include <gmock/gmock.h>
#include <google/protobuf/util/json_util.h>
#include <google/protobuf/util/time_util.h>
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/ids.h"
#include "base/proto_time.h"
#include "base/status.h"
#include "rpc/client.h"
#include "services/membership/service.h"
#include "services/membership/tests/topics.h"
#include "tessera/events/v1/customer_event.pb.h"
#include "tessera/events/v1/identity_facts.pb.h"
#include "tessera/membership/v1/events.pb.h"
#include "tessera/membership/v1/member_service.pb.h"
#include "tessera/membership/v1/points_service.pb.h"
#include "tessera/membership/v1/program_service.pb.h"
#include "tessera/ops/v1/operations_service.pb.h"
#include "testing/environment.h"
#include "testing/postgres.h"
#include "testing/process.h"
#include "testing/wait.h"

namespace tessera::membership {

inline constexpr char kBrand[] = "shop";
// Customers of different slots.
inline constexpr char kAnn[] = "0192f0c1-5b7a-7cde-8f01-0000000000a1";
inline constexpr char kBob[] = "0192f0c1-5b7a-7cde-8f01-0000000000b2";

inline absl::Time TimeOf(const google::protobuf::Timestamp& time) {
  return absl::FromUnixMicros(google::protobuf::util::TimeUtil::TimestampToMicroseconds(time));
}

class MembershipTest : public ::testing::Test {
 protected:
  MembershipTest()
      : prefix_(testing::Unique("membership")),
        database_("membership", EmbeddedFiles()),
        token_(testing::Token({"*"}, {"membership.admin", "membership.reader", "membership.writer", "operator"})) {}

  void SetUp() override {
    Start();
    customers_ = std::make_unique<CustomerTopic>(prefix_);
    told_ = std::make_unique<ToldTopic>(prefix_, "tessera.membership.events.v1");
    TellBrand(kBrand);
    PutProgram(kBrand, PetProgram());
  }

  void TearDown() override {
    const auto checks =
        Ask<ops::v1::RunChecksResponse>("tessera.ops.v1.OperationsService/RunChecks", ops::v1::RunChecksRequest());
    ASSERT_TRUE(checks.ok()) << checks.status();
    EXPECT_GT(checks->checks_size(), 0);
    for (const auto& check : checks->checks()) EXPECT_EQ(check.violation_count(), 0) << check.ShortDebugString();
  }

  void Start() {
    process_ = std::make_unique<testing::ServiceProcess>("membership", database_.dsn(), prefix_);
    const absl::Status serving = process_->AwaitServing();
    ASSERT_TRUE(serving.ok()) << serving;
    client_ = std::make_unique<rpc::Client>(process_->address());
  }

  // ---- calls ----

  template <class Response, class Request>
  absl::StatusOr<Response> Ask(const std::string& method, const Request& request) {
    return client_->Call<Request, Response>(method, request, {.token = token_});
  }
  // "PointsService/GetBalance".
  template <class Response, class Request>
  absl::StatusOr<Response> Call(const std::string& method, const Request& request) {
    return Ask<Response>("tessera.membership.v1." + method, request);
  }
  // The response of a call that must succeed.
  template <class Response, class Request>
  Response Get(const std::string& method, const Request& request) {
    auto response = Call<Response>(method, request);
    EXPECT_TRUE(response.ok()) << method << " " << response.status();
    return response.ok() ? *std::move(response) : Response();
  }
  // "CODE REASON field" of an error, "" of none.
  static std::string ErrorOf(const absl::Status& status) {
    if (status.ok()) return "";
    const auto info = ErrorInfoOf(status);
    return absl::StrCat(absl::StatusCodeToString(status.code()), " ", info ? info->reason : "", " ", FieldOf(status));
  }

  static std::string NewId() { return RandomUuidV7(absl::Now()).ToString(); }

  // A request with its brand and customer, and with a request_id of its own.
  template <class Request>
  static Request For(const std::string& customer) {
    Request request;
    request.set_brand_id(kBrand);
    request.set_customer_id(customer);
    return request;
  }
  template <class Request>
  static Request Mutate(const std::string& customer, int64_t amount) {
    auto request = For<Request>(customer);
    request.set_request_id(NewId());
    request.set_amount(amount);
    return request;
  }

  v1::Member Member(const std::string& customer) {
    return Get<v1::GetMemberResponse>("MemberService/GetMember", For<v1::GetMemberRequest>(customer)).member();
  }
  v1::Balance Points(const std::string& customer, const std::string& currency = "points") {
    const auto response = Get<v1::GetBalanceResponse>("PointsService/GetBalance", For<v1::GetBalanceRequest>(customer));
    for (const auto& statement : response.statements()) {
      if (statement.balance().currency() == currency) return statement.balance();
    }
    return {};
  }
  // Latest first.
  std::vector<v1::Entry> Entries(const std::string& customer) {
    const auto response =
        Get<v1::ListEntriesResponse>("PointsService/ListEntries", For<v1::ListEntriesRequest>(customer));
    return {response.entries().begin(), response.entries().end()};
  }
  std::vector<v1::Lot> Lots(const std::string& customer) {
    auto request = For<v1::ListLotsRequest>(customer);
    request.set_include_closed(true);
    const auto response = Get<v1::ListLotsResponse>("PointsService/ListLots", request);
    return {response.lots().begin(), response.lots().end()};
  }
  // Gives points by a call.
  v1::EarnPointsResponse Earn(const std::string& customer, int64_t amount) {
    return Get<v1::EarnPointsResponse>("PointsService/EarnPoints", Mutate<v1::EarnPointsRequest>(customer, amount));
  }
  ops::v1::GetProgressResponse Progress() {
    const auto response = Ask<ops::v1::GetProgressResponse>("tessera.ops.v1.OperationsService/GetProgress",
                                                            ops::v1::GetProgressRequest());
    EXPECT_TRUE(response.ok()) << response.status();
    return response.ok() ? *response : ops::v1::GetProgressResponse();
  }

  // ---- what oneid tells ----

  void TellBrand(const std::string& brand, const std::string& zone = "UTC") {
    tessera::events::v1::BrandChanged fact;
    fact.set_brand_id(brand);
    fact.set_group_id(brand);
    fact.set_time_zone(zone);
    fact.set_region("GB");
    fact.set_currency("GBP");
    fact.set_version(1);
    fact.add_group_brand_ids(brand);
    for (int32_t slot = 0; slot < engine::kSlots; ++slot) {
      customers_->Write(customers_->NextIn(slot, brand, "brand_changed", brand, absl::Now(), fact.SerializeAsString()));
    }
  }

  // What oneid tells of an event of a customer on channel "jd".
  static tessera::events::v1::CustomerEvent EventOf(const std::string& customer, const std::string& id,
                                                    absl::Time time = absl::Now()) {
    tessera::events::v1::CustomerEvent event;
    event.set_brand_id(kBrand);
    event.set_customer_id(customer);
    event.set_origin_customer_id(customer);
    event.set_source("jd");
    event.set_source_event_id(id);
    *event.mutable_event_time() = ToTimestamp(time);
    event.set_order_source("jd");
    return event;
  }
  static tessera::events::v1::CustomerEvent PaidEvent(const std::string& customer, const std::string& order,
                                                      int64_t pence, absl::Time time = absl::Now()) {
    auto event = EventOf(customer, "paid-" + order, time);
    auto& paid = *event.mutable_event()->mutable_order_paid();
    paid.set_order_id(order);
    auto& line = *paid.add_lines();
    line.set_product_code("P");
    line.set_quantity(1);
    line.set_list_minor(pence);
    line.set_paid_minor(pence);
    return event;
  }
  static tessera::events::v1::CustomerEvent RefundEvent(const std::string& customer, const std::string& order,
                                                        int64_t pence) {
    auto event = EventOf(customer, "refund-" + order);
    event.mutable_event()->mutable_order_refunded()->set_order_id(order);
    event.mutable_event()->mutable_order_refunded()->set_money_minor(pence);
    return event;
  }
  // The record of an event, which takes its slot's next number.
  kafka::Message RecordOf(const std::string& name, const tessera::events::v1::CustomerEvent& event) {
    return customers_->Next(event.customer_id(), name, event.brand_id(), TimeOf(event.event_time()),
                            event.SerializeAsString());
  }
  void TellPaid(const std::string& customer, const std::string& order, int64_t pence, absl::Time time = absl::Now()) {
    customers_->Write(RecordOf("order_paid", PaidEvent(customer, order, pence, time)));
  }

  // ---- waiting ----

  // Until all that oneid told has been taken and all that membership has to tell is read.
  void AwaitSettled() {
    size_t told = 0;
    const auto settled = [&] {
      const auto progress = Progress();
      std::map<int32_t, int64_t> consumed;
      for (const auto& partition : progress.consumed()) consumed[partition.partition()] = partition.next_offset();
      for (int32_t slot = 0; slot < engine::kSlots; ++slot) {
        if (consumed[slot] < customers_->written()[static_cast<size_t>(slot)]) return false;
      }
      told = 0;
      for (const auto& slot : progress.published()) {
        if (slot.relayed_seq() < slot.next_seq()) return false;
        if (slot.topic() == "tessera.membership.events.v1") told += static_cast<size_t>(slot.next_seq());
      }
      return true;
    };
    ASSERT_TRUE(testing::WaitFor(settled)) << process_->log();
    told_->Await(told);
    EXPECT_EQ(told_->records().size(), told);
  }

  // ---- programs ----

  static v1::Program ProgramOf(const std::string& json) {
    v1::Program program;
    EXPECT_TRUE(google::protobuf::util::JsonStringToMessage(json, &program).ok());
    return program;
  }
  static v1::Program PetProgram() {
    std::ifstream file(std::string(TESSERA_SOURCE_DIR) + "/services/membership/programs/pet.json");
    return ProgramOf({std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()});
  }
  // In force for all times.
  void PutProgram(const std::string& brand, const v1::Program& program) {
    v1::PutProgramRequest request;
    request.set_brand_id(brand);
    *request.mutable_program() = program;
    request.mutable_valid_from_time()->set_seconds(1);
    absl::Status last;
    // Until membership has met the brand; a refusal is remembered, so each attempt is a new request.
    EXPECT_TRUE(testing::WaitFor([&] {
      request.set_request_id(NewId());
      last = Call<v1::PutProgramResponse>("ProgramService/PutProgram", request).status();
      return last.ok();
    })) << last;
  }

  const std::string prefix_;
  testing::TestDatabase database_;
  const std::string token_;
  std::unique_ptr<testing::ServiceProcess> process_;
  std::unique_ptr<rpc::Client> client_;
  std::unique_ptr<CustomerTopic> customers_;
  std::unique_ptr<ToldTopic> told_;
};

}  // namespace tessera::membership
