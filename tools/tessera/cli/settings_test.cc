#include "tools/tessera/cli/settings.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "tools/tessera/cli/customer.h"
#include "tools/tessera/cli/records.h"

namespace tessera::cli {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pair;

constexpr char kPorts[] =
    R"({"postgres": 1, "kafka": 2, "kafka.controller": 3, "oneid-1.grpc": 4, "oneid-1.metrics": 5, "oneid-2.grpc": 6,
        "sample-1.grpc": 7})";

Settings Read(const std::vector<std::string>& words, const std::map<std::string, std::string>& environment,
              const std::string& ports, const std::string& tls = "") {
  const Syntax syntax = {.words = "x", .options = {{"service", "NAME", ""}}};
  return *ReadSettings(*Arguments::Parse(syntax, words),
                       [&](const std::string& name) {
                         const auto found = environment.find(name);
                         return found == environment.end() ? std::nullopt : std::optional<std::string>(found->second);
                       },
                       {ports, tls, "of a file\n"});
}

TEST(SettingsTest, ABlankTokenFileIsNoToken) {
  const auto arguments = Arguments::Parse({.words = "x"}, {"--token-file", "f"});
  ASSERT_TRUE(arguments.ok()) << arguments.status();
  const auto settings = ReadSettings(
      *arguments, [](const std::string&) -> std::optional<std::string> { return std::nullopt; }, {"", "", " \n"});
  EXPECT_EQ(settings.status(), absl::InvalidArgumentError("--token-file: there is no token in \"f\""));
}

TEST(SettingsTest, TheLocalStackKnowsItsServicesAndBroker) {
  const Settings settings = Read({}, {}, kPorts);
  EXPECT_THAT(settings.endpoints, ElementsAre(Pair("oneid", "127.0.0.1:4"), Pair("sample", "127.0.0.1:7")));
  EXPECT_THAT(settings.metrics, ElementsAre(Pair("oneid-1", "127.0.0.1:5")));
  EXPECT_EQ(settings.brokers, "127.0.0.1:2");
  EXPECT_EQ(settings.token, "");
}

TEST(SettingsTest, EnvironmentBeatsTheStackAndOptionsBeatBoth) {
  const Settings settings = Read({"--oneid", "a:1", "--token-file", "f", "--service", "other"},
                                 {{"TESSERA_ONEID", "b:1"},
                                  {"TESSERA_MEMBERSHIP", "c:1"},
                                  {"TESSERA_OTHER", "d:1"},
                                  {"TESSERA_BROKERS", "e:1"},
                                  {"TESSERA_METRICS", "a:2,b:2"},
                                  {"TESSERA_TOKEN", "t1"},
                                  {"TESSERA_TOPIC_PREFIX", "p"}},
                                 kPorts);
  EXPECT_THAT(settings.endpoints, ElementsAre(Pair("membership", "c:1"), Pair("oneid", "a:1"), Pair("other", "d:1"),
                                              Pair("sample", "127.0.0.1:7")));
  EXPECT_THAT(settings.metrics, ElementsAre(Pair("a:2", "a:2"), Pair("b:2", "b:2")));
  EXPECT_EQ(settings.brokers, "e:1");
  EXPECT_EQ(settings.token, "of a file");
  EXPECT_EQ(Read({}, {{"TESSERA_TOKEN", "t1"}}, "").token, "t1");
  EXPECT_EQ(settings.topic_prefix, "p");
}

TEST(SettingsTest, WithoutAStackNothingIsKnown) {
  EXPECT_TRUE(Read({}, {}, "").endpoints.empty());
  EXPECT_FALSE(
      ReadSettings({}, [](const std::string&) -> std::optional<std::string> { return std::nullopt; }, {"[", ""}).ok());
}

