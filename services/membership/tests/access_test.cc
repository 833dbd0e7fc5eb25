// Who may call what: every method of the proto files, whichever they are, against the real binary.
#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>

#include <algorithm>
#include <filesystem>
#include <set>

#include "services/membership/tests/membership_fixture.h"
#include "tessera/common/v1/options.pb.h"

namespace tessera::membership {
namespace {

namespace pb = google::protobuf;

using ::testing::Contains;
using ::testing::Not;

constexpr char kOps[] = "tessera/ops/v1/operations_service.proto";

// All methods of the services in proto/tessera/membership/v1, and of the operations that every service offers.
std::vector<const pb::MethodDescriptor*> AllMethods() {
  std::vector<std::string> files = {kOps};
  for (const auto& file : std::filesystem::directory_iterator(TESSERA_SOURCE_DIR "/proto/tessera/membership/v1")) {
    const std::string name = file.path().filename().string();
    if (name.ends_with("_service.proto")) files.push_back("tessera/membership/v1/" + name);
  }
  std::vector<const pb::MethodDescriptor*> methods;
  for (const std::string& name : files) {
    const pb::FileDescriptor* const file = pb::DescriptorPool::generated_pool()->FindFileByName(name);
    EXPECT_NE(file, nullptr) << name << " is not linked";
    for (int i = 0; file != nullptr && i < file->service_count(); ++i) {
      for (int j = 0; j < file->service(i)->method_count(); ++j) methods.push_back(file->service(i)->method(j));
    }
  }
  return methods;
}

const common::v1::Auth& AuthOf(const pb::MethodDescriptor& method) {
  return method.options().GetExtension(common::v1::auth);
}

class AccessTest : public MembershipTest {
 protected:
  // "CODE REASON" of a call with nothing but the brand in it; "" if it succeeds.
  std::string ErrorWith(const std::string& token, const pb::MethodDescriptor& method) {
    const std::unique_ptr<pb::Message> request(
        pb::MessageFactory::generated_factory()->GetPrototype(method.input_type())->New());
    const auto* const brand = method.input_type()->FindFieldByName("brand_id");
    if (brand != nullptr) request->GetReflection()->SetString(request.get(), brand, kBrand);
    const std::string name = method.service()->full_name() + "/" + method.name();
    const absl::Status status = client_->CallBytes(name, request->SerializeAsString(), {.token = token}).status();
    const auto info = ErrorInfoOf(status);
    return status.ok() ? "" : absl::StrCat(absl::StatusCodeToString(status.code()), " ", info ? info->reason : "");
  }

  static std::vector<std::string> RolesOf(const pb::MethodDescriptor& method) {
    return {AuthOf(method).roles().begin(), AuthOf(method).roles().end()};
  }
  // Every role that some method names.
  static std::vector<std::string> AllRoles() {
    std::set<std::string> roles;
    for (const auto* method : AllMethods()) {
      for (const std::string& role : RolesOf(*method)) roles.insert(role);
    }
    return {roles.begin(), roles.end()};
  }
};

TEST_F(AccessTest, WithoutATokenNothingIsAnswered) {
  const auto methods = AllMethods();
  ASSERT_GE(methods.size(), 27u);
  for (const auto* method : methods) {
    EXPECT_EQ(ErrorWith("", *method), "UNAUTHENTICATED TOKEN_MISSING") << method->full_name();
    EXPECT_EQ(ErrorWith("no-token", *method), "UNAUTHENTICATED TOKEN_INVALID") << method->full_name();
  }
}

TEST_F(AccessTest, ATokenOfAnotherBrandIsRefused) {
  const std::string other = testing::Token({"other"}, AllRoles()), own = testing::Token({kBrand}, AllRoles());
  int of_brand = 0;
  for (const auto* method : AllMethods()) {
    EXPECT_EQ(ErrorWith(other, *method), "PERMISSION_DENIED BRAND_NOT_ALLOWED") << method->full_name();
    if (AuthOf(*method).scope() == common::v1::SCOPE_BRAND) {
      ++of_brand;
      EXPECT_THAT(ErrorWith(own, *method), Not(::testing::StartsWith("PERMISSION_DENIED"))) << method->full_name();
    } else {
      EXPECT_EQ(ErrorWith(own, *method), "PERMISSION_DENIED BRAND_NOT_ALLOWED") << method->full_name();
    }
  }
  EXPECT_GE(of_brand, 17);
}

TEST_F(AccessTest, ARoleThatTheMethodDoesNotNameIsRefused) {
  std::map<std::string, std::string> tokens;  // by role
  for (const std::string& role : AllRoles()) tokens[role] = testing::Token({"*"}, {role});
  ASSERT_THAT(tokens, ::testing::SizeIs(5));
  const std::string none = testing::Token({"*"}, {"oneid.admin"});
  for (const auto* method : AllMethods()) {
    const auto named = RolesOf(*method);
    EXPECT_EQ(ErrorWith(none, *method), "PERMISSION_DENIED ROLE_MISSING") << method->full_name();
    for (const auto& [role, token] : tokens) {
      const std::string error = ErrorWith(token, *method);
      if (std::find(named.begin(), named.end(), role) == named.end()) {
        EXPECT_EQ(error, "PERMISSION_DENIED ROLE_MISSING") << role << " " << method->full_name();
      } else {
        EXPECT_FALSE(error.starts_with("PERMISSION_DENIED") || error.starts_with("UN"))
            << role << " " << method->full_name() << " " << error;
      }
    }
  }
}

// The table above believes the options; this is what they must say.
TEST_F(AccessTest, ReadersChangeNothing) {
  for (const auto* method : AllMethods()) {
    const bool changes = method->input_type()->FindFieldByName("request_id") != nullptr;
    if (changes) {
      EXPECT_THAT(RolesOf(*method), Not(Contains("membership.reader"))) << method->full_name();
    }
    const bool of_brand = method->input_type()->FindFieldByName("brand_id") != nullptr;
    EXPECT_EQ(AuthOf(*method).scope(), of_brand ? common::v1::SCOPE_BRAND : common::v1::SCOPE_ALL_BRANDS)
        << method->full_name();
  }
}

}  // namespace
}  // namespace tessera::membership
