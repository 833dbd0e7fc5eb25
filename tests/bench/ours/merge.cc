#include "tests/bench/ours/merge.h"

#include <functional>
#include <map>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
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
    "generate_series(1, $each) AS n CROSS JOIN identifier_event e WHERE e.event_id LIKE '$kind-%'";
constexpr char kPastChannelEvents[] =
    "INSERT INTO channel_event SELECT e.event_id || '-' || n, e.source, e.brand_id, e.content_hash, e.arrived_time "
    "FROM generate_series(1, $each) AS n CROSS JOIN channel_event e WHERE e.event_id LIKE '$kind-%'";

void MakePast(pg::Connection& connection, const std::string& kind, int64_t events) {
  for (const char* statement : {kPastEvents, kPastChannelEvents}) {
    Require(connection.Execute(absl::StrReplaceAll(statement, {{"$kind", kind}, {"$each", absl::StrCat(events)}}))
                .status());
  }
}

// Times what `push` begins for each pair: the number of its first customer.
Round TimePairs(int64_t pairs, const RecordFeed& feed, const std::function<void(int64_t)>& push) {
  const auto time = [&](int64_t first) {
    const absl::Time start = absl::Now();
    push(first);
    feed.Await();
    return absl::ToInt64Microseconds(absl::Now() - start);
  };
  std::vector<int64_t> long_us, short_us;
  for (int64_t pair = 0; pair < pairs; ++pair) {
    long_us.push_back(time(2 * pair));
    short_us.push_back(time(2 * pairs + 2 * pair));
  }
  long_us.erase(long_us.begin());  // while plans were made
  short_us.erase(short_us.begin());
  return {.operations = 2 * (pairs - 1),
          .figures = {{"long_p50_ms", MedianMs(std::move(long_us))}, {"short_p50_ms", MedianMs(std::move(short_us))}}};
}

void RequireMerges(const char* table, int64_t merges) {
  if (Number(*Connect(), absl::StrCat("SELECT count(*) FROM ", table)) != merges) {
    Require(absl::InternalError("not all pairs were merged"));
  }
}

}  // namespace

void PrepareMerges(const MergeLoad& load) {
  PrepareOneid();
  {
    OneidWriters writers;
    RecordFeed feed(writers, kChannelTopic);
    for (int64_t i = 0; i < 4 * load.pairs; ++i) {
      const std::string kind = i < 2 * load.pairs ? "long" : "short";
      feed.Push(ChannelEventWith(kind + "-" + std::to_string(i), Clock::System().Now(), {{"jd_pin", AccountOf(i)}}));
    }
    feed.Await();
  }
  const auto connection = Connect();
  Require(connection->Execute("SET statement_timeout = 0").status());
  MakePast(*connection, "long", load.longer);
  MakePast(*connection, "short", load.shorter);
}

Round MergeInOneid(int64_t pairs) {
  Round round;
  {
    OneidWriters writers;
    RecordFeed feed(writers, kChannelTopic);
    round = TimePairs(pairs, feed, [&](int64_t first) {
      feed.Push(ChannelEventWith("merge-" + std::to_string(first), Clock::System().Now(),
                                 {{"jd_pin", AccountOf(first)}, {"jd_pin", AccountOf(first + 1)}}));
    });
  }
  RequireMerges("merge", 2 * pairs);
  return round;
}

Round MergeInMembership(int64_t pairs) {
  Round round;
  {
    ServiceWriters writers("membership", membership::NewService(), std::string(32, 'k'));
    RecordFeed feed(writers, kCustomerTopic);
    round = TimePairs(pairs, feed, [&](int64_t first) {
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
  RequireMerges("applied_merge", 2 * pairs);
  return round;
}

}  // namespace tessera::bench::ours
