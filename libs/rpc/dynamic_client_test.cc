// What calls with JSON show of responses that hold types which no field names, and what a description holds.
#include "rpc/dynamic_client.h"

#include <nlohmann/json.hpp>

#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"
#include "rpc/test_server.h"

namespace tessera::rpc {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using Json = nlohmann::json;

class DynamicClientTest : public ServerTest {
 protected:
  // The response of Administer as JSON.
  Json Administered() {
    StartServer();
    DynamicClient dynamic(*client_);
    const auto text = dynamic.CallJson(kAdminister, "{}", WithToken([](TokenClaims& claims) {
                                         claims.roles = {"testing.admin"};
                                         claims.brands = {"*"};
                                       }));
    EXPECT_TRUE(text.ok()) << text.status();
    return Json::parse(text.value_or("{}"));
  }
  google::protobuf::Any* AddDetail() { return administered_.add_errors()->add_details(); }
  // The detail of each error, as AddDetail made them.
  static std::vector<Json> Details(const Json& response) {
    std::vector<Json> details;
    for (const Json& error : response.at("errors")) details.push_back(error.at("details").at(0));
    return details;
  }
  static Json Unreadable(const std::string& type_url, const std::string& base64) {
    return {{"@type", "type.googleapis.com/tessera.rpc.Unreadable"}, {"type_url", type_url}, {"value", base64}};
  }
};

TEST_F(DynamicClientTest, ErrorsOfItemsShowTheirDetails) {
  ASSERT_TRUE(administered_.add_errors()->ParseFromString(EncodeStatus(InvalidField("items[1].amount", "is bad"))));
  const Json error = Administered().at("errors").at(0);
  EXPECT_EQ(error.at("message"), "items[1].amount: is bad");
  ASSERT_EQ(error.at("details").size(), 2);
  EXPECT_EQ(error.at("details").at(0).at("@type"), "type.googleapis.com/google.rpc.BadRequest");
  EXPECT_EQ(error.at("details").at(1), Json({{"@type", "type.googleapis.com/google.rpc.ErrorInfo"},
                                             {"reason", "FIELD_INVALID"},
                                             {"domain", "tessera"},
                                             {"metadata", {{"field", "items[1].amount"}}}}));
}

TEST_F(DynamicClientTest, WhatNobodyKnowsIsShownAsBytes) {
  const auto add = [&](const std::string& url, const std::string& value) {
    google::protobuf::Any& any = *AddDetail();
    any.set_type_url(url);
    any.set_value(value);
  };
  add("type.googleapis.com/no.such.Type", "\x01\x02\xff");
  add("elsewhere.org/google.rpc.ErrorInfo", "");
  add("type.googleapis.com/google.rpc.ErrorInfo", "\xff");                                   // none of its type
  add("type.googleapis.com/google.rpc.ErrorInfo.reason", "");                                // no message
  add("type.googleapis.com/google.protobuf.Timestamp", "\x08\xff\xff\xff\xff\xff\xff\x7f");  // after the year 9999
  add("", "\x01");
  add("", "");
  EXPECT_THAT(Details(Administered()),
              ElementsAre(Unreadable("type.googleapis.com/no.such.Type", "AQL/"),
                          Unreadable("elsewhere.org/google.rpc.ErrorInfo", ""),
                          Unreadable("type.googleapis.com/google.rpc.ErrorInfo", "/w=="),
                          Unreadable("type.googleapis.com/google.rpc.ErrorInfo.reason", ""),
                          Unreadable("type.googleapis.com/google.protobuf.Timestamp", "CP///////38="),
                          Unreadable("", "AQ=="), Json::object()));
}

TEST_F(DynamicClientTest, WhatNobodyKnowsIsFoundAtAnyDepth) {
  tessera::testing::v1::Person friend_of;
  (*friend_of.mutable_relatives())["aunt"].mutable_anything()->set_type_url("type.googleapis.com/no.such.Type");
  AddDetail()->PackFrom(friend_of);
  const Json person = Details(Administered()).at(0);
  EXPECT_EQ(person.at("@type"), "type.googleapis.com/tessera.testing.v1.Person");
  EXPECT_EQ(person.at("relatives").at("aunt").at("anything"), Unreadable("type.googleapis.com/no.such.Type", ""));
}

TEST_F(DynamicClientTest, AStreamTakesAndGivesJsonAndEndsAtARequestThatIsNone) {
  StartServer();
  DynamicClient dynamic(*client_);
  const CallOptions options = WithToken();
  const auto stream = [&](std::vector<std::string> requests, std::vector<std::string>& responses) {
    size_t next = 0;
    return dynamic.StreamJson(
        kPublish,
        [&]() { return next < requests.size() ? std::optional<std::string>(requests[next++]) : std::nullopt; },
        [&](const std::string& response) { responses.push_back(response); }, options);
  };
  std::vector<std::string> responses;
  const absl::Status whole =
      stream({R"({"brand_id": "pet", "number": 1})", R"({"brand_id": "pet", "number": 2})"}, responses);
  EXPECT_TRUE(whole.ok()) << whole;
  EXPECT_THAT(responses, ElementsAre(R"({"number":"1","reason":""})", R"({"number":"2","reason":""})"));

  responses.clear();
  const absl::Status broken =
      stream({R"({"brand_id": "pet", "number": 1})", "{", R"({"brand_id": "pet", "number": 3})"}, responses);
  EXPECT_EQ(broken.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(broken.message()), HasSubstr("request 2: the JSON is no"));
  EXPECT_THAT(responses, ElementsAre(R"({"number":"1","reason":""})"));
}

TEST_F(DynamicClientTest, ADescriptionHoldsEveryTypeThatIsUsedOnce) {
  StartServer();
  DynamicClient dynamic(*client_);
  const auto described = dynamic.Describe("tessera.testing.v1.EchoService.Administer");
  ASSERT_TRUE(described.ok()) << described.status();
  EXPECT_THAT(*described, ::testing::StartsWith("rpc Administer"));
  const auto count = [&](const std::string& text) {
    int found = 0;
    for (size_t at = described->find(text); at != std::string::npos; at = described->find(text, at + 1)) ++found;
    return found;
  };
  for (const char* type :
       {"message AdministerRequest {", "message AdministerResponse {", "message AdministerStep {", "enum Result {",
        "RESULT_DONE = 1;", "message Person {", "message Home {", "message Status {"}) {
    EXPECT_EQ(count(type), 1) << type << "\n" << *described;
  }
  EXPECT_EQ(count("message Timestamp {"), 0) << "JSON has its own form of it";
  EXPECT_TRUE(dynamic.Describe("google.protobuf.Timestamp").ok());
  const auto result = dynamic.Describe("tessera.testing.v1.AdministerStep.Result");
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_THAT(*result, HasSubstr("RESULT_DONE = 1;"));
}

}  // namespace
}  // namespace tessera::rpc
