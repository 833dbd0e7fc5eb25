#include "events/cloud_event.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "base/status.h"
#include "events/internal.h"
#include "events/limits.h"

namespace tessera::events {
namespace {

using ::testing::ElementsAre;
using ::testing::Pair;

kafka::Record Binary() {
  kafka::Record record;
  record.headers = {{"ce_specversion", "1.0"},
                    {"ce_id", "e-1"},
                    {"ce_source", "/tmall/shop-1"},
                    {"ce_type", "com.tessera.channel.order_paid.v1"},
                    {"ce_time", "2024-02-29T12:00:00.123456789+08:00"},
                    {"ce_subject", "c-1"},
                    {"ce_brandid", "pet"},
                    {"content-type", "application/protobuf"},
                    {"traceparent", "00-aa-bb-01"},
                    {"x-other", "ignored"}};
  record.value = std::string("\x00\x01", 2);
  return record;
}

kafka::Record Structured(std::string json, std::string content_type = "application/cloudevents+json") {
  kafka::Record record;
  record.headers = {{"Content-Type", std::move(content_type)}};
  record.value = std::move(json);
  return record;
}

void Set(kafka::Record& record, const std::string& name, const std::string& value) {
  for (auto& header : record.headers) {
    if (header.name == name) header.value = value;
  }
}

void Remove(kafka::Record& record, const std::string& name) {
  std::erase_if(record.headers, [&](const kafka::Header& header) { return header.name == name; });
}

// "REASON field" of a failed decoding, "" of a good one.
std::string Failure(const kafka::Record& record) {
  const auto event = DecodeCloudEvent(record);
  if (event.ok()) return "";
  EXPECT_EQ(event.status().code(), absl::StatusCode::kInvalidArgument);
  return ErrorInfoOf(event.status())->reason + " " + FieldOf(event.status());
}

TEST(CloudEventTest, BinaryMode) {
  const auto event = DecodeCloudEvent(Binary());
  ASSERT_TRUE(event.ok()) << event.status();
  EXPECT_EQ(event->id, "e-1");
  EXPECT_EQ(event->source, "/tmall/shop-1");
  EXPECT_EQ(event->type, "com.tessera.channel.order_paid.v1");
  EXPECT_EQ(event->subject, "c-1");
  EXPECT_EQ(event->datacontenttype, "application/protobuf");
  EXPECT_EQ(FormatRfc3339(*event->time), "2024-02-29T04:00:00.123456Z");
  EXPECT_THAT(event->extensions, ElementsAre(Pair("brandid", "pet"), Pair("traceparent", "00-aa-bb-01")));
  EXPECT_EQ(event->data, std::string("\x00\x01", 2));
}

TEST(CloudEventTest, HeaderNamesHaveNoCase) {
  kafka::Record record = Binary();
  for (auto& header : record.headers) {
    for (char& c : header.name) c = static_cast<char>(std::toupper(c));
  }
  const auto event = DecodeCloudEvent(record);
  ASSERT_TRUE(event.ok()) << event.status();
  EXPECT_EQ(event->extensions, DecodeCloudEvent(Binary())->extensions);
}

TEST(CloudEventTest, EncodingAndDecodingAgree) {
  const auto event = DecodeCloudEvent(Binary());
  kafka::Record record;
  record.headers = EncodeHeaders(*event);
  record.value = event->data;
  EXPECT_EQ(record.headers[0], (kafka::Header{"ce_specversion", "1.0"}));
  EXPECT_EQ(record.headers[4], (kafka::Header{"ce_time", "2024-02-29T04:00:00.123456Z"}));
  EXPECT_EQ(record.headers.back(), (kafka::Header{"traceparent", "00-aa-bb-01"}));
  const auto again = DecodeCloudEvent(record);
  ASSERT_TRUE(again.ok());
  EXPECT_EQ(EncodeHeaders(*again), record.headers);
  EXPECT_EQ(again->data, event->data);

  CloudEvent least;
  least.id = "i", least.source = "s", least.type = "t";
  EXPECT_EQ(EncodeHeaders(least).size(), 4u);
}

TEST(CloudEventTest, WhatAnEventLacksIsMissingAndNotInvalidWhenItIsRead) {
  for (std::string CloudEvent::*attribute : {&CloudEvent::id, &CloudEvent::source, &CloudEvent::type}) {
    CloudEvent event;
    event.id = event.source = event.type = "x";
    (event.*attribute).clear();
    kafka::Record record;
    record.headers = EncodeHeaders(event);
    EXPECT_EQ(record.headers.size(), 3u);
    EXPECT_EQ(ErrorInfoOf(DecodeCloudEvent(record).status())->reason, "ATTRIBUTE_MISSING");
  }
}

TEST(CloudEventTest, StructuredModeWithJsonData) {
  const auto event = DecodeCloudEvent(Structured(
      R"({"specversion":"1.0","id":"e-1","source":"s","type":"t","time":"2024-02-29T12:00:00Z","subject":null,
          "brandid":"pet","sampled":true,"number":7,"data":{"b":[1,2.50,"中"],"a":12345678901234567}})",
      "application/cloudevents+json; charset=UTF-8"));
  ASSERT_TRUE(event.ok()) << event.status();
  EXPECT_EQ(event->datacontenttype, "application/json");
  EXPECT_EQ(event->data, R"({"a":12345678901234567,"b":[1,2.5,"中"]})");
  EXPECT_EQ(event->subject, "");
  EXPECT_THAT(event->extensions, ElementsAre(Pair("brandid", "pet"), Pair("number", "7"), Pair("sampled", "true")));
}

