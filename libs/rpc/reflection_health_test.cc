#include "grpc/health/v1/health.pb.h"
#include "rpc/dynamic_client.h"
#include "rpc/test_server.h"

namespace tessera::rpc {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr char kHealth[] = "grpc.health.v1.Health/Check";

TEST_F(ServerTest, ReflectionLetsACallBeMadeWithJson) {
  StartServer();
  DynamicClient dynamic(*client_);
  const auto services = dynamic.ListServices();
  ASSERT_TRUE(services.ok()) << services.status();
  EXPECT_THAT(*services, ElementsAre("tessera.testing.v1.EchoService", "grpc.health.v1.Health",
                                     "grpc.reflection.v1alpha.ServerReflection"));
  for (const std::string& service : *services) EXPECT_TRUE(dynamic.Describe(service).ok()) << service;
  EXPECT_THAT(*dynamic.Describe("tessera.testing.v1.EchoRequest"), HasSubstr("string brand_id = 1"));
  EXPECT_EQ(dynamic.Describe("no.such.Thing").status().code(), absl::StatusCode::kNotFound);
  const auto methods = dynamic.ListMethods("tessera.testing.v1.EchoService");
  ASSERT_TRUE(methods.ok()) << methods.status();
  EXPECT_EQ(methods->front().name, kEcho);
  EXPECT_THAT(methods->front().roles, ElementsAre("testing.reader", "testing.writer"));
  EXPECT_FALSE(methods->front().streams);
  EXPECT_EQ(dynamic.ListMethods("no.such.Service").status().code(), absl::StatusCode::kNotFound);

  const auto response = dynamic.CallJson(kEcho, R"({"brand_id": "pet", "text": "hello"})", WithToken());
  ASSERT_TRUE(response.ok()) << response.status();
  EXPECT_THAT(*response, HasSubstr("\"text\": \"hello\""));
  EXPECT_EQ(Outcome(dynamic.CallJson(kEcho, R"({"brand_id": "skin"})", WithToken()).status()),
            "PERMISSION_DENIED BRAND_NOT_ALLOWED");
  EXPECT_THAT(std::string(dynamic.CallJson(kEcho, R"({"txt": 1})", WithToken()).status().message()), HasSubstr("txt"));
  EXPECT_EQ(dynamic.CallJson(kPublish, "{}", WithToken()).status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(dynamic.CallJson("tessera.testing.v1.EchoService/Nothing", "{}").status().code(),
            absl::StatusCode::kNotFound);
}

TEST_F(ServerTest, ReflectionIsThereInBothVersionsAndSurvivesNonsense) {
  StartServer();
  for (const char* version : {"v1", "v1alpha"}) {
    int sent = 0, answers = 0;
    const std::string method = absl::StrCat("grpc.reflection.", version, ".ServerReflection/ServerReflectionInfo");
    const absl::Status status = client_->Stream(
        method, {},
        [&]() -> std::optional<std::string> { return ++sent > 3 ? std::nullopt : std::optional<std::string>(""); },
        [&](const std::string&) { ++answers; });
    EXPECT_TRUE(status.ok()) << status;
    EXPECT_EQ(answers, 3);
  }
  bool sent = false;
  EXPECT_EQ(Outcome(client_->Stream(
                "grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo", {},
                [&]() -> std::optional<std::string> {
                  return std::exchange(sent, true) ? std::nullopt : std::optional<std::string>("\xff");
                },
                [](const std::string&) {})),
            "INVALID_ARGUMENT REQUEST_MALFORMED");
}

TEST_F(ServerTest, HealthTellsWhetherItServes) {
  StartServer();
  using grpc::health::v1::HealthCheckRequest;
  using grpc::health::v1::HealthCheckResponse;
  for (const char* service : {"", "tessera.testing.v1.EchoService"}) {
    HealthCheckRequest request;
    request.set_service(service);
    server_->SetServing(true);
    EXPECT_EQ((client_->Call<HealthCheckRequest, HealthCheckResponse>(kHealth, request)->status()),
              HealthCheckResponse::SERVING);
    server_->SetServing(false);
    EXPECT_EQ((client_->Call<HealthCheckRequest, HealthCheckResponse>(kHealth, request)->status()),
              HealthCheckResponse::NOT_SERVING);
  }
  HealthCheckRequest unknown;
  unknown.set_service("no.Service");
  EXPECT_EQ((client_->Call<HealthCheckRequest, HealthCheckResponse>(kHealth, unknown).status().code()),
            absl::StatusCode::kNotFound);
}

}  // namespace
}  // namespace tessera::rpc
