#include "tests/e2e/cc/suite.h"

#include <google/protobuf/util/json_util.h>

#include <fstream>
#include <iterator>

#include "base/crypto.h"
#include "base/ids.h"
#include "base/murmur2.h"
#include "engine/engine_store.h"
#include "services/membership/service.h"
#include "services/oneid/service.h"
#include "tessera/membership/v1/program_service.pb.h"
#include "tessera/oneid/v1/admin_service.pb.h"
#include "testing/environment.h"
#include "testing/wait.h"

namespace tessera::e2e {
namespace {

constexpr char kChannelTopic[] = "tessera.channel.events.v1";

std::string NewRequestId() { return RandomUuidV7(absl::Now()).ToString(); }

membership::v1::Program PetProgram() {
  std::ifstream file(std::string(TESSERA_SOURCE_DIR) + "/services/membership/programs/pet.json");
  const std::string json{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  membership::v1::Program program;
  EXPECT_TRUE(google::protobuf::util::JsonStringToMessage(json, &program).ok());
  return program;
}

}  // namespace

Suite::Suite()
    : prefix_(testing::Unique("e2e")),
      oneid_database_("oneid", oneid::EmbeddedFiles()),
      membership_database_("membership", membership::EmbeddedFiles()),
      oneid_(std::make_unique<testing::ServiceProcess>("oneid", oneid_database_.dsn(), prefix_)),
      membership_(std::make_unique<testing::ServiceProcess>("membership", membership_database_.dsn(), prefix_)),
      producer_(*kafka::Producer::Create(
          {.brokers = testing::RequiredEnvironment("TESSERA_TEST_BROKERS"), .message_bytes_max = 16 << 20})),
      token_(testing::Token({"*"}, {"oneid.admin", "oneid.reader", "oneid.pii", "oneid.writer", "membership.admin",
                                    "membership.reader", "membership.writer", "operator", "operator.pii"})) {}

void Suite::SetUp() {
  const absl::Status oneid = oneid_->AwaitServing(), membership = membership_->AwaitServing();
  ASSERT_TRUE(oneid.ok()) << oneid;
  ASSERT_TRUE(membership.ok()) << membership;
  oneid_client_ = std::make_unique<rpc::Client>(oneid_->address());
  membership_client_ = std::make_unique<rpc::Client>(membership_->address());
  PutBrand(kBrand);
}

void Suite::PutBrand(const std::string& brand) {
  oneid::v1::PutBrandGroupRequest group;
  group.set_brand_id(brand);
  group.set_request_id(NewRequestId());
  group.set_group_id(brand);
  auto* settings = group.add_brands();
  settings->set_brand_id(brand);
  settings->set_time_zone("Europe/London");
  settings->set_region("CN");
  settings->set_currency("GBP");
  const auto put = Call<oneid::v1::PutBrandGroupResponse>("tessera.oneid.v1.AdminService/PutBrandGroup", group);
  ASSERT_TRUE(put.ok()) << put.status();
  membership::v1::PutProgramRequest program;
  program.set_brand_id(brand);
  program.set_request_id(NewRequestId());
  *program.mutable_program() = PetProgram();
  program.mutable_valid_from_time()->set_seconds(1);
  absl::Status last;
  EXPECT_TRUE(testing::WaitFor([&] {  // until membership has met the brand; a refusal is stored, so a new id each time
    program.set_request_id(NewRequestId());
    last =
        Call<membership::v1::PutProgramResponse>("tessera.membership.v1.ProgramService/PutProgram", program).status();
    return last.ok();
  })) << last;
}

events::CloudEvent Suite::Cloud(const std::string& id, const std::string& account, events::v1::ChannelEvent event,
                                const std::string& payload) {
  auto* identifier = event.add_identifiers();
  identifier->set_namespace_("jd_pin");
  identifier->set_value(account);
  events::CloudEvent cloud;
  cloud.id = id;
  cloud.source = "jd";
  cloud.type = "com.tessera.channel." + payload + ".v1";
  cloud.time = absl::FromUnixSeconds(1'700'000'000);
  cloud.datacontenttype = "application/protobuf";
  cloud.extensions["brandid"] = kBrand;
  cloud.data = event.SerializeAsString();
  return cloud;
}

events::CloudEvent Suite::Paid(const std::string& account, const std::string& order,
                               const std::vector<std::pair<int64_t, int64_t>>& lines) {
  events::v1::ChannelEvent event;
  event.mutable_order_paid()->set_order_id(order);
  for (const auto& [pieces, pence] : lines) {
    auto* line = event.mutable_order_paid()->add_lines();
    line->set_product_code("P");
    line->set_quantity(pieces);
    line->set_list_minor(pence);
    line->set_paid_minor(pence);
  }
  return Cloud("paid-" + order, account, std::move(event), "order_paid");
}

events::CloudEvent Suite::Refunded(const std::string& account, const std::string& order, int line, int64_t pieces,
                                   const std::string& id) {
  events::v1::ChannelEvent event;
  event.mutable_order_refunded()->set_order_id(order);
  event.mutable_order_refunded()->set_refund_id(id.empty() ? "r-" + order : id);
  auto* back = event.mutable_order_refunded()->add_lines();
  back->set_line(line);
  back->set_pieces(pieces);
  return Cloud(id.empty() ? "refund-" + order : id, account, std::move(event), "order_refunded");
}

void Suite::Publish(const events::CloudEvent& event, const std::string& key) {
  const kafka::Message message{.topic = prefix_ + "." + kChannelTopic,
                               .partition = KafkaPartition(key, engine::kSlots),
                               .key = key,
                               .headers = events::EncodeHeaders(event),
                               .value = event.data};
  const absl::Status sent = producer_->ProduceAndWait({&message, 1}, absl::Seconds(20));
  ASSERT_TRUE(sent.ok()) << sent;
}

void Suite::PublishRaw(const std::string& value, const std::string& key, const std::vector<kafka::Header>& headers) {
  const kafka::Message message{.topic = prefix_ + "." + kChannelTopic,
                               .partition = KafkaPartition(key, engine::kSlots),
                               .key = key,
                               .headers = headers,
                               .value = value};
  ASSERT_TRUE(producer_->ProduceAndWait({&message, 1}, absl::Seconds(20)).ok());
}

int64_t Suite::AwaitPoints(int64_t points, const std::string& brand) {
  membership::v1::GetStatisticsRequest request;
  request.set_brand_id(brand);
  int64_t last = -1;
  testing::WaitFor([&] {
    const auto response =
        Call<membership::v1::GetStatisticsResponse>("tessera.membership.v1.MemberService/GetStatistics", request);
    if (!response.ok()) return false;
    for (const auto& currency : response->currencies()) {
      if (currency.currency() == "points") last = currency.balance();
    }
    return last == points;
  });
  return last;
}

std::vector<ops::v1::DeadLetterSummary> Suite::AwaitDeadLetters(const std::string& service, size_t count) {
  std::vector<ops::v1::DeadLetterSummary> letters;
  testing::WaitFor([&] {
    const auto response = client(service).Call<ops::v1::ListDeadLettersRequest, ops::v1::ListDeadLettersResponse>(
        std::string(kOps) + "ListDeadLetters", {}, {.token = token_});
    if (response.ok()) letters.assign(response->dead_letters().begin(), response->dead_letters().end());
    return letters.size() >= count;
  });
  return letters;
}

std::vector<std::string> Suite::AwaitWaiting(const std::string& service, size_t count) {
  std::vector<std::string> keys;
  testing::WaitFor([&] {
    const auto response = client(service).Call<ops::v1::ListWaitingRequest, ops::v1::ListWaitingResponse>(
        std::string(kOps) + "ListWaiting", {}, {.token = token_});
    keys.clear();
    if (response.ok()) {
      for (const auto& event : response->events()) keys.push_back(event.wait_key());
    }
    return keys.size() == count;
  });
  return keys;
}

}  // namespace tessera::e2e