TEST(CloudEventTest, StructuredModeWithBase64AndText) {
  auto event = DecodeCloudEvent(Structured(
      R"({"specversion":"1.0","id":"e","source":"s","type":"t","datacontenttype":"application/protobuf","data_base64":"AAE="})"));
  ASSERT_TRUE(event.ok()) << event.status();
  EXPECT_EQ(event->data, std::string("\x00\x01", 2));
  event = DecodeCloudEvent(Structured(
      R"({"specversion":"1.0","id":"e","source":"s","type":"t","datacontenttype":"text/plain","data":"hello"})"));
  ASSERT_TRUE(event.ok()) << event.status();
  EXPECT_EQ(event->data, "hello");
}

TEST(CloudEventTest, StructuredModeErrors) {
  const std::string head = R"({"specversion":"1.0","id":"e","source":"s","type":"t")";
  EXPECT_EQ(Failure(Structured("")), "JSON_INVALID value");
  EXPECT_EQ(Failure(Structured("{")), "JSON_INVALID value");
  EXPECT_EQ(Failure(Structured("[]")), "JSON_INVALID value");
  EXPECT_EQ(Failure(Structured("{\"id\":\"\xff\"}")), "JSON_INVALID value");
  EXPECT_EQ(Failure(Structured(head + "} x")), "JSON_INVALID value");
  EXPECT_EQ(Failure(Structured(head + R"(,"id":"f"})")), "JSON_INVALID value");
  EXPECT_EQ(Failure(Structured(head + R"(,"data":1e999})")), "JSON_INVALID value");
  EXPECT_EQ(Failure(Structured(head + R"(,"data":1,"data_base64":"AAE="})")), "JSON_INVALID data");
  EXPECT_EQ(Failure(Structured(head + R"(,"data_base64":"A"})")), "JSON_INVALID data_base64");
  EXPECT_EQ(Failure(Structured(head + R"(,"data_base64":7})")), "JSON_INVALID data_base64");
  EXPECT_EQ(Failure(Structured(head + R"(,"datacontenttype":"text/plain","data":{}})")), "JSON_INVALID data");
  EXPECT_EQ(Failure(Structured(head + R"(,"time":5})")), "ATTRIBUTE_INVALID time");
  EXPECT_EQ(Failure(Structured(head + R"(,"ext":{"a":1}})")), "ATTRIBUTE_INVALID extensions");
  EXPECT_EQ(Failure(Structured(head + R"(,"subject":"a\u0000b"})")), "ATTRIBUTE_INVALID subject");
  EXPECT_EQ(Failure(Structured(R"({"id":"e","source":"s","type":"t"})")), "ATTRIBUTE_MISSING specversion");
  EXPECT_EQ(Failure(Structured(R"({"specversion":"1.0","source":"s","type":"t"})")), "ATTRIBUTE_MISSING id");
  EXPECT_EQ(Failure(Structured(R"({"specversion":"0.3","id":"e","source":"s","type":"t"})")),
            "SPEC_VERSION_UNSUPPORTED specversion");
  EXPECT_EQ(Failure(Structured("{}", "application/cloudevents-batch+json")), "CONTENT_TYPE_UNSUPPORTED content-type");
  EXPECT_EQ(Failure(Structured("{}", "application/cloudevents+json; charset=gbk")),
            "CONTENT_TYPE_UNSUPPORTED content-type");
}

