// Events through the engine's writer into a real Postgres: what is stored and published.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "base/murmur2.h"
#include "engine/engine_store.h"
#include "services/oneid/tests/world.h"
#include "tessera/events/v1/identity_facts.pb.h"
#include "tessera/events/v1/rekeyed.pb.h"
#include "tessera/oneid/v1/merge_service.pb.h"

namespace tessera::oneid {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr int kMain = 0, kCopies = 3;

class GraphStoreTest : public ::testing::Test {
 protected:
  GraphStoreTest() { world_.PutBrand(); }

  static absl::Time Day(int day) { return absl::FromUnixSeconds(1'650'000'000) + absl::Hours(24) * day; }

  // The merges told on a log.
  std::vector<events::v1::CustomersMerged> Merged(int log) {
    std::vector<events::v1::CustomersMerged> merges;
    for (const auto& event : world_.Outbox(log)) {
      if (event.type() != "com.tessera.oneid.customers_merged.v1") continue;
      EXPECT_TRUE(merges.emplace_back().ParseFromString(event.data()));
    }
    return merges;
  }

  void Answer(const std::string& merge_id, int64_t after, const std::string& id = "a1") {
    events::v1::Rekeyed message;
    message.set_merge_id(merge_id);
    message.set_service("membership");
    message.set_group_id("acme-group");
    (*message.mutable_survivor_before()->mutable_totals())["points"] = 100;
    (*message.mutable_absorbed_before()->mutable_totals())["points"] = 50;
    (*message.mutable_survivor_after()->mutable_totals())["points"] = after;
    kafka::Record record;
    record.timestamp = world_.clock().Now();
    record.headers = {{"ce_specversion", "1.0"},        {"ce_id", id},
                      {"ce_source", "acme/membership"}, {"ce_type", "com.tessera.membership.rekeyed.v1"},
                      {"ce_brandid", "acme"},           {"content-type", "application/protobuf"}};
    record.value = message.SerializeAsString();
    world_.QueueAnswer(std::move(record));
    world_.Run();
  }
  std::string MergeOfTwo() {
    world_.Publish({.id = "m1", .identifiers = {{"phone", "", "13912345678"}}, .time = Day(0)});
    world_.Publish({.id = "m2", .identifiers = {{"jd_pin", "", "j"}}, .time = Day(1)});
    world_.Publish({.id = "m3", .identifiers = {{"jd_pin", "", "j"}, {"phone", "", "13912345678"}}, .time = Day(2)});
    return world_.Text("SELECT merge_id FROM merge");
  }

  World world_;
};

TEST_F(GraphStoreTest, AnEventIsRepublishedWithItsCustomer) {
  TestEvent event{.id = "e1", .identifiers = {{"jd_pin", "", "p1"}, {"phone", "", "139 1234 5678"}}};
  event.event.mutable_order_paid()->set_order_id("o1");
  world_.Publish(event);
  EXPECT_EQ(world_.DeadLetter(), "");
  const auto published = world_.Republished("e1");
  EXPECT_FALSE(published.customer_id().empty());
  EXPECT_EQ(published.customer_id(), published.origin_customer_id());
  EXPECT_EQ(published.brand_id(), "acme");
  EXPECT_EQ(published.order_source(), "shop");
  EXPECT_EQ(published.event_time().seconds(), 1'700'000'000);
  EXPECT_FALSE(published.anonymous());
  EXPECT_THAT(published.identifiers(), SizeIs(2));
  EXPECT_EQ(published.event().order_paid().order_id(), "o1");
  EXPECT_THAT(published.event().identifiers(0).value(), IsEmpty());
  EXPECT_EQ(world_.Text("SELECT count(*) FROM edge"), "2");
}

TEST_F(GraphStoreTest, AnUnresolvedEventIsToldUnderItsOwnKey) {
  world_.Publish({.id = "e1", .identifiers = {{"phone", "", "0000"}}});
  for (const auto& event : world_.Outbox(kMain)) {
    if (event.type() == "com.tessera.oneid.page_viewed.v1") {
      EXPECT_EQ(event.key(), "shop/e1");
    }
  }
  EXPECT_THAT(world_.Republished("e1").customer_id(), IsEmpty());
  EXPECT_EQ(world_.Text("SELECT sum(unresolved_events) FROM statistic"), "1");
}

TEST_F(GraphStoreTest, AMergeIsToldInTheSlotsOfBothBeforeItsEvent) {
  const std::string merge = MergeOfTwo();
  const auto merges = Merged(kMain);
  ASSERT_THAT(merges, SizeIs(2));
  EXPECT_EQ(merges[0].merge_id(), merge);
  EXPECT_EQ(merges[0].SerializeAsString(), merges[1].SerializeAsString());
  EXPECT_THAT(Merged(kCopies), SizeIs(1));
  std::set<int32_t> slots;
  int at = 0, merged_at = -1;
  for (const auto& event : world_.Outbox(kMain)) {
    ++at;
    const bool merged = event.type() == "com.tessera.oneid.customers_merged.v1";
    if (merged) slots.insert(KafkaPartition(event.key(), engine::kSlots));
    if (merged && event.key() == merges[0].survivor_customer_id()) merged_at = at;
    if (event.type() == "com.tessera.oneid.page_viewed.v1" && event.causation_id() == "m3") {
      EXPECT_GT(at, merged_at);
    }
  }
  EXPECT_EQ(slots, (std::set{KafkaPartition(merges[0].survivor_customer_id(), engine::kSlots),
                             KafkaPartition(merges[0].absorbed_customer_id(), engine::kSlots)}));
  EXPECT_EQ(world_.Republished("m3").customer_id(), merges[0].survivor_customer_id());
  EXPECT_EQ(world_.Republished("m3").origin_customer_id(), merges[0].absorbed_customer_id());
  EXPECT_EQ(world_.Violations(), "");
}

TEST_F(GraphStoreTest, ADuplicateIsDroppedAndAnotherContentRefused) {
  TestEvent event{.id = "e1", .identifiers = {{"jd_pin", "", "p1"}}};
  world_.Publish(event);
  world_.Publish(event);
  event.identifiers = {{"jd_pin", "", "p2"}};
  world_.Publish(event);
  EXPECT_EQ(world_.DeadLetter(), "EVENT_ID_REUSED id");
  EXPECT_EQ(world_.Text("SELECT count(*) FROM customer"), "1");
  EXPECT_EQ(world_.Text("SELECT count(*) FROM identifier_event"), "1");
}

TEST_F(GraphStoreTest, ARefusedRecordChangesNothingAndItsNeighboursGoOn) {
  kafka::Record bad;
  bad.value = "not an event";
  TestEvent future{.id = "f", .identifiers = {{"jd_pin", "", "f"}}, .time = world_.clock().Now() + absl::Hours(25)};
  world_.Queue({.id = "e1", .identifiers = {{"jd_pin", "", "p1"}}});
  world_.Queue(std::move(bad));
  world_.Queue(future);
  world_.Queue({.id = "e2", .identifiers = {{"jd_pin", "", "p1"}}});
  world_.Run();
  EXPECT_THAT(world_.DeadLetter(), HasSubstr("NOT_A_CLOUD_EVENT"));
  EXPECT_THAT(world_.DeadLetter(), HasSubstr("EVENT_TIME_OUT_OF_RANGE time"));
  EXPECT_EQ(world_.Text("SELECT count(*) FROM customer"), "1");
  EXPECT_EQ(world_.Republished("e2").customer_id(), world_.Republished("e1").customer_id());
}

TEST_F(GraphStoreTest, ValuesAreSealedUnderTheirOwnersKey) {
  world_.Publish({.id = "e1", .identifiers = {{"jd_pin", "", "secret-pin"}, {"phone", "", "13912345678"}}});
  EXPECT_EQ(world_.Text("SELECT count(*) FROM identifier i JOIN customer c ON c.customer_id = i.sealed_for "
                        "WHERE octet_length(i.sealed_value) > 28 AND octet_length(c.person_key) = 60"),
            "2");
  for (const char* table : {"identifier", "edge", "customer", "identifier_event", "outbox", "presentation"}) {
    for (const char* plain : {"secret-pin", "13912345678"}) {
      EXPECT_EQ(world_.Text(std::string("SELECT count(*) FROM ") + table + " t WHERE position(convert_to('" + plain +
                            "', 'UTF8') in convert_to(t::text, 'UTF8')) > 0"),
                "0")
          << table;
    }
  }
  EXPECT_EQ(world_.Text("SELECT count(*) FROM outbox WHERE position('\\x7365637265742d70696e'::bytea in events) > 0"),
            "0");
}

TEST_F(GraphStoreTest, ATransferredPhoneIsSealedAgainUnderItsNewOwner) {
  world_.Publish({.id = "e1", .identifiers = {{"jd_pin", "", "a"}, {"phone", "", "13912345678"}}, .time = Day(0)});
  const std::string before = world_.Text("SELECT sealed_for FROM identifier WHERE namespace = 'phone'");
  world_.Publish({.id = "e2",
                  .identifiers = {{"jd_pin", "", "b"}, {"phone", "", "13912345678"}},
                  .time = Day(244),
                  .verified = true});
  EXPECT_EQ(world_.Text("SELECT sealed_for FROM identifier WHERE namespace = 'phone'"),
            world_.Republished("e2").customer_id());
  EXPECT_NE(world_.Republished("e2").customer_id(), before);
  world_.Publish({.id = "late", .identifiers = {{"phone", "", "13912345678"}}, .time = Day(242)});
  EXPECT_EQ(world_.Republished("late").customer_id(), before);
  EXPECT_EQ(world_.Violations(), "");
}

// ---- answers to merges ----

TEST_F(GraphStoreTest, AMergeIsCompleteWhenTheSumsAgree) {
  const std::string merge = MergeOfTwo();
  EXPECT_EQ(world_.Text("SELECT state FROM merge"), "1");
  Answer(merge, 150);
  Answer(merge, 150, "a2");
  EXPECT_EQ(world_.Text("SELECT state FROM merge"), "2");
  EXPECT_EQ(world_.Text("SELECT merges || ' ' || merges_complete FROM statistic WHERE merges > 0"), "1 1");
  int told = 0;
  for (const auto& event : world_.Outbox(kCopies)) told += event.type() == "com.tessera.oneid.merge_completed.v1";
  EXPECT_EQ(told, 1);
  EXPECT_EQ(world_.DeadLetter(), "");
  EXPECT_EQ(world_.Violations(), "");
}

TEST_F(GraphStoreTest, AMergeWhoseSumsDoNotAgreeSaysWhatDoesNot) {
  const std::string merge = MergeOfTwo();
  Answer(merge, 140);
  EXPECT_EQ(world_.Text("SELECT state || ' ' || mismatch FROM merge"), "3 membership points: 100 + 50 is not 140");
  Answer(merge, 150, "a2");
  EXPECT_EQ(world_.DeadLetter(), "ANSWER_CHANGED service");
  v1::ListMergesRequest request;
  request.set_brand_id("acme");
  request.set_state(v1::MERGE_STATE_MISMATCH);
  const auto list = world_.Read<v1::ListMergesResponse>("tessera.oneid.v1.MergeService/ListMerges", request);
  ASSERT_TRUE(list.ok()) << list.status();
  EXPECT_THAT(list->merges(), SizeIs(1));
  EXPECT_EQ(world_.Violations(), "");
}

TEST_F(GraphStoreTest, AnAnswerToNoMergeIsADeadLetter) {
  Answer("01890a5d-ac96-774b-bcce-b302099a8057", 150);
  EXPECT_EQ(world_.DeadLetter(), "MERGE_UNKNOWN merge_id");
}

// ---- the invariants' queries ----

TEST_F(GraphStoreTest, EachInvariantNoticesThatItIsBroken) {
  MergeOfTwo();
  const std::vector<std::pair<std::string, std::string>> damages = {
      {"identifier_has_one_owner",
       "INSERT INTO edge SELECT group_id, identifier_id, valid_from + interval '1 h', 0, valid_to, customer_id, "
       "namespace, "
       "scope, source, event_id, reason, rule_version, decision_number FROM edge WHERE namespace = 'phone'"},
      {"customer_keeps_limits",
       "INSERT INTO edge SELECT group_id, gen_random_uuid(), valid_from, 0, valid_to, customer_id, namespace, scope, "
       "source, event_id, reason, rule_version, decision_number FROM edge, generate_series(1, 3) WHERE namespace = "
       "'phone'"},
      {"alias_ends_in_one_step", "UPDATE customer SET root_id = gen_random_uuid() WHERE root_id <> customer_id"},
      {"alias_has_its_merge", "DELETE FROM merge"},
      {"edge_has_its_identifier", "DELETE FROM identifier WHERE namespace = 'phone'"},
      {"event_resolved_once", "DELETE FROM identifier_event WHERE event_id = 'm2'"},
      {"event_resolved_once", "UPDATE identifier_event SET root_id = NULL WHERE event_id = 'm2'"},
      {"customer_knows_its_identifiers", "UPDATE customer SET identifier_ids = '{}'"},
      {"statistics_are_counts", "UPDATE statistic SET customers = customers + 1"},
      {"merge_state_fits_answers", "UPDATE merge SET state = 2, closed_time = now()"}};
  for (const auto& [check, damage] : damages) {
    EXPECT_EQ(world_.Violations(), "");
    world_.Text("BEGIN");
    world_.Text(damage);
    EXPECT_THAT(world_.Violations(), HasSubstr("checks/" + check + ".sql")) << damage;
    world_.Text("ROLLBACK");
  }
}

}  // namespace
}  // namespace tessera::oneid
