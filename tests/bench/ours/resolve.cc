#include "tests/bench/ours/resolve.h"

#include <algorithm>

#include "base/clock.h"
#include "services/oneid/service.h"
#include "tessera/oneid/v1/admin_service.pb.h"
#include "tests/bench/load/database.h"
#include "tests/bench/load/earn_load.h"
#include "tests/bench/ours/api_commands.h"
#include "tests/bench/ours/record_feed.h"

namespace tessera::bench::ours {
namespace {

constexpr char kPutBrandGroup[] = "tessera.oneid.v1.AdminService/PutBrandGroup";

void PutBrand(ServiceWriters& writers) {
  oneid::v1::PutBrandGroupRequest request;
  request.set_brand_id(kBrand);
  request.set_group_id(kBrand);
  request.set_request_id(RandomUuidV7(Clock::System().Now()).ToString());
  auto& brand = *request.add_brands();
  brand.set_brand_id(kBrand);
  brand.set_time_zone("UTC");
  brand.set_region("GB");
  brand.set_currency("GBP");
  const ApiCommands api(&oneid::RegisterApi);
  writers.Call(kPutBrandGroup, Require(api.Make(kPutBrandGroup, request)), engine::InputHash(request));
  writers.Await();
}

void RequireResolved(int64_t before, int64_t events) {
  const auto connection = Connect();
  const int64_t now = Number(*connection, "SELECT count(*) FROM identifier_event WHERE root_id IS NOT NULL");
  if (now - before != events) Require(absl::InternalError("not all events were resolved"));
}

}  // namespace

OneidWriters::OneidWriters() : OneidWriters(Require(KeyFile::Load(RequiredEnvironment("TESSERA_BENCH_KEY_FILE")))) {}

OneidWriters::OneidWriters(const KeyFile& keys)
    : ServiceWriters("oneid", oneid::NewService({.keys = keys}), keys.wrapping_key) {}

void PrepareOneid() {
  MakePartitions(*Connect(), oneid::PartitionedTables());
  OneidWriters writers;
  PutBrand(writers);
}

void PrepareResolve(int64_t customers) {
  PrepareOneid();
  {
    OneidWriters writers;
    RecordFeed feed(writers, kChannelTopic);
    for (kafka::Record& record : MakeFirstEvents(customers)) feed.Push(std::move(record));
    feed.Await();
  }
  RequireResolved(0, customers);
}

Round Resolve(const ChannelLoad& load) {
  std::vector<kafka::Record> records = MakeChannelEvents(load);
  const int64_t before = Number(*Connect(), "SELECT count(*) FROM identifier_event");
  Round round = {.operations = load.operations};
  {
    OneidWriters writers;
    RecordFeed feed(writers, kChannelTopic);
    const auto warm_up = records.begin() + load.warm_up;
    std::for_each(records.begin(), warm_up, [&](kafka::Record& record) { feed.Push(std::move(record)); });
    feed.Await();
    const absl::Time start = absl::Now();
    std::for_each(warm_up, records.end(), [&](kafka::Record& record) { feed.Push(std::move(record)); });
    feed.Await();
    round.seconds = absl::ToDoubleSeconds(absl::Now() - start);
  }
  RequireResolved(before, load.warm_up + load.operations);
  return round;
}

}  // namespace tessera::bench::ours
