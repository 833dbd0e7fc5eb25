#include "services/membership/consumers/customer_topic.h"

#include <google/protobuf/arena.h>

#include "absl/strings/str_cat.h"
#include "base/fault_point.h"
#include "base/proto_time.h"
#include "base/status.h"
#include "base/time_zone.h"
#include "events/cloud_event.h"
#include "events/payload.h"
#include "services/membership/consumers/customer_event.h"
#include "tessera/events/v1/customer_event.pb.h"
#include "tessera/events/v1/identity_facts.pb.h"

namespace tessera::membership::consumers {
namespace {

constexpr std::string_view kPrefix = "com.tessera.oneid.";

absl::StatusOr<CustomerId> CustomerField(const std::string& text, std::string_view field) {
  const auto id = CustomerId::Parse(text);
  if (!id) return InvalidField(field, "must be a UUID");
  return *id;
}

absl::StatusOr<BrandId> BrandField(const std::string& text, std::string_view field) {
  auto id = BrandId::Parse(text);
  if (!id) return InvalidField(field, "must be lower-case letters, digits and hyphens, 1 to 40");
  return *std::move(id);
}

absl::StatusOr<MergeId> MergeField(const std::string& text, std::string_view field) {
  const auto id = MergeId::Parse(text);
  if (!id) return InvalidField(field, "must be a UUID");
  return *id;
}

absl::StatusOr<Command> ToCommand(const tessera::events::v1::CustomersMerged& fact) {
  CustomersMerged command;
  TESSERA_ASSIGN_OR_RETURN(command.merge, MergeField(fact.merge_id(), "merge_id"));
  TESSERA_ASSIGN_OR_RETURN(command.survivor, CustomerField(fact.survivor_customer_id(), "survivor_customer_id"));
  TESSERA_ASSIGN_OR_RETURN(command.absorbed, CustomerField(fact.absorbed_customer_id(), "absorbed_customer_id"));
  command.group = fact.group_id();
  TESSERA_ASSIGN_OR_RETURN(command.time, TimeField(fact.merge_time(), "merge_time"));
  for (int i = 0; i < fact.after_change_ids_size(); ++i) {
    TESSERA_ASSIGN_OR_RETURN(const MergeId id,
                             MergeField(fact.after_change_ids(i), absl::StrCat("after_change_ids[", i, "]")));
    command.after.push_back(id);
  }
  for (int i = 0; i < fact.brand_ids_size(); ++i) {
    TESSERA_ASSIGN_OR_RETURN(BrandId id, BrandField(fact.brand_ids(i), absl::StrCat("brand_ids[", i, "]")));
    command.brands.push_back(std::move(id));
  }
  return command;
}

absl::StatusOr<Command> ToCommand(const tessera::events::v1::BrandChanged& fact) {
  BrandChanged command;
  TESSERA_ASSIGN_OR_RETURN(command.brand, BrandField(fact.brand_id(), "brand_id"));
  command.group = fact.group_id();
  command.time_zone = fact.time_zone();
  command.region = fact.region();
  command.currency = fact.currency();
  command.version = fact.version();
  const auto zone = FindTimeZone(fact.time_zone());
  if (!zone) return InvalidField("time_zone", "no such time zone in the IANA database");
  command.zone = *zone;
  return command;
}

// Parses the event's data as Fact and makes its command.
template <class Fact>
absl::StatusOr<Read> ReadFact(const tessera::events::CloudEvent& event, Read read) {
  Fact fact;
  TESSERA_RETURN_IF_ERROR(tessera::events::DecodePayload(event, &fact));
  TESSERA_ASSIGN_OR_RETURN(read.command, ToCommand(fact));
  return read;
}

absl::StatusOr<Read> ReadCustomerEvent(const tessera::events::CloudEvent& event, Read read) {
  google::protobuf::Arena arena;  // an order has many lines: one allocation, not two for each
  auto& customer_event = *google::protobuf::Arena::CreateMessage<tessera::events::v1::CustomerEvent>(&arena);
  TESSERA_RETURN_IF_ERROR(tessera::events::DecodePayload(event, &customer_event));
  TESSERA_ASSIGN_OR_RETURN(read.command, FromCustomerEvent(customer_event));
  read.cause.brand = customer_event.brand_id();
  return read;
}

std::string Extension(const tessera::events::CloudEvent& event, const std::string& name) {
  auto at = event.extensions.find(name);
  return at == event.extensions.end() ? "" : at->second;
}

}  // namespace

absl::StatusOr<Read> ReadRecord(const kafka::Record& record) {
  TESSERA_ASSIGN_OR_RETURN(const auto event, tessera::events::DecodeCloudEvent(record));
  Read read;
  read.cause.id = event.id;
  read.cause.correlation_id = Extension(event, "correlationid");
  if (read.cause.correlation_id.empty()) read.cause.correlation_id = event.id;
  read.cause.traceparent = Extension(event, "traceparent");
  read.cause.time = event.time.value_or(record.timestamp);
  read.cause.brand = Extension(event, "brandid");
  if (!event.type.starts_with(kPrefix)) return InvalidField("type", "not an event of this topic", "EVENT_TYPE_UNKNOWN");
  const std::string_view name = std::string_view(event.type).substr(kPrefix.size());
  if (name == "customers_merged.v1") {
    FaultPoint("merge.fact_read");
    return ReadFact<tessera::events::v1::CustomersMerged>(event, std::move(read));
  }
  if (name == "brand_changed.v1") return ReadFact<tessera::events::v1::BrandChanged>(event, std::move(read));
  return ReadCustomerEvent(event, std::move(read));
}

}  // namespace tessera::membership::consumers
