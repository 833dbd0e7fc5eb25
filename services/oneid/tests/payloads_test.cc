// Every payload that a channel may send, with every field set: it comes out with its customer, and nothing that tells
// who the person is comes out with it.
#include <gmock/gmock.h>
#include <google/protobuf/descriptor.h>
#include <google/protobuf/util/message_differencer.h>
#include <gtest/gtest.h>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "services/oneid/tests/oneid_fixture.h"
#include "tessera/common/v1/options.pb.h"

namespace tessera::oneid {
namespace {

namespace pb = google::protobuf;
using ::testing::IsEmpty;
using ::testing::SizeIs;

// Personal values, each other than all before, in the form in which a channel may write them.
class Personal {
 public:
  std::string Phone() { return Remember(absl::StrCat(13'912'345'000 + ++count_)); }
  std::string Email() { return Remember(absl::StrCat("Ann.Secret-", ++count_, "@Example.com")); }
  std::string Account() { return Remember(absl::StrCat("pin-secret-", ++count_)); }
  std::string Text() { return Remember(absl::StrCat("Ann Secret of Elm Street ", ++count_)); }
  std::string ValueOf(const pb::FieldDescriptor& field) {
    if (field.name().ends_with("phone")) return Phone();
    return field.name() == "removed_value" ? Email() : Text();
  }
  const std::vector<std::string>& values() const { return values_; }

 private:
  std::string Remember(std::string value) {
    values_.push_back(absl::AsciiStrToLower(value));
    return value;
  }

  int64_t count_ = 0;
  std::vector<std::string> values_;
};

void SetString(pb::Message& message, const pb::FieldDescriptor* field, std::string value) {
  const pb::Reflection* reflection = message.GetReflection();
  if (field->is_repeated()) return reflection->AddString(&message, field, std::move(value));
  reflection->SetString(&message, field, std::move(value));
}

// Sets every field, those with personal data only if there is a `personal`.
void Fill(pb::Message& message, Personal* personal) {
  const pb::Reflection* reflection = message.GetReflection();
  for (int i = 0; i < message.GetDescriptor()->field_count(); ++i) {
    const pb::FieldDescriptor* field = message.GetDescriptor()->field(i);
    if (field->options().GetExtension(common::v1::pii)) {
      if (personal != nullptr) SetString(message, field, personal->ValueOf(*field));
      continue;
    }
    switch (field->cpp_type()) {
      case pb::FieldDescriptor::CPPTYPE_STRING:
        SetString(message, field, "plain-" + field->name());
        break;
      case pb::FieldDescriptor::CPPTYPE_INT64:
        reflection->SetInt64(&message, field, 1);
        break;
      case pb::FieldDescriptor::CPPTYPE_INT32:
        field->is_repeated() ? reflection->AddInt32(&message, field, 1) : reflection->SetInt32(&message, field, 1);
        break;
      case pb::FieldDescriptor::CPPTYPE_BOOL:
        reflection->SetBool(&message, field, true);
        break;
      case pb::FieldDescriptor::CPPTYPE_ENUM:
        reflection->SetEnumValue(&message, field, 1);
        break;
      case pb::FieldDescriptor::CPPTYPE_MESSAGE:
        Fill(field->is_repeated() ? *reflection->AddMessage(&message, field)
                                  : *reflection->MutableMessage(&message, field),
             personal);
        break;
      default:
        FAIL() << field->full_name() << " is of a type that this test does not know";
    }
  }
}

events::v1::ChannelEvent EventWith(const pb::FieldDescriptor* payload, Personal* personal) {
  events::v1::ChannelEvent event;
  Fill(*event.GetReflection()->MutableMessage(&event, payload), personal);
  if (event.has_account_unbound()) {  // one that could have been bound
    event.mutable_account_unbound()->set_removed_namespace("email");
    event.mutable_account_unbound()->clear_removed_scope();
  }
  event.set_logged_in(true);
  event.set_verified(true);
  return event;
}

std::vector<const pb::FieldDescriptor*> Payloads() {
  std::vector<const pb::FieldDescriptor*> payloads;
  const pb::OneofDescriptor* oneof = events::v1::ChannelEvent::descriptor()->FindOneofByName("payload");
  for (int i = 0; i < oneof->field_count(); ++i) payloads.push_back(oneof->field(i));
  return payloads;
}

constexpr const char* kNamespaces[] = {"jd_pin", "phone", "email"};

kafka::Record RecordWith(const std::string& id, const pb::FieldDescriptor* payload, Personal& personal) {
  TestEvent event{.id = id, .event = EventWith(payload, &personal)};
  const std::string values[] = {personal.Account(), personal.Phone(), personal.Email()};
  for (int i = 0; i < 3; ++i) event.identifiers.push_back({kNamespaces[i], "", values[i]});
  kafka::Record record = World::RecordOf(event);
  record.key = values[0];
  return record;
}

// As of an adapter that knows a later version of the proto.
kafka::Record WithUnknownField(kafka::Record record, Personal& personal) {
  constexpr int kUnknownField = 1'999;
  events::v1::ChannelEvent event;
  EXPECT_TRUE(event.ParseFromString(*record.value));
  event.GetReflection()->MutableUnknownFields(&event)->AddLengthDelimited(kUnknownField, personal.Text());
  record.value = event.SerializeAsString();
  return record;
}

class PayloadsTest : public OneidTest {
 protected:
  static void ExpectResolved(const ResolvedEvent& resolved, const pb::FieldDescriptor* payload) {
    const events::v1::CustomerEvent& event = resolved.event;
    EXPECT_EQ(HeaderOf(resolved.record, "ce_type"), "com.tessera.oneid." + payload->name() + ".v1");
    EXPECT_EQ(HeaderOf(resolved.record, "ce_brandid"), "acme");
    EXPECT_EQ(event.brand_id(), "acme");
    EXPECT_TRUE(CustomerId::Parse(event.customer_id())) << event.customer_id();
    EXPECT_EQ(event.origin_customer_id(), event.customer_id());
    EXPECT_EQ(*resolved.record.key, event.customer_id());
    EXPECT_FALSE(event.anonymous());
    events::v1::ChannelEvent expected = EventWith(payload, nullptr);
    for (const char* name : kNamespaces) expected.add_identifiers()->set_namespace_(name);
    std::string difference;
    pb::util::MessageDifferencer differencer;
    differencer.ReportDifferencesToString(&difference);
    EXPECT_TRUE(differencer.Compare(expected, event.event())) << difference;
  }

  // None of the values in what leaves the process: records with keys and headers, answers to operators, and the log.
  void ExpectNoneTold(const Personal& personal) {
    std::string told = process_->log();
    for (const char* topic : {kCustomerTopic, kIdentityTopic, kDeadLettersTopic}) {
      for (const kafka::Record& record : ReadTopic(topic)) {
        absl::StrAppend(&told, record.key.value_or(""), "\n", record.value.value_or(""), "\n");
        for (const kafka::Header& header : record.headers) absl::StrAppend(&told, header.name, header.value, "\n");
      }
    }
    for (const auto& letter : DeadLetterSummaries()) absl::StrAppend(&told, letter.DebugString());
    absl::AsciiStrToLower(&told);
    EXPECT_NE(told.find("com.tessera.oneid."), std::string::npos) << "there is something to look through";
    for (const std::string& value : personal.values()) {
      EXPECT_EQ(told.find(value), std::string::npos) << value << " is told";
    }
  }
};

TEST_F(PayloadsTest, EachComesOutWithItsCustomerInEitherModeAndWithoutPersonalData) {
  Personal personal;
  std::vector<kafka::Record> records;
  for (const pb::FieldDescriptor* payload : Payloads()) {
    records.push_back(WithUnknownField(RecordWith("binary-" + payload->name(), payload, personal), personal));
    records.push_back(Structured(RecordWith("structured-" + payload->name(), payload, personal)));
  }
  Produce(kChannelTopic, records);
  const auto events = Resolved();
  EXPECT_EQ(events.size(), records.size());
  EXPECT_THAT(DeadLetters(), IsEmpty());
  for (const pb::FieldDescriptor* payload : Payloads()) {
    for (const char* mode : {"binary-", "structured-"}) {
      SCOPED_TRACE(mode + payload->name());
      ASSERT_TRUE(events.contains(mode + payload->name()));
      ExpectResolved(events.at(mode + payload->name()), payload);
    }
  }
  ExpectNoneTold(personal);
}

TEST_F(PayloadsTest, ARefusedEventIsToldWithoutPersonalData) {
  Personal personal;
  std::vector<kafka::Record> records;
  for (const pb::FieldDescriptor* payload : Payloads()) {
    kafka::Record record = RecordWith(payload->name(), payload, personal);
    records.push_back(record);
    records.back().value->pop_back();
    for (kafka::Header& header : record.headers) {
      if (header.name == "ce_type") header.value = "com.tessera.channel.order_dreamed.v1";
    }
    records.push_back(std::move(record));
  }
  // JSON whose errors tempt a parser to quote it.
  for (const std::string& data : {absl::StrCat(R"({")", personal.Text(), R"(":1})"),
                                  absl::StrCat(R"({"page_viewed":{")", personal.Phone(), R"(":1}})"),
                                  absl::StrCat(R"({"page_viewed":{"duration_ms":")", personal.Email(), R"("}})"),
                                  absl::StrCat(R"({"page_viewed":")", personal.Account(), R"("})"),
                                  absl::StrCat(R"({"page_viewed":{"page":)", personal.Text())}) {
    records.push_back(World::RecordOf({.id = absl::StrCat("json-", records.size())}));
    for (kafka::Header& header : records.back().headers) {
      if (header.name == "content-type") header.value = "application/json";
    }
    records.back().key = personal.Account();
    records.back().value = data;
  }
  Produce(kChannelTopic, records);
  EXPECT_THAT(Resolved(), IsEmpty());
  EXPECT_THAT(DeadLetterSummaries(), SizeIs(records.size()));
  ExpectNoneTold(personal);
}

}  // namespace
}  // namespace tessera::oneid
