// Every method that the service offers asks for a token, for one of its roles, and for the brand.
#include <gmock/gmock.h>
#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>
#include <gtest/gtest.h>

#include <set>

#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "rpc/dynamic_client.h"
#include "services/oneid/tests/oneid_fixture.h"
#include "tessera/common/v1/options.pb.h"

namespace tessera::oneid {
namespace {

namespace pb = google::protobuf;
using ::testing::IsSupersetOf;

// Outside libs/rpc a status has no name of its own for its code.
std::string TextOf(const absl::Status& status) {
  const auto info = ErrorInfoOf(status);
  return absl::StrCat(absl::StatusCodeToString(status.code()), info ? " " + info->reason : "");
}

class AuthorisationTest : public OneidTest {
 protected:
  // A row of the table.
  struct Method {
    const pb::MethodDescriptor* descriptor;
    std::string path;  // "tessera.oneid.v1.MergeService/GetMerge"
    std::set<std::string> roles;
    bool all_brands;
  };

  // All that the server offers of its own, so that a new method is in the table by itself.
  std::vector<Method> Methods() {
    std::vector<Method> methods;
    const auto services = rpc::DynamicClient(*client_).ListServices();
    EXPECT_TRUE(services.ok()) << services.status();
    EXPECT_THAT(*services, IsSupersetOf({"tessera.oneid.v1.AdminService", "tessera.oneid.v1.IdentityService",
                                         "tessera.oneid.v1.IntakeService", "tessera.oneid.v1.MergeService",
                                         "tessera.ops.v1.OperationsService"}));
    for (const std::string& name : *services) {
      if (!name.starts_with("tessera.")) continue;
      const auto* service = pb::DescriptorPool::generated_pool()->FindServiceByName(name);
      for (int i = 0; i < service->method_count(); ++i) {
        const auto& auth = service->method(i)->options().GetExtension(common::v1::auth);
        methods.push_back({service->method(i),
                           name + "/" + service->method(i)->name(),
                           {auth.roles().begin(), auth.roles().end()},
                           auth.scope() == common::v1::SCOPE_ALL_BRANDS});
      }
    }
    return methods;
  }

  static std::vector<std::string> RolesBesides(const std::vector<Method>& methods, const std::set<std::string>& named) {
    std::set<std::string> others;
    for (const Method& method : methods) others.insert(method.roles.begin(), method.roles.end());
    for (const std::string& role : named) others.erase(role);
    return {others.begin(), others.end()};
  }

  // The answer to an empty request of the brand "acme": "OK", or code and reason. Of a stream, the reason that its one
  // message is answered with, if it is not refused as a whole.
  std::string Outcome(const Method& method, const std::string& token) {
    auto* factory = pb::MessageFactory::generated_factory();
    const std::unique_ptr<pb::Message> request(factory->GetPrototype(method.descriptor->input_type())->New());
    if (const auto* brand = method.descriptor->input_type()->FindFieldByName("brand_id")) {
      request->GetReflection()->SetString(request.get(), brand, "acme");
    }
    const rpc::CallOptions options = {.token = token};
    if (!method.descriptor->client_streaming()) {
      return TextOf(client_->CallBytes(method.path, request->SerializeAsString(), options).status());
    }
    const std::unique_ptr<pb::Message> response(factory->GetPrototype(method.descriptor->output_type())->New());
    bool sent = false;
    const absl::Status status = client_->Stream(
        method.path, options,
        [&]() -> std::optional<std::string> {
          if (std::exchange(sent, true)) return std::nullopt;
          return request->SerializeAsString();
        },
        [&](const std::string& bytes) { EXPECT_TRUE(response->ParseFromString(bytes)); });
    if (!status.ok()) return TextOf(status);
    const auto* reason = method.descriptor->output_type()->FindFieldByName("reason");
    return "answered " + response->GetReflection()->GetString(*response, reason);
  }
};

TEST_F(AuthorisationTest, NoMethodAnswersWithoutAToken) {
  for (const Method& method : Methods()) {
    EXPECT_EQ(Outcome(method, ""), "UNAUTHENTICATED TOKEN_MISSING") << method.path;
    EXPECT_EQ(Outcome(method, "a.b.c"), "UNAUTHENTICATED TOKEN_INVALID") << method.path;
  }
}

TEST_F(AuthorisationTest, NoMethodAnswersToARoleThatItDoesNotName) {
  const std::vector<Method> methods = Methods();
  for (const Method& method : methods) {
    const std::string others = testing::Token({"*"}, RolesBesides(methods, method.roles));
    EXPECT_EQ(Outcome(method, others), "PERMISSION_DENIED ROLE_MISSING") << method.path;
  }
}

TEST_F(AuthorisationTest, NoMethodAnswersToATokenOfAnotherBrand) {
  for (const Method& method : Methods()) {
    // Who asks for the whole deployment needs more than every brand that the request could name.
    const std::string token = testing::Token({method.all_brands ? "acme" : "other"}, {*method.roles.begin()});
    const bool told_in_stream = method.descriptor->client_streaming();
    EXPECT_EQ(Outcome(method, token),
              told_in_stream ? "answered BRAND_NOT_ALLOWED" : "PERMISSION_DENIED BRAND_NOT_ALLOWED")
        << method.path;
  }
}

TEST_F(AuthorisationTest, EachRoleThatAMethodNamesIsEnough) {
  for (const Method& method : Methods()) {
    for (const std::string& role : method.roles) {
      const std::string outcome = Outcome(method, testing::Token({method.all_brands ? "*" : "acme"}, {role}));
      EXPECT_FALSE(outcome.starts_with("UNAUTHENTICATED") || outcome.starts_with("PERMISSION_DENIED") ||
                   outcome == "answered BRAND_NOT_ALLOWED")
          << method.path << " to " << role << ": " << outcome;
    }
  }
}

}  // namespace
}  // namespace tessera::oneid
