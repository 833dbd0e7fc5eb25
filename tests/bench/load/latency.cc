#include "tests/bench/load/latency.h"

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "base/proto_time.h"
#include "rpc/client.h"
#include "tessera/membership/v1/member_service.pb.h"
#include "tessera/membership/v1/points_service.pb.h"
#include "tessera/oneid/v1/intake_service.pb.h"
#include "tests/bench/load/database.h"
#include "tests/bench/load/earn_load.h"

namespace tessera::bench {
namespace {

constexpr int64_t kWarmUp = 10;
constexpr absl::Duration kPatience = absl::Seconds(30);
constexpr absl::Duration kBetween = absl::Milliseconds(1);  // questions, so that they leave the machine idle

class Story {
 public:
  // `seed`: the events have ids of their own for each.
  Story(const std::string& oneid, const std::string& membership, uint64_t seed)
      : oneid_(oneid), membership_(membership), seed_(seed) {
    options_.token = RequiredEnvironment("TESSERA_BENCH_TOKEN");
  }

  absl::Duration PublishAndAwait(int64_t number) {
    const int64_t before = Seq();
    const absl::Time start = absl::Now();
    Publish(number);
    while (Seq() <= before) {
      if (absl::Now() - start > kPatience) Require(absl::DeadlineExceededError("an event did not become a balance"));
      absl::SleepFor(kBetween);
    }
    return absl::Now() - start;
  }

 private:
  void Publish(int64_t number) {
    oneid::v1::PublishEventRequest request;
    request.set_brand_id(kBrand);
    auto& event = *request.mutable_event();
    event.set_event_id(absl::StrCat("latency-", seed_, "-", number));
    event.set_source("jd");
    *event.mutable_event_time() = ToTimestamp(absl::Now());
    auto& identifier = *event.mutable_event()->add_identifiers();
    identifier.set_namespace_("jd_pin");
    identifier.set_value("latency");
    event.mutable_event()->mutable_check_in_done();
    Require(oneid_.Call<oneid::v1::PublishEventRequest, oneid::v1::PublishEventResponse>(
        "tessera.oneid.v1.IntakeService/PublishEvent", request, options_));
  }

  // The member's counter; 0 while there is none.
  int64_t Seq() {
    if (customer_.empty()) FindCustomer();
    if (customer_.empty()) return 0;
    membership::v1::GetBalanceRequest request;
    request.set_brand_id(kBrand);
    request.set_customer_id(customer_);
    return Require(membership_.Call<membership::v1::GetBalanceRequest, membership::v1::GetBalanceResponse>(
                       "tessera.membership.v1.PointsService/GetBalance", request, options_))
        .member_seq();
  }

  void FindCustomer() {
    membership::v1::ListMembersRequest request;
    request.set_brand_id(kBrand);
    const auto listed =
        Require(membership_.Call<membership::v1::ListMembersRequest, membership::v1::ListMembersResponse>(
            "tessera.membership.v1.MemberService/ListMembers", request, options_));
    if (listed.members_size() > 0) customer_ = listed.members(0).customer_id();
  }

  rpc::Client oneid_, membership_;
  rpc::CallOptions options_;
  const uint64_t seed_;
  std::string customer_;
};

}  // namespace

Round MeasureLatency(const std::string& oneid, const std::string& membership, int64_t samples, uint64_t seed) {
  Story story(oneid, membership, seed);
  for (int64_t i = 0; i < kWarmUp; ++i) story.PublishAndAwait(i);
  Round round = {.operations = samples};
  for (int64_t i = 0; i < samples; ++i) {
    const absl::Duration latency = story.PublishAndAwait(kWarmUp + i);
    round.latencies_us.push_back(absl::ToInt64Microseconds(latency));
    round.seconds += absl::ToDoubleSeconds(latency);
  }
  return round;
}

}  // namespace tessera::bench
