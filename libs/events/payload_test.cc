#include "events/payload.h"

#include <google/protobuf/descriptor.h>
#include <gtest/gtest.h>

#include "base/status.h"
#include "tessera/testing/v1/person.pb.h"

namespace tessera::events {
namespace {

using testing::v1::Person;

std::string ReasonText(const absl::Status& status) {
  const auto info = ErrorInfoOf(status);
  return info ? info->reason : "";
}

absl::Status Decode(std::string_view content_type, std::string data, Person* person) {
  CloudEvent event;
  event.datacontenttype = content_type;
  event.data = std::move(data);
  return DecodePayload(event, person);
}

absl::Status DecodeJson(std::string data) {
  Person person;
  return Decode("application/json", std::move(data), &person);
}

// A person with a chain of `depth` friends.
Person Chain(int depth) {
  Person person;
  Person* last = &person;
  for (int i = 0; i < depth; ++i) last = last->add_friends();
  last->set_city("end");
  return person;
}

TEST(DecodePayloadTest, ProtobufAndJsonGiveTheSameMessage) {
  Person person;
  person.set_city("Shanghai");
  person.set_visits(9'007'199'254'740'993);
  (*person.mutable_relatives())["aunt"].set_city("Suzhou");
  Person decoded;
  ASSERT_TRUE(Decode("application/protobuf", person.SerializeAsString(), &decoded).ok());
  EXPECT_EQ(decoded.SerializeAsString(), person.SerializeAsString());
  const std::string json = R"({"city":"Shanghai","visits":"9007199254740993","relatives":{"aunt":{"city":"Suzhou"}}})";
  for (const char* type : {"application/json", "Application/JSON; charset=\"UTF-8\"", "application/x+json"}) {
    decoded.set_city("left over");
    ASSERT_TRUE(Decode(type, json, &decoded).ok()) << type;
    EXPECT_EQ(decoded.SerializeAsString(), person.SerializeAsString());
  }
}

TEST(DecodePayloadTest, OtherContentTypesAreUnsupported) {
  Person person;
  for (const char* type : {"", "text/plain", "application/json; charset=gbk", "application/xml"}) {
    EXPECT_EQ(ReasonText(Decode(type, "{}", &person)), "CONTENT_TYPE_UNSUPPORTED") << type;
  }
}

TEST(DecodePayloadTest, BytesThatAreNoMessageAreInvalid) {
  Person person;
  for (const std::string& bytes :
       {std::string("\xff\xff\xff"), std::string("\x0a\x7f"), std::string("\x0a\x02\xff\xfe")}) {
    EXPECT_EQ(ReasonText(Decode("application/protobuf", bytes, &person)), "DATA_INVALID");
  }
}

TEST(DecodePayloadTest, DepthIsLimited) {
  Person person;
  EXPECT_TRUE(Decode("application/protobuf", Chain(32).SerializeAsString(), &person).ok());
  EXPECT_EQ(ReasonText(Decode("application/protobuf", Chain(33).SerializeAsString(), &person)), "DATA_INVALID");
  std::string json;
  for (int i = 0; i < 16; ++i) json += R"({"friends":[)";
  std::string closing;
  for (int i = 0; i < 16; ++i) closing += "]}";
  EXPECT_TRUE(DecodeJson(json + closing).ok());
  EXPECT_EQ(ReasonText(DecodeJson(json + "{}" + closing)), "JSON_INVALID");
}

TEST(DecodePayloadTest, TextThatDeceivesOrIsNoUtf8IsRefusedWithItsField) {
  Person person, decoded;
  person.add_friends()->set_city("Hang\u202ezhou");
  const absl::Status deceiving = Decode("application/protobuf", person.SerializeAsString(), &decoded);
  EXPECT_EQ(ReasonText(deceiving) + " " + FieldOf(deceiving), "DATA_INVALID friends[0].city");
  person.mutable_friends(0)->set_city("QQQQ");
  std::string bytes = person.SerializeAsString();
  bytes.replace(bytes.find("QQQQ"), 1, "\xff");
  const absl::Status no_utf8 = Decode("application/protobuf", bytes, &decoded);
  EXPECT_EQ(ReasonText(no_utf8) + " " + FieldOf(no_utf8), "DATA_INVALID friends[0].city");
}

TEST(DecodePayloadTest, TextWithNulIsRefusedWhereverItStands) {
  Person person;
  person.add_friends();
  person.add_friends()->set_city(std::string("a\0b", 3));
  Person decoded;
  const absl::Status binary = Decode("application/protobuf", person.SerializeAsString(), &decoded);
  EXPECT_EQ(ReasonText(binary) + " " + FieldOf(binary), "DATA_INVALID friends[1].city");
  const absl::Status json = DecodeJson(R"({"friends":[{"friends":[{"city":"\u0000"}]}]})");
  EXPECT_EQ(ReasonText(json) + " " + FieldOf(json), "JSON_INVALID friends[0].friends[0].city");
}

TEST(DecodePayloadTest, UnknownJsonFieldIsNamed) {
  const absl::Status top = DecodeJson(R"({"cty":"x"})");
  EXPECT_EQ(ReasonText(top), "JSON_INVALID");
  EXPECT_EQ(FieldOf(top), "cty");
  EXPECT_EQ(FieldOf(DecodeJson(R"({"friends":[{},{"cty":"x"}]})")), "friends[1].cty");
}

TEST(DecodePayloadTest, ErrorsNeverQuoteValuesOrStrangeNames) {
  for (const char* json : {R"({"visits":"13812345678x"})", R"({"13812345678":1})", R"({"relatives":{"13812345678":7}})",
                           R"({"city":{"a":"13812345678"}})", R"({"visits":13812345678.5})", R"({"city":13812345678)",
                           R"({"13812345678 x":1})", R"({"friends":"13812345678"})"}) {
    const absl::Status status = DecodeJson(json);
    EXPECT_EQ(ReasonText(status), "JSON_INVALID") << json;
    EXPECT_EQ(status.ToString().find("13812345678"), std::string::npos) << status;
  }
  EXPECT_EQ(FieldOf(DecodeJson(R"({"friends":[{"visits":"x"}]})")), "friends[0].visits");
}

Person Known() {
  Person person;
  person.set_name("Li Lei");
  person.add_phones("13812345678");
  person.set_city("Shanghai");
  person.set_visits(3);
  person.mutable_home()->set_street("Nanjing Road");
  person.set_email("li@example.com");
  person.mutable_anything()->set_value("13812345678");
  return person;
}

TEST(StripPiiTest, ClearsMarkedFieldsAtEveryDepthAndKeepsTheRest) {
  Person person = Known();
  *person.add_friends() = Known();
  (*person.mutable_relatives())["aunt"] = Known();
  *(*person.mutable_relatives())["aunt"].add_friends() = Known();
  StripPii(&person);
  Person bare;
  bare.set_city("Shanghai");
  bare.set_visits(3);
  Person expected = bare;
  *expected.add_friends() = bare;
  (*expected.mutable_relatives())["aunt"] = bare;
  *(*expected.mutable_relatives())["aunt"].add_friends() = bare;
  EXPECT_EQ(person.DebugString(), expected.DebugString());
}

TEST(StripPiiTest, UnmarkedChoiceOfAOneofStays) {
  Person person;
  person.set_shop("shop-1");
  StripPii(&person);
  EXPECT_EQ(person.shop(), "shop-1");
}

TEST(StripPiiTest, ClearsUnknownFieldsAtEveryDepth) {
  Person person;
  person.add_friends()->set_city("Suzhou");
  for (Person* carrier : {&person, person.mutable_friends(0)}) {
    carrier->GetReflection()->MutableUnknownFields(carrier)->AddLengthDelimited(999)->assign("13812345678");
  }
  StripPii(&person);
  EXPECT_EQ(person.SerializeAsString().find("13812345678"), std::string::npos);
  EXPECT_EQ(person.friends(0).city(), "Suzhou");
}

}  // namespace
}  // namespace tessera::events
