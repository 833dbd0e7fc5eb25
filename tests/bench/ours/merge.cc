#include "tests/bench/ours/merge.h"

#include <functional>

#include "absl/strings/str_cat.h"
#include "base/clock.h"
#include "base/proto_time.h"
#include "services/membership/service.h"
#include "tessera/events/v1/identity_facts.pb.h"
#include "tests/bench/load/channel_load.h"
#include "tests/bench/load/database.h"
#include "tests/bench/load/earn_load.h"
#include "tests/bench/ours/customer_facts.h"
#include "tests/bench/ours/resolve.h"

namespace tessera::bench::ours {
namespace {

std::string AccountOf(int64_t customer) { return "merged-" + std::to_string(customer); }

// Rows of the shape that the first event of each customer left, so many more of each.
constexpr char kPastEvents[] =
    "INSERT INTO identifier_event SELECT e.event_hash + n, e.posted_time, e.event_time, e.decision_number, false, "
    "e.root_id, e.origin_customer_id, e.brand_id, e.source, e.event_id || '-' || n, e.steps FROM "
    "generate_series(1, $each) AS n CROSS JOIN identifier_event e";
constexpr char kPastChannelEvents[] =
    "INSERT INTO channel_event SELECT e.event_id || '-' || n, e.source, e.brand_id, e.content_hash, e.arrived_time "
    "FROM generate_series(1, $each) AS n CROSS JOIN channel_event e";

// Times what `push` begins for each pair of customers.
Round TimePairs(int64_t customers, const RecordFeed& feed, const std::function<void(int64_t)>& push) {
  Round round;
  for (int64_t first = 0; first + 1 < customers; first += 2) {
    const absl::Time start = absl::Now();
    push(first);
    feed.Await();
    const absl::Duration latency = absl::Now() - start;
    if (first == 0) continue;  // plans and caches are made
    round.latencies_us.push_back(absl::ToInt64Microseconds(latency));
    round.seconds += absl::ToDoubleSeconds(latency);
    ++round.operations;
  }
  return round;
}

void RequireMerges(const char* table, int64_t merges) {
  if (Number(*Connect(), absl::StrCat("SELECT count(*) FROM ", table)) != merges) {
    Require(absl::InternalError("not all pairs were merged"));
  }
}

}  // namespace

void PrepareMerges(int64_t customers, int64_t events_each) {
  PrepareOneid();
  {
    OneidWriters writers;
    RecordFeed feed(writers, kChannelTopic);
    for (int64_t i = 0; i < customers; ++i) {
      feed.Push(ChannelEventWith("first-" + std::to_string(i), Clock::System().Now(), {{"jd_pin", AccountOf(i)}}));
    }
    feed.Await();
  }
  const auto connection = Connect();
  Require(connection->Execute("SET statement_timeout = 0").status());
  for (std::string sql : {kPastEvents, kPastChannelEvents}) {
    sql.replace(sql.find("$each"), 5, std::to_string(events_each));
    Require(connection->Execute(sql).status());
  }
}

Round MergeInOneid(int64_t customers) {
  Round round;
  {
    OneidWriters writers;
    RecordFeed feed(writers, kChannelTopic);
    round = TimePairs(customers, feed, [&](int64_t first) {
      feed.Push(ChannelEventWith("merge-" + std::to_string(first), Clock::System().Now(),
                                 {{"jd_pin", AccountOf(first)}, {"jd_pin", AccountOf(first + 1)}}));
    });
  }
  RequireMerges("merge", customers / 2);
  return round;
}

Round MergeInMembership(int64_t customers) {
  Round round;
  {
    ServiceWriters writers("membership", membership::NewService(), std::string(32, 'k'));
    RecordFeed feed(writers, kCustomerTopic);
    round = TimePairs(customers, feed, [&](int64_t first) {
      tessera::events::v1::CustomersMerged merge;
      merge.set_merge_id(RandomUuidV7(Clock::System().Now()).ToString());
      merge.set_group_id("bench");
      merge.set_survivor_customer_id(MemberOf(first).ToString());
      merge.set_absorbed_customer_id(MemberOf(first + 1).ToString());
      *merge.mutable_merge_time() = ToTimestamp(Clock::System().Now());
      merge.add_brand_ids(kBrand);
      PushFact(feed, "merge-" + std::to_string(first), merge.survivor_customer_id(), "customers_merged", merge);
    });
  }
  RequireMerges("applied_merge", customers / 2);
  return round;
}

}  // namespace tessera::bench::ours