TEST(CloudEventTest, NestingHasALimit) {
  const std::string head = R"({"specversion":"1.0","id":"e","source":"s","type":"t","data":)";
  const auto nested = [&](size_t depth) {
    return Structured(head + std::string(depth, '[') + std::string(depth, ']') + "}");
  };
  EXPECT_EQ(Failure(nested(31)), "");
  EXPECT_EQ(Failure(nested(32)), "JSON_INVALID value");
  EXPECT_EQ(Failure(nested(100'000)), "JSON_INVALID value");
}

TEST(CloudEventTest, BinaryModeErrors) {
  EXPECT_EQ(Failure(kafka::Record{}), "NOT_A_CLOUD_EVENT headers");
  kafka::Record plain;
  plain.headers = {{"content-type", "application/json"}};
  plain.value = R"({"specversion":"1.0"})";
  EXPECT_EQ(Failure(plain), "NOT_A_CLOUD_EVENT headers");
  for (const char* name : {"specversion", "id", "source", "type"}) {
    kafka::Record record = Binary();
    Remove(record, std::string("ce_") + name);
    EXPECT_EQ(Failure(record), std::string("ATTRIBUTE_MISSING ") + name);
  }
  kafka::Record record = Binary();
  Set(record, "ce_specversion", "1.1");
  EXPECT_EQ(Failure(record), "SPEC_VERSION_UNSUPPORTED specversion");
  record = Binary();
  record.headers.push_back({"CE_ID", "e-2"});
  EXPECT_EQ(Failure(record), "ATTRIBUTE_INVALID id");
  record = Binary();
  record.headers.push_back({"ce_13812345678-x", "1"});
  EXPECT_EQ(Failure(record), "ATTRIBUTE_INVALID extensions");
  record = Binary();
  record.headers.push_back({"ce_big", std::string(kExtensionBytesMax + 1, 'x')});
  EXPECT_EQ(Failure(record), "ATTRIBUTE_INVALID big");
}

TEST(CloudEventTest, AttributesAreCleanTextOfLimitedLength) {
  for (const char* name : {"id", "source", "type", "subject"}) {
    for (const std::string& bad : {std::string(), std::string("a\0b", 3), std::string("a\nb"), std::string("\xc3"),
                                   std::string("\x7f"), std::string(kAttributeBytesMax + 1, 'x')}) {
      kafka::Record record = Binary();
      Set(record, std::string("ce_") + name, bad);
      EXPECT_EQ(Failure(record), std::string("ATTRIBUTE_INVALID ") + name);
    }
    kafka::Record record = Binary();
    Set(record, std::string("ce_") + name, std::string(kAttributeBytesMax, 'x'));
    EXPECT_EQ(Failure(record), "");
  }
}

TEST(CloudEventTest, SizesAreLimited) {
  kafka::Record record = Binary();
  record.value = std::string(kEventBytesMax, 'x');
  EXPECT_EQ(Failure(record), "");
  record.value->push_back('x');
  EXPECT_EQ(Failure(record), "EVENT_TOO_LARGE value");
  record = Binary();
  record.key = std::string(kKeyBytesMax + 1, 'x');
  EXPECT_EQ(Failure(record), "EVENT_TOO_LARGE key");
  record = Binary();
  record.headers.push_back({"x-junk", std::string(kHeadersBytesMax, 'x')});
  EXPECT_EQ(Failure(record), "EVENT_TOO_LARGE headers");
}

TEST(CloudEventTest, TombstoneHasNoData) {
  kafka::Record record = Binary();
  record.value.reset();
  EXPECT_EQ(DecodeCloudEvent(record)->data, "");
}

TEST(CloudEventTest, BadTimeIsTold) {
  kafka::Record record = Binary();
  Set(record, "ce_time", "yesterday");
  EXPECT_EQ(Failure(record), "TIME_INVALID time");
}

TEST(Rfc3339Test, GoodTimes) {
  const std::vector<std::pair<const char*, const char*>> cases = {
      {"2024-02-29T12:00:00Z", "2024-02-29T12:00:00Z"},
      {"2024-02-29t12:00:00z", "2024-02-29T12:00:00Z"},
      {"2024-02-29T12:00:00.5Z", "2024-02-29T12:00:00.5Z"},
      {"2024-02-29T00:30:00+01:00", "2024-02-28T23:30:00Z"},
      {"2023-12-31T23:30:00.000001-01:00", "2024-01-01T00:30:00.000001Z"},
      {"1969-12-31T23:59:59.9999999Z", "1969-12-31T23:59:59.999999Z"},
      {"2024-02-29T12:00:00.123456789012Z", "2024-02-29T12:00:00.123456Z"},
  };
  for (const auto& [text, expected] : cases) {
    const auto time = ParseRfc3339(text);
    ASSERT_TRUE(time.has_value()) << text;
    EXPECT_EQ(FormatRfc3339(*time), expected) << text;
  }
}

TEST(Rfc3339Test, BadTimes) {
  for (const char* text :
       {"", "2024-02-29", "2024-02-29T12:00:00", "2024-02-30T12:00:00Z", "2023-02-29T12:00:00Z", "2024-13-01T00:00:00Z",
        "2024-02-29T25:00:00Z", "2024-02-29 12:00:00Z", " 2024-02-29T12:00:00Z", "2024-02-29T12:00:00.Z",
        "2024-02-29T12:00:00+0100", "2024-02-29T12:00:00+25:00", "infinite-future", "24-02-29T12:00:00Z",
        "2024-02-29T12:00:00Zz", "2024-02-29T12:60:00Z", "2024-2-29T12:00:00Z"}) {
    EXPECT_EQ(ParseRfc3339(text), std::nullopt) << text;
  }
}

TEST(TextTest, CleanText) {
  for (const char* good : {"", "abc", "中文", "é", "\xF0\x9F\x98\x80"}) EXPECT_TRUE(IsCleanText(good)) << good;
  for (const char* bad : {"\x80", "\xC0\x80", "\xE0\x80\x80", "\xED\xA0\x80", "\xF0\x80\x80\x80", "\xF4\x90\x80\x80",
                          "\xF5\x80\x80\x80", "\xE4\xB8", "\xC2\x85", "\xEF\xBF\xBF", "\t"}) {
    EXPECT_FALSE(IsCleanText(bad));
  }
}

// Every mutation of good events is decoded or refused, never more.
TEST(CloudEventTest, RandomMutationsAreAnswered) {
  std::mt19937 random(20'240'229);
  const std::string json =
      R"({"specversion":"1.0","id":"e","source":"s","type":"t","time":"2024-02-29T12:00:00Z","data":{"a":[1,{"b":null}]}})";
  for (int round = 0; round < 20'000; ++round) {
    kafka::Record record = round % 2 == 0 ? Binary() : Structured(json);
    for (int changes = 1 + static_cast<int>(random() % 4); changes > 0; --changes) {
      auto& header = record.headers[random() % record.headers.size()];
      std::string* const texts[] = {&header.name, &header.value, &*record.value, &*record.value};
      std::string& text = *texts[random() % 4];
      if (text.empty()) continue;
      text[random() % text.size()] = static_cast<char>(random());
    }
    const std::string failure = Failure(record);
    EXPECT_TRUE(failure.empty() || failure.find(' ') != std::string::npos);
  }
}

}  // namespace
}  // namespace tessera::events
