#include "services/oneid/events/publish.h"

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>

#include <string>
#include <utility>
#include <variant>

#include "base/proto_time.h"
#include "tessera/events/v1/customer_event.pb.h"
#include "tessera/events/v1/identity_facts.pb.h"

namespace tessera::oneid {
namespace {

using engine::Cause;
using engine::Log;
using engine::Published;

Published Event(const Cause& cause, Log log, std::string key, const char* name,
                const google::protobuf::MessageLite& data) {
  return {.log = log,
          .key = key,
          .type = std::string("com.tessera.oneid.") + name + ".v1",
          .subject = std::move(key),
          .brand = cause.brand,
          .time = cause.time,
          .data = data.SerializeAsString()};
}

class Encoder {
 public:
  Encoder(const Cause& cause, std::vector<Published>& out) : cause_(cause), out_(out) {}

  void operator()(const CustomerCreated& fact) {
    events::v1::CustomerCreated data;
    data.set_customer_id(fact.customer.ToString());
    data.set_group_id(fact.group.value);
    data.set_anonymous(fact.anonymous);
    Copy(fact.customer, "customer_created", data);
  }

  void operator()(const IdentifierAttached& fact) {
    events::v1::IdentifierAttached data;
    data.set_identifier_id(fact.id.ToString());
    data.set_namespace_(fact.name);
    data.set_customer_id(fact.customer.ToString());
    *data.mutable_valid_from() = ToTimestamp(fact.from);
    Copy(fact.customer, "identifier_attached", data);
  }

  void operator()(const IdentifierDetached& fact) {
    events::v1::IdentifierDetached data;
    data.set_identifier_id(fact.id.ToString());
    data.set_namespace_(fact.name);
    if (fact.customer) data.set_customer_id(fact.customer->ToString());
    *data.mutable_valid_to() = ToTimestamp(fact.to);
    CopyByKey(fact.customer ? fact.customer->ToString() : fact.id.ToString(), "identifier_detached", data);
  }

  void operator()(const IdentifierMoved& fact) {
    events::v1::IdentifierMoved data;
    data.set_identifier_id(fact.id.ToString());
    data.set_namespace_(fact.name);
    data.set_from_customer_id(fact.from_customer.ToString());
    data.set_to_customer_id(fact.to_customer.ToString());
    *data.mutable_valid_from() = ToTimestamp(fact.from);
    Copy(fact.to_customer, "identifier_moved", data);
  }

  void operator()(const IdentifierQuarantined& fact) {
    events::v1::IdentifierQuarantined data;
    data.set_identifier_id(fact.id.ToString());
    data.set_namespace_(fact.name);
    data.set_customer_count(fact.customer_count);
    CopyByKey(fact.id.ToString(), "identifier_quarantined", data);
  }

  void operator()(const IdentifierRefused& fact) {
    events::v1::IdentifierRefused data;
    if (!fact.id.is_nil()) data.set_identifier_id(fact.id.ToString());
    data.set_namespace_(fact.name);
    data.set_reason(TextOf(fact.left_out));
    if (fact.customer) data.set_customer_id(fact.customer->ToString());
    data.set_rule(fact.rule);
    CopyByKey(fact.customer ? fact.customer->ToString() : cause_.id, "identifier_refused", data);
  }

  void operator()(const CustomersMerged& fact) {
    events::v1::CustomersMerged data;
    data.set_merge_id(fact.merge.ToString());
    data.set_group_id(fact.group.value);
    data.set_survivor_customer_id(fact.survivor.ToString());
    data.set_absorbed_customer_id(fact.absorbed.ToString());
    *data.mutable_merge_time() = ToTimestamp(fact.time);
    for (const MergeId& before : fact.after) data.add_after_change_ids(before.ToString());
    for (const BrandId& brand : fact.brands) data.add_brand_ids(brand.value);
    // In order with the events of either customer: whoever comes to one of them has the merge before him.
    out_.push_back(Event(cause_, Log::kMain, fact.survivor.ToString(), "customers_merged", data));
    out_.push_back(Event(cause_, Log::kMain, fact.absorbed.ToString(), "customers_merged", data));
    Copy(fact.survivor, "customers_merged", data);
  }

  void operator()(const MergeCompleted& fact) {
    events::v1::MergeCompleted data;
    data.set_merge_id(fact.merge.ToString());
    data.set_group_id(fact.group.value);
    Copy(fact.survivor, "merge_completed", data);
  }

  void operator()(const BrandChanged& fact) {
    events::v1::BrandChanged data;
    data.set_brand_id(fact.brand.id.value);
    data.set_group_id(fact.group.value);
    data.set_time_zone(fact.brand.time_zone);
    data.set_region(fact.brand.region);
    data.set_currency(fact.brand.currency);
    data.set_version(fact.brand.version);
    for (const BrandId& brand : fact.group_brands) data.add_group_brand_ids(brand.value);
    Published event = Event(cause_, Log::kMain, fact.brand.id.value, "brand_changed", data);
    event.brand = fact.brand.id.value;
    event.every_slot = true;
    out_.push_back(event);
    event.log = Log::kCopies;
    event.every_slot = false;
    out_.push_back(std::move(event));
  }

  void operator()(const EventResolved& fact) {
    const ResolveEvent& event = *fact.event;
    events::v1::CustomerEvent data;
    data.set_brand_id(event.key.brand.value);
    if (fact.root) data.set_customer_id(fact.root->ToString());
    if (fact.origin) data.set_origin_customer_id(fact.origin->ToString());
    data.set_anonymous(fact.anonymous);
    for (const UsedIdentifier& used : fact.identifiers) {
      auto* identifier = data.add_identifiers();
      identifier->set_identifier_id(used.id.ToString());
      identifier->set_namespace_(used.name);
    }
    data.set_source(event.key.source);
    data.set_source_event_id(event.key.event_id);
    *data.mutable_event_time() = ToTimestamp(event.time);
    data.set_order_source(fact.order_source);
    std::string bytes = data.SerializeAsString();
    AppendEvent(event.stripped, bytes);
    out_.push_back({.log = Log::kMain,
                    .key = fact.root ? fact.root->ToString() : event.key.source + "/" + event.key.event_id,
                    .type = "com.tessera.oneid." + event.payload + ".v1",
                    .subject = data.customer_id(),
                    .brand = event.key.brand.value,
                    .time = event.time,
                    .data = std::move(bytes)});
  }

 private:
  // The event's message is there already as bytes: they are appended as the field `event`.
  static void AppendEvent(const std::string& event, std::string& out) {
    google::protobuf::io::StringOutputStream stream(&out);
    google::protobuf::io::CodedOutputStream coded(&stream);
    constexpr uint32_t kLengthDelimited = 2;
    coded.WriteTag(events::v1::CustomerEvent::kEventFieldNumber << 3 | kLengthDelimited);
    coded.WriteVarint32(static_cast<uint32_t>(event.size()));
    coded.WriteString(event);
  }

  void CopyByKey(std::string key, const char* name, const google::protobuf::MessageLite& data) {
    out_.push_back(Event(cause_, Log::kCopies, std::move(key), name, data));
  }
  void Copy(const CustomerId& customer, const char* name, const google::protobuf::MessageLite& data) {
    CopyByKey(customer.ToString(), name, data);
  }

  const Cause& cause_;
  std::vector<Published>& out_;
};

}  // namespace

void PublishFact(const Fact& fact, const engine::Cause& cause, std::vector<engine::Published>& out) {
  std::visit(Encoder(cause, out), fact);
}

}  // namespace tessera::oneid