TEST(SettingsTest, CertificatesAreThoseOfTheEnvironmentElseOfTheStack) {
  const std::string stack = R"({"ca": "a", "certificate": "b", "private_key": "c"})";
  EXPECT_FALSE(Read({}, {}, kPorts).tls.Any());
  const Settings local = Read({}, {}, kPorts, stack);
  EXPECT_EQ(local.tls.peer_ca + local.tls.certificate + local.tls.private_key, "abc");
  const Settings given = Read({}, {{"TESSERA_TLS_CA", "x"}}, kPorts, stack);
  EXPECT_EQ(given.tls.peer_ca + given.tls.certificate + given.tls.private_key, "x");
  const auto broken = ReadSettings({}, [](const std::string&) -> std::optional<std::string> { return std::nullopt; },
                                   {"", R"({"ca": "a"})"});
  EXPECT_THAT(std::string(broken.status().message()), HasSubstr("certificate"));
}

TEST(SettingsTest, TheNearestVarAboveIsTaken) {
  const auto root = std::filesystem::temp_directory_path() / "tessera_settings_test";
  std::filesystem::create_directories(root / "a" / "b");
  std::filesystem::create_directories(root / "var");
  EXPECT_EQ(FindVar(root / "a" / "b"), std::filesystem::path());
  std::ofstream(root / "var" / "ports.json") << "{}";
  EXPECT_EQ(FindVar(root / "a" / "b"), root / "var");
  std::filesystem::remove_all(root);
}

TEST(SettingsTest, MethodsAreChosenByAsMuchAsTellsThem) {
  const MethodChoice balance = {"membership", "tessera.membership.v1.PointsService/GetBalance"};
  const MethodChoice member = {"membership", "tessera.membership.v1.MemberService/GetStatistics"};
  const MethodChoice admin = {"oneid", "tessera.oneid.v1.AdminService/GetStatistics"};
  const std::vector<MethodChoice> all = {balance, member, admin};
  for (const char* name : {"tessera.membership.v1.PointsService/GetBalance", "PointsService/GetBalance", "GetBalance",
                           "PointsService.GetBalance", "tessera.membership.v1.PointsService.GetBalance"}) {
    EXPECT_EQ(*ChooseMethod(name, all), balance) << name;
  }
  EXPECT_EQ(*ChooseMethod("AdminService/GetStatistics", all), admin);
  EXPECT_THAT(std::string(ChooseMethod("GetStatistics", all).status().message()),
              AllOf(HasSubstr(member.method), HasSubstr(admin.method), HasSubstr("--service")));
  EXPECT_THAT(std::string(ChooseMethod("Balance", all).status().message()), HasSubstr("no service has a method"));
}

TEST(SettingsTest, AMethodOfSeveralServicesIsChosenByTheService) {
  const std::string checks = "tessera.ops.v1.OperationsService/RunChecks";
  const std::vector<MethodChoice> all = {{"membership", checks}, {"oneid", checks}};
  for (const std::string name : {"RunChecks", "OperationsService/RunChecks", checks.c_str()}) {
    EXPECT_EQ(std::string(ChooseMethod(name, all).status().message()),
              "2 services have " + checks + "; say which is meant:\n--service membership\n--service oneid");
  }
}

TEST(CustomerTest, IdentifiersHaveANamespacePerhapsAScopeAndAValue) {
  const auto phone = ParseIdentifier("phone=138=1/2");
  EXPECT_EQ(phone->namespace_() + "|" + phone->scope() + "|" + phone->value(), "phone||138=1/2");
  const auto account = ParseIdentifier("taobao_oaid/shop1/app2=1@tmall");
  EXPECT_EQ(account->namespace_() + "|" + account->scope() + "|" + account->value(), "taobao_oaid|shop1/app2|1@tmall");
  for (const char* text : {"phone", "phone=", "=1", "/shop=1"}) EXPECT_FALSE(ParseIdentifier(text).ok()) << text;
}

TEST(RecordsTest, NamesAreServiceAndNumber) {
  EXPECT_EQ(*ParseRecordName("oneid/17"), (RecordName{"oneid", 17}));
  for (const char* text : {"17", "oneid", "oneid/", "/17", "oneid/x", "oneid/-1", "oneid/0"}) {
    EXPECT_FALSE(ParseRecordName(text).ok()) << text;
  }
}

}  // namespace
}  // namespace tessera::cli
