#include "tests/bench/ours/ledger.h"

#include <google/protobuf/util/json_util.h>

#include <fstream>
#include <sstream>

#include "base/proto_time.h"
#include "services/membership/api/commands.h"
#include "services/membership/service.h"
#include "tessera/events/v1/customer_event.pb.h"
#include "tessera/events/v1/identity_facts.pb.h"
#include "tessera/membership/v1/program_service.pb.h"
#include "tests/bench/load/database.h"
#include "tests/bench/ours/api_commands.h"
#include "tests/bench/ours/customer_facts.h"

namespace tessera::bench::ours {
namespace {

constexpr char kPutProgram[] = "tessera.membership.v1.ProgramService/PutProgram";

std::string WrappingKey() { return std::string(32, 'k'); }

std::string ReadFile(const std::string& path) {
  std::ifstream file(path);
  if (!file) Require(absl::NotFoundError(path + ": no such file"));
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

void PutBrand(RecordFeed& feed) {
  tessera::events::v1::BrandChanged brand;
  brand.set_brand_id(kBrand);
  brand.set_group_id("bench");
  brand.set_time_zone("UTC");
  brand.set_region("GB");
  brand.set_currency("GBP");
  brand.set_version(1);
  PushFact(feed, "brand", kBrand, "brand_changed", brand);
  feed.Await();
}

void PutProgram(ServiceWriters& writers, const std::string& document) {
  membership::v1::PutProgramRequest request;
  request.set_brand_id(kBrand);
  request.set_request_id(RandomUuidV7(Clock::System().Now()).ToString());
  if (!google::protobuf::util::JsonStringToMessage(document, request.mutable_program()).ok()) {
    Require(absl::InvalidArgumentError("the program is no JSON of tessera.membership.v1.Program"));
  }
  const ApiCommands api(&membership::RegisterApi);
  writers.Call(kPutProgram, Require(api.Make(kPutProgram, request)), engine::InputHash(request));
  writers.Await();
}

void Enrol(RecordFeed& feed, int64_t members) {
  for (int64_t i = 0; i < members; ++i) {
    tessera::events::v1::CustomerEvent event;
    event.set_brand_id(kBrand);
    event.set_customer_id(MemberOf(i).ToString());
    event.set_origin_customer_id(event.customer_id());
    event.set_source("bench");
    event.set_source_event_id("enrol-" + std::to_string(i));
    *event.mutable_event_time() = ToTimestamp(Clock::System().Now());
    event.set_order_source("bench");
    event.mutable_event()->mutable_check_in_done();
    PushFact(feed, event.source_event_id(), event.customer_id(), "check_in_done", event);
  }
  feed.Await();
}

}  // namespace

void PrepareLedger(int64_t members, const std::string& program_path) {
  const auto connection = Connect();
  MakePartitions(*connection, membership::PartitionedTables());
  {
    ServiceWriters writers("membership", membership::NewService(), WrappingKey());
    RecordFeed feed(writers, kCustomerTopic);
    PutBrand(feed);
    PutProgram(writers, ReadFile(program_path));
    Enrol(feed, members);
  }
  const int64_t enrolled = Number(*connection, "SELECT count(*) FROM member WHERE tier_level = 1");
  if (enrolled != members) Require(absl::InternalError("not all members were enrolled"));
  Require(ConnectAsAdmin()->Execute("TRUNCATE outbox").status());
}

Round EarnPoints(const EarnLoad& load) {
  const EarnRequests requests = MakeRequests(load);
  const LedgerCounts before = CountLedger(*Connect());
  const ApiCommands api(&membership::RegisterApi);
  ServiceWriters writers("membership", membership::NewService(), WrappingKey());
  const auto run = [&](size_t from, size_t to) {
    for (size_t i = from; i < to; ++i) {
      writers.Call(kEarnMethod, Require(api.Make(kEarnMethod, requests[i])), engine::InputHash(requests[i]));
    }
    writers.Await();
  };
  const auto warm_up = static_cast<size_t>(load.warm_up);
  run(0, warm_up);
  const absl::Time start = absl::Now();
  run(warm_up, requests.size());
  const double seconds = absl::ToDoubleSeconds(absl::Now() - start);
  CheckEarned(*Connect(), before, requests);
  return {.operations = load.operations, .seconds = seconds};
}

}  // namespace tessera::bench::ours
