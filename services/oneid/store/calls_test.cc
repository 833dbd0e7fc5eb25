// Calls and reads against a real Postgres.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/status.h"
#include "services/oneid/tests/world.h"
#include "tessera/events/v1/identity_facts.pb.h"
#include "tessera/oneid/v1/identity_service.pb.h"
#include "tessera/oneid/v1/merge_service.pb.h"

namespace tessera::oneid {
namespace {

using ::testing::ElementsAre;
using ::testing::SizeIs;

constexpr char kAdmin[] = "tessera.oneid.v1.AdminService/";
constexpr char kIdentity[] = "tessera.oneid.v1.IdentityService/";
constexpr char kMerges[] = "tessera.oneid.v1.MergeService/";

class CallsTest : public ::testing::Test {
 protected:
  static absl::Time Day(int day) { return absl::FromUnixSeconds(1'650'000'000) + absl::Hours(24) * day; }

  static v1::PutBrandGroupRequest Brands(const std::string& group, const std::vector<std::string>& brands) {
    v1::PutBrandGroupRequest request;
    request.set_brand_id(brands[0]);
    request.set_request_id(RandomUuidV7(absl::Now()).ToString());
    request.set_group_id(group);
    for (const std::string& id : brands) {
      auto& brand = *request.add_brands();
      brand.set_brand_id(id);
      brand.set_time_zone("Europe/London");
      brand.set_region("GB");
      brand.set_currency("GBP");
    }
    return request;
  }
  absl::StatusOr<v1::PutBrandGroupResponse> Put(const v1::PutBrandGroupRequest& request) {
    return world_.Call<v1::PutBrandGroupResponse>(std::string(kAdmin) + "PutBrandGroup", request);
  }
  absl::StatusOr<v1::PutNamespaceResponse> PutPhone(int64_t at_most) {
    v1::PutNamespaceRequest request;
    request.set_brand_id("acme");
    request.set_request_id(RandomUuidV7(absl::Now()).ToString());
    auto& ns = *request.mutable_namespace_();
    ns.set_name("phone");
    ns.set_rank(120);
    ns.set_at_most(at_most);
    ns.set_strength(v1::STRENGTH_STRONG);
    ns.set_normaliser(v1::NORMALISER_PHONE);
    ns.set_transferable(true);
    ns.set_dormant_days(0);
    ns.mutable_velocity()->set_customers(10);
    ns.mutable_velocity()->set_window_hours(24);
    return world_.Call<v1::PutNamespaceResponse>(std::string(kAdmin) + "PutNamespace", request);
  }
  template <class Response, class Request>
  absl::StatusOr<Response> Read(const std::string& method, Request request) {
    if (request.brand_id().empty()) request.set_brand_id("acme");
    return world_.Read<Response>(method, request);
  }
  static std::string Reason(const absl::Status& status) {
    const auto info = ErrorInfoOf(status);
    return info ? info->reason : "no reason";
  }

  World world_;
};

// ---- brands ----

TEST_F(CallsTest, AnEventOfAnUnknownBrandWaitsForIt) {
  world_.Publish({.id = "e1", .identifiers = {{"jd_pin", "", "p1"}}});
  EXPECT_EQ(world_.Text("SELECT wait_key FROM waiting"), "brand/acme");
  world_.PutBrand();
  EXPECT_EQ(world_.Text("SELECT count(*) FROM waiting"), "0");
  EXPECT_FALSE(world_.Republished("e1").customer_id().empty());
}

TEST_F(CallsTest, ABrandIsToldToEverySlotWithItsVersion) {
  ASSERT_TRUE(Put(Brands("g", {"one"})).ok());
  ASSERT_TRUE(Put(Brands("g", {"one"})).ok());  // nothing new
  ASSERT_TRUE(Put(Brands("g", {"two"})).ok());  // tells of the first again: its group has grown
  std::map<std::string, int> told;
  for (const auto& event : world_.Outbox(0)) {
    events::v1::BrandChanged changed;
    ASSERT_TRUE(changed.ParseFromString(event.data()));
    ++told[changed.brand_id() + std::to_string(changed.version()) + "/" +
           std::to_string(changed.group_brand_ids_size())];
  }
  EXPECT_EQ(told, (std::map<std::string, int>{{"one1/1", 16}, {"one2/2", 16}, {"two1/2", 16}}));
}

TEST_F(CallsTest, ABrandCannotChangeItsGroup) {
  ASSERT_TRUE(Put(Brands("g", {"one"})).ok());
  const auto refused = Put(Brands("h", {"two", "one"}));
  EXPECT_EQ(Reason(refused.status()), "BRAND_IN_OTHER_GROUP");
  EXPECT_EQ(FieldOf(refused.status()), "brands[1].brand_id");
  EXPECT_EQ(world_.Text("SELECT count(*) FROM brand"), "1");
}

TEST_F(CallsTest, BrandsAreChecked) {
  auto request = Brands("g", {"one"});
  request.mutable_brands(0)->set_time_zone("Mars/Olympus");
  EXPECT_EQ(FieldOf(Put(request).status()), "brands[0].time_zone");
  request = Brands("g", {"one"});
  request.mutable_brands(0)->set_region("gb");
  EXPECT_EQ(FieldOf(Put(request).status()), "brands[0].region");
  request = Brands("g", {"one"});
  request.set_brand_id("two");
  EXPECT_EQ(FieldOf(Put(request).status()), "brand_id");
  request = Brands("g", {"one", "one"});
  EXPECT_EQ(FieldOf(Put(request).status()), "brands[1].brand_id");
}

TEST_F(CallsTest, ChannelsThatShareTheirOrderNumbersHaveOneOrderSource) {
  auto request = Brands("g", {"acme"});
  auto& shared = *request.mutable_brands(0)->add_order_sources();
  shared.set_name("mall");
  shared.add_sources("tmall");
  shared.add_sources("tmall-app");
  ASSERT_TRUE(Put(request).ok());
  world_.Publish({.id = "e1", .identifiers = {{"jd_pin", "", "p1"}}, .source = "tmall-app"});
  world_.Publish({.id = "e2", .identifiers = {{"jd_pin", "", "p1"}}, .source = "pos"});
  EXPECT_EQ(world_.Republished("e1").order_source(), "mall");
  EXPECT_EQ(world_.Republished("e2").order_source(), "pos");
}

TEST_F(CallsTest, BrandsOfAGroupShareTheirCustomersAndOthersDoNot) {
  ASSERT_TRUE(Put(Brands("g", {"one", "two"})).ok());
  ASSERT_TRUE(Put(Brands("h", {"three"})).ok());
  for (const char* brand : {"one", "two", "three"}) {
    world_.Publish({.id = brand, .identifiers = {{"jd_pin", "", "p1"}}, .brand = brand});
  }
  EXPECT_EQ(world_.Republished("one").customer_id(), world_.Republished("two").customer_id());
  EXPECT_NE(world_.Republished("one").customer_id(), world_.Republished("three").customer_id());
}

// ---- rules ----

TEST_F(CallsTest, ANewRuleVersionHoldsFromItsPlaceInTheBatchAndOldOnesStay) {
  world_.PutBrand();
  EXPECT_EQ(PutPhone(1)->rule_version(), 2);
  EXPECT_EQ(PutPhone(1)->rule_version(), 2) << "nothing new";
  world_.Publish({.id = "e1", .identifiers = {{"phone", "", "13912345671"}, {"phone", "", "13912345672"}}});
  EXPECT_THAT(world_.Republished("e1").identifiers(), SizeIs(1));
  v1::ListNamespacesRequest request;
  request.set_page_size(20);
  const auto now = Read<v1::ListNamespacesResponse>(std::string(kAdmin) + "ListNamespaces", request);
  ASSERT_TRUE(now.ok());
  EXPECT_THAT(now->namespaces(), SizeIs(17));
  EXPECT_EQ(now->namespaces(0).name(), "wecom_external_id");
  EXPECT_EQ(now->namespaces(11).velocity().customers(), 10);
  EXPECT_TRUE(now->namespaces(11).has_dormant_days());
  EXPECT_EQ(now->namespaces(11).dormant_days(), 0);
  request.set_rule_version(1);
  const auto first = Read<v1::ListNamespacesResponse>(std::string(kAdmin) + "ListNamespaces", request);
  EXPECT_EQ(first->namespaces(11).at_most(), 3);
  EXPECT_EQ(first->namespaces(11).dormant_days(), 180);
  request.set_rule_version(9);
  EXPECT_EQ(Reason(Read<v1::ListNamespacesResponse>(std::string(kAdmin) + "ListNamespaces", request).status()),
            "RULE_VERSION_UNKNOWN");
}

TEST_F(CallsTest, ARuleChangeComesBeforeTheEventsOfItsBatch) {
  world_.PutBrand();
  auto two_phones = [](const std::string& id) {
    return TestEvent{.id = id, .identifiers = {{"phone", "", "139123456" + id}, {"phone", "", "138123456" + id}}};
  };
  world_.Queue(two_phones("11"));
  world_.Run();
  // The call joins the queue between two events.
  world_.Queue(two_phones("22"));
  v1::PutNamespaceRequest request;
  request.set_brand_id("acme");
  request.set_request_id(RandomUuidV7(absl::Now()).ToString());
  auto& ns = *request.mutable_namespace_();
  ns.set_name("phone");
  ns.set_rank(120);
  ns.set_at_most(1);
  ns.set_strength(v1::STRENGTH_STRONG);
  ns.set_normaliser(v1::NORMALISER_PHONE);
  auto command = world_.api().commands.at(std::string(kAdmin) + "PutNamespace")(request);
  ASSERT_TRUE(command.ok());
  engine::Work work;
  work.command = std::move(command->command);
  work.cause = {"r", "r", "", world_.clock().Now(), "acme"};
  work.origin = engine::CallOrigin{
      "PutNamespace",         {"acme"},
      command->request_id,    "hash",
      absl::InfiniteFuture(), [](const absl::StatusOr<std::string>& answer) { EXPECT_TRUE(answer.ok()); }};
  ASSERT_TRUE(world_.writer().Push(work));
  world_.Queue(two_phones("33"));
  world_.Run();
  EXPECT_THAT(world_.Republished("11").identifiers(), SizeIs(2));
  EXPECT_THAT(world_.Republished("22").identifiers(), SizeIs(1));
  EXPECT_THAT(world_.Republished("33").identifiers(), SizeIs(1));
  EXPECT_EQ(world_.Text("SELECT string_agg(DISTINCT rule_version::text, ',') FROM edge"), "1,2");
}

TEST_F(CallsTest, NamespacesAreChecked) {
  world_.PutBrand();
  v1::PutNamespaceRequest request;
  auto field_of = [&](const std::function<void(v1::Namespace&)>& change) {
    request.set_brand_id("acme");
    request.set_request_id(RandomUuidV7(absl::Now()).ToString());
    auto& ns = *request.mutable_namespace_();
    ns.Clear();
    ns.set_name("loyalty_id");
    ns.set_rank(7);
    ns.set_at_most(1);
    ns.set_strength(v1::STRENGTH_STRONG);
    ns.set_normaliser(v1::NORMALISER_OPAQUE);
    change(ns);
    const auto put = world_.Call<v1::PutNamespaceResponse>(std::string(kAdmin) + "PutNamespace", request);
    return put.ok() ? "stored" : Reason(put.status()) + " " + FieldOf(put.status());
  };
  EXPECT_EQ(field_of([](auto& ns) { ns.set_name("Phone!"); }), "FIELD_INVALID namespace.name");
  EXPECT_EQ(field_of([](auto& ns) { ns.set_rank(0); }), "FIELD_INVALID namespace.rank");
  EXPECT_EQ(field_of([](auto& ns) { ns.set_rank(120); }), "RANK_TAKEN namespace.rank");
  EXPECT_EQ(field_of([](auto& ns) { ns.clear_strength(); }), "FIELD_INVALID namespace.strength");
  EXPECT_EQ(field_of([](auto& ns) { ns.add_scope(v1::SCOPE_PART_UNSPECIFIED); }), "FIELD_INVALID namespace.scope");
  EXPECT_EQ(field_of([](auto& ns) { ns.mutable_blocked()->add_patterns("("); }),
            "FIELD_INVALID namespace.blocked.patterns[0]");
  EXPECT_EQ(field_of([](auto& ns) { ns.mutable_velocity(); }), "FIELD_INVALID namespace.velocity.customers");
  EXPECT_EQ(field_of([](auto&) {}), "stored");
  request.set_brand_id("nobody");
  const auto unknown = world_.Call<v1::PutNamespaceResponse>(std::string(kAdmin) + "PutNamespace", request);
  EXPECT_EQ(Reason(unknown.status()), "BRAND_UNKNOWN");
}

// ---- identities ----

class IdentityCallsTest : public CallsTest {
 protected:
  IdentityCallsTest() {
    world_.PutBrand();
    world_.Publish({.id = "e1", .identifiers = {{"phone", "", "13912345678"}}, .time = Day(0)});
    world_.Publish(
        {.id = "e2", .identifiers = {{"jd_pin", "", "j"}, {"email", "", "Ann@Example.com"}}, .time = Day(1)});
    world_.Publish({.id = "e3", .identifiers = {{"jd_pin", "", "j"}, {"phone", "", "13912345678"}}, .time = Day(2)});
    survivor_ = world_.Republished("e1").customer_id();
    absorbed_ = world_.Republished("e2").customer_id();
  }

  std::string survivor_, absorbed_;
};

TEST_F(IdentityCallsTest, ResolvesIdentifiersToTheLivingCustomer) {
  v1::ResolveIdentifiersRequest request;
  auto add = [&](const char* ns, const char* value) {
    request.add_identifiers()->set_namespace_(ns);
    request.mutable_identifiers(request.identifiers_size() - 1)->set_value(value);
  };
  const std::string method = std::string(kIdentity) + "ResolveIdentifiers";
  EXPECT_EQ(FieldOf(Read<v1::ResolveIdentifiersResponse>(method, request).status()), "identifiers");
  add("email", " ann@EXAMPLE.com ");
  add("phone", "+86 139 1234 5678");
  add("phone", "0000");
  add("jd_pin", "nobody's");
  const auto response = Read<v1::ResolveIdentifiersResponse>(method, request);
  ASSERT_TRUE(response.ok()) << response.status();
  ASSERT_THAT(response->owners(), SizeIs(4));
  EXPECT_EQ(response->owners(0).customer_id(), survivor_);
  EXPECT_EQ(response->owners(0).origin_customer_id(), absorbed_);
  EXPECT_EQ(response->owners(1).customer_id(), survivor_);
  EXPECT_EQ(response->owners(2).left_out_reason(), v1::LEFT_OUT_REASON_INVALID_VALUE);
  EXPECT_EQ(response->owners(3).customer_id(), "");
  request.set_brand_id("nobody");
  EXPECT_EQ(Reason(Read<v1::ResolveIdentifiersResponse>(method, request).status()), "BRAND_UNKNOWN");
}

TEST_F(IdentityCallsTest, AnAbsorbedIdLandsOnTheLivingCustomer) {
  for (const std::string& id : {survivor_, absorbed_}) {
    v1::GetCustomerRequest request;
    request.set_customer_id(id);
    const auto response = Read<v1::GetCustomerResponse>(std::string(kIdentity) + "GetCustomer", request);
    ASSERT_TRUE(response.ok()) << response.status();
    EXPECT_EQ(response->customer().customer_id(), survivor_);
    EXPECT_THAT(response->customer().absorbed_customer_ids(), ElementsAre(absorbed_));
    EXPECT_THAT(response->customer().identifiers(), SizeIs(3));
    EXPECT_THAT(response->customer().merge_ids(), SizeIs(1));
    EXPECT_EQ(response->customer().since_time().seconds(), absl::ToUnixSeconds(Day(0)));
  }
  v1::GetCustomerRequest request;
  request.set_customer_id("01890a5d-ac96-774b-bcce-b302099a8057");
  EXPECT_EQ(Reason(Read<v1::GetCustomerResponse>(std::string(kIdentity) + "GetCustomer", request).status()),
            "CUSTOMER_UNKNOWN");
}

TEST_F(IdentityCallsTest, AnotherGroupsCustomerIsUnknown) {
  ASSERT_TRUE(Put(Brands("other", {"other"})).ok());
  v1::GetCustomerRequest request;
  request.set_brand_id("other");
  request.set_customer_id(survivor_);
  EXPECT_EQ(Reason(Read<v1::GetCustomerResponse>(std::string(kIdentity) + "GetCustomer", request).status()),
            "CUSTOMER_UNKNOWN");
}

TEST_F(IdentityCallsTest, AZoneThatThisMachineLacksIsAnErrorOfItsBrandOnly) {
  ASSERT_TRUE(Put(Brands("other", {"other"})).ok());
  world_.Text("UPDATE brand SET time_zone = 'Europe/Atlantis' WHERE brand_id = 'other'");
  world_.Text("UPDATE brand_group SET fingerprint = fingerprint + 1 WHERE group_id = 'other'");
  v1::ResolveIdentifiersRequest request;
  request.set_brand_id("other");
  request.add_identifiers()->set_namespace_("email");
  const std::string method = std::string(kIdentity) + "ResolveIdentifiers";
  EXPECT_EQ(Reason(Read<v1::ResolveIdentifiersResponse>(method, request).status()), "TIME_ZONE_UNKNOWN");
  request.set_brand_id("");
  EXPECT_TRUE(Read<v1::ResolveIdentifiersResponse>(method, request).ok());
}

TEST_F(IdentityCallsTest, ValuesAreMaskedUnlessRevealed) {
  v1::ListIdentifiersRequest list;
  list.set_customer_id(survivor_);
  v1::RevealIdentifiersRequest reveal;
  reveal.set_customer_id(survivor_);
  const auto masked = Read<v1::ListIdentifiersResponse>(std::string(kIdentity) + "ListIdentifiers", list);
  const auto plain = Read<v1::RevealIdentifiersResponse>(std::string(kIdentity) + "RevealIdentifiers", reveal);
  std::set<std::string> masks, values;
  for (const auto& one : masked->identifiers()) masks.insert(one.value());
  for (const auto& one : plain->identifiers()) values.insert(one.value());
  EXPECT_EQ(masks, (std::set<std::string>{"+86*******5678", "a***@example.com", "***"}));
  EXPECT_EQ(values, (std::set<std::string>{"+8613912345678", "ann@example.com", "j"}));
}

TEST_F(IdentityCallsTest, IdentifiersComeInPages) {
  v1::ListIdentifiersRequest request;
  request.set_customer_id(survivor_);
  request.set_page_size(2);
  const auto first = Read<v1::ListIdentifiersResponse>(std::string(kIdentity) + "ListIdentifiers", request);
  ASSERT_THAT(first->identifiers(), SizeIs(2));
  request.set_brand_id("acme");
  request.set_page_token(first->next_page_token());
  const auto second = Read<v1::ListIdentifiersResponse>(std::string(kIdentity) + "ListIdentifiers", request);
  ASSERT_TRUE(second.ok()) << second.status();
  ASSERT_THAT(second->identifiers(), SizeIs(1));
  EXPECT_EQ(second->next_page_token(), "");
}

TEST_F(IdentityCallsTest, ExplainsWhatWasDoneWithAnEvent) {
  v1::ExplainResolutionRequest request;
  request.set_source("shop");
  request.set_event_id("e3");
  const auto response = Read<v1::ExplainResolutionResponse>(std::string(kIdentity) + "ExplainResolution", request);
  ASSERT_TRUE(response.ok()) << response.status();
  EXPECT_EQ(response->customer_id(), survivor_);
  EXPECT_EQ(response->origin_customer_id(), absorbed_);
  ASSERT_THAT(response->steps(), SizeIs(2));
  EXPECT_EQ(response->steps(0).use(), v1::IDENTIFIER_USE_FOUND);
  EXPECT_EQ(response->steps(0).owner_customer_id(), absorbed_);
  EXPECT_THAT(response->merge_ids(), SizeIs(1));
  EXPECT_TRUE(response->changed_graph());
  EXPECT_EQ(response->payload(), "page_viewed");
  request.set_event_id("e9");
  EXPECT_EQ(Reason(Read<v1::ExplainResolutionResponse>(std::string(kIdentity) + "ExplainResolution", request).status()),
            "EVENT_UNKNOWN");
}

TEST_F(IdentityCallsTest, MergesAreListedByState) {
  v1::ListMergesRequest request;
  request.set_state(v1::MERGE_STATE_OPEN);
  const auto open = Read<v1::ListMergesResponse>(std::string(kMerges) + "ListMerges", request);
  ASSERT_THAT(open->merges(), SizeIs(1));
  EXPECT_EQ(open->merges(0).cause_event_id(), "e3");
  request.set_state(v1::MERGE_STATE_COMPLETE);
  EXPECT_THAT(Read<v1::ListMergesResponse>(std::string(kMerges) + "ListMerges", request)->merges(), SizeIs(0));
  v1::GetMergeRequest get;
  get.set_merge_id(open->merges(0).merge_id());
  EXPECT_EQ(Read<v1::GetMergeResponse>(std::string(kMerges) + "GetMerge", get)->merge().absorbed_customer_id(),
            absorbed_);
  get.set_merge_id(survivor_);
  EXPECT_EQ(Reason(Read<v1::GetMergeResponse>(std::string(kMerges) + "GetMerge", get).status()), "MERGE_UNKNOWN");
}

TEST_F(IdentityCallsTest, StatisticsCountWhatHappened) {
  world_.Publish({.id = "e1", .identifiers = {{"phone", "", "13912345678"}}, .time = Day(0)});  // a duplicate
  world_.Publish({.id = "e4", .identifiers = {{"cookie_id", "web", "c"}}});
  world_.Publish({.id = "e5"});
  kafka::Record bad;
  bad.value = "not an event";
  world_.Queue(std::move(bad));
  world_.Queue(TestEvent{.id = "e6", .brand = "nobody!"});
  kafka::Record unknown = World::RecordOf({.id = "e7"});
  unknown.headers[3].value = "com.tessera.channel.order_dreamed.v1";
  world_.Queue(std::move(unknown));
  world_.Run();
  const auto response =
      Read<v1::GetStatisticsResponse>(std::string(kAdmin) + "GetStatistics", v1::GetStatisticsRequest());
  ASSERT_TRUE(response.ok()) << response.status();
  EXPECT_EQ(response->events_accepted(), 5);
  EXPECT_EQ(response->duplicates_dropped(), 1);
  EXPECT_EQ(response->dead_letters(), 1);
  EXPECT_EQ(response->dead_letters_unattributed(), 2);
  EXPECT_EQ(world_.Text("SELECT brand_id || ' ' || event_id FROM dead_letter WHERE reason = 'UNKNOWN_TYPE'"),
            "acme e7");
  EXPECT_EQ(response->customers(), 1);
  EXPECT_EQ(response->anonymous_customers(), 1);
  EXPECT_EQ(response->merges(), 1);
  EXPECT_EQ(response->merges_open(), 1);
  EXPECT_EQ(response->unresolved_events(), 1);
}

}  // namespace
}  // namespace tessera::oneid
