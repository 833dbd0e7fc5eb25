#include "services/oneid/api/intake_api.h"

#include <map>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "base/murmur2.h"
#include "base/proto_time.h"
#include "base/status.h"
#include "base/strings.h"
#include "events/cloud_event.h"
#include "events/limits.h"
#include "services/oneid/api/fields.h"
#include "tessera/oneid/v1/intake_service.pb.h"

namespace tessera::oneid {
namespace {

class KafkaSink final : public EventSink {
 public:
  KafkaSink(kafka::Producer& producer, std::string topic, int32_t partitions)
      : producer_(producer), topic_(std::move(topic)), partitions_(partitions) {}

  void Put(kafka::Message message, std::function<void(absl::Status)> done) override {
    message.topic = topic_;
    message.partition = KafkaPartition(*message.key, partitions_);
    if (absl::Status taken = producer_.Produce(message, done); !taken.ok()) done(taken);
  }

 private:
  kafka::Producer& producer_;
  const std::string topic_;
  const int32_t partitions_;
};

// "order_paid": the payload that is set, which names the type.
absl::StatusOr<std::string> PayloadName(const events::v1::ChannelEvent& event) {
  const auto* payloads = event.GetDescriptor()->FindOneofByName("payload");
  const auto* field = event.GetReflection()->GetOneofFieldDescriptor(event, payloads);
  if (field == nullptr) return InvalidField("event.event.payload", "is missing", "FIELD_MISSING");
  return field->name();
}

// The request's name of what a record calls `field`: an attribute of its envelope, a field of ChannelEvent, or one of
// the payload.
std::string FieldInRequest(const std::string& field, const std::string& payload) {
  static const auto& attributes = *new std::map<std::string, std::string>{
      {"id", "event.event_id"}, {"key", "event.event_id"}, {"source", "event.source"}, {"time", "event.event_time"},
      {"brandid", "brand_id"},  {"headers", "event"},      {"value", "event.event"}};
  if (const auto found = attributes.find(field); found != attributes.end()) return found->second;
  const std::string name = field.substr(0, field.find_first_of(".["));
  if (events::v1::ChannelEvent::descriptor()->FindFieldByName(name) != nullptr) return "event.event." + field;
  return absl::StrCat("event.event.", payload, ".", field);
}

absl::Status InRequest(const absl::Status& refusal, const std::string& payload) {
  const std::string field = FieldOf(refusal);
  if (field.empty()) return refusal;
  const std::string_view message = ToStd(absl::StripPrefix(refusal.message(), field + ": "));
  return InvalidField(FieldInRequest(field, payload), message, ErrorInfoOf(refusal)->reason);
}

// The account, which is the first identifier; the event itself if it names none that could be one.
std::string KeyOf(const v1::NewEvent& event) {
  if (event.event().identifiers().empty()) return event.event_id();
  const std::string& account = event.event().identifiers(0).value();
  return account.size() <= events::kKeyBytesMax ? account : event.event_id();
}

// The record as an adapter would have written it.
absl::StatusOr<kafka::Record> RecordOf(const std::string& brand, const v1::NewEvent& event, const std::string& payload,
                                       const rpc::Call& call, absl::Time now) {
  events::CloudEvent cloud;
  cloud.id = event.event_id();
  cloud.source = event.source();
  cloud.type = "com.tessera.channel." + payload + ".v1";
  cloud.datacontenttype = "application/protobuf";
  cloud.time = now;
  if (event.has_event_time()) {
    TESSERA_ASSIGN_OR_RETURN(cloud.time, TimeField(event.event_time(), "event.event_time"));
  }
  cloud.extensions["brandid"] = brand;
  if (!call.traceparent.empty()) cloud.extensions["traceparent"] = call.traceparent;
  cloud.data = event.event().SerializeAsString();
  kafka::Record record;
  record.timestamp = now;
  record.key = KeyOf(event);
  record.headers = events::EncodeHeaders(cloud);
  record.value = std::move(cloud.data);
  return record;
}

class Intake {
 public:
  Intake(std::shared_ptr<EventSink> sink, CheckRecord check, const Clock& clock)
      : sink_(std::move(sink)), check_(std::move(check)), clock_(clock) {}

  void Publish(const rpc::Call& call, const std::string& brand, const v1::NewEvent& event,
               std::function<void(absl::Status)> done) const {
    const absl::Time now = clock_.Now();
    const absl::StatusOr<std::string> payload = PayloadName(event.event());
    if (!payload.ok()) return done(payload.status());
    absl::StatusOr<kafka::Record> record = RecordOf(brand, event, *payload, call, now);
    if (!record.ok()) return done(record.status());
    if (absl::Status understood = check_(*record); !understood.ok()) return done(InRequest(understood, *payload));
    constexpr absl::Duration kAheadMax = absl::Hours(24);
    if (event.has_event_time() && absl::FromUnixSeconds(event.event_time().seconds()) > now + kAheadMax) {
      return done(InvalidField("event.event_time", "is more than 24 hours ahead", "EVENT_TIME_OUT_OF_RANGE"));
    }
    kafka::Message message;
    message.key = std::move(record->key);
    message.headers = std::move(record->headers);
    message.value = std::move(record->value);
    sink_->Put(std::move(message), std::move(done));
  }

 private:
  const std::shared_ptr<EventSink> sink_;
  const CheckRecord check_;
  const Clock& clock_;
};

v1::PublishEventsResponse ResultOf(const absl::Status& status) {
  v1::PublishEventsResponse result;
  result.set_accepted(status.ok());
  if (status.ok()) return result;
  const auto info = ErrorInfoOf(status);
  result.set_reason(info ? info->reason : absl::StatusCodeToString(status.code()));
  result.set_field(FieldOf(status));
  result.set_message(std::string(ToStd(status.message())));
  return result;
}

}  // namespace

std::unique_ptr<EventSink> NewKafkaSink(kafka::Producer& producer, std::string topic, int32_t partitions) {
  return std::make_unique<KafkaSink>(producer, std::move(topic), partitions);
}

void RegisterIntakeApi(rpc::Server& server, std::shared_ptr<EventSink> sink, CheckRecord check, const Clock& clock) {
  auto intake = std::make_shared<const Intake>(std::move(sink), std::move(check), clock);
  server.Unary<v1::PublishEventRequest, v1::PublishEventResponse>(
      "tessera.oneid.v1.IntakeService/PublishEvent",
      [intake](const rpc::Call& call, const v1::PublishEventRequest& request,
               const rpc::Reply<v1::PublishEventResponse>& reply) {
        intake->Publish(call, request.brand_id(), request.event(), [reply](const absl::Status& status) {
          if (!status.ok()) return reply(status);
          reply(v1::PublishEventResponse());
        });
      });
  server.Stream<v1::PublishEventsRequest, v1::PublishEventsResponse>(
      "tessera.oneid.v1.IntakeService/PublishEvents",
      [intake](const rpc::Call& call, const v1::PublishEventsRequest& request,
               const rpc::Reply<v1::PublishEventsResponse>& reply) {
        intake->Publish(call, request.brand_id(), request.event(),
                        [reply, id = request.event().event_id()](const absl::Status& status) {
                          v1::PublishEventsResponse result = ResultOf(status);
                          result.set_event_id(id);
                          reply(std::move(result));
                        });
      },
      ResultOf);
}

}  // namespace tessera::oneid
