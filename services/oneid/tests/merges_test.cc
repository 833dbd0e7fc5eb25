// Two customers become one: from the event that shows it to the last service's answer.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "absl/strings/str_cat.h"
#include "services/oneid/tests/oneid_fixture.h"
#include "tessera/events/v1/identity_facts.pb.h"
#include "tessera/events/v1/rekeyed.pb.h"
#include "tessera/oneid/v1/identity_service.pb.h"
#include "tessera/oneid/v1/merge_service.pb.h"

namespace tessera::oneid {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using ::testing::UnorderedElementsAre;
using Totals = std::map<std::string, int64_t>;

class MergesTest : public OneidTest {
 protected:
  // The customers of two accounts that were not known to be one person's, and the event that shows that they are.
  void Merge() {
    PublishAndAwait(Event("first", {{"jd_pin", "", "ann"}}, 0));
    PublishAndAwait(Event("second", {{"youzan_id", "", "ann2"}, {"phone", "", "13912345671"}}, 1));
    PublishAndAwait(Event("third", {{"jd_pin", "", "ann"}, {"phone", "", "139 1234 5671"}}, 2));
    const auto events = Resolved();
    ASSERT_THAT(events, SizeIs(3));
    survivor_ = events.at("first").event.customer_id();
    absorbed_ = events.at("second").event.customer_id();
    ASSERT_NE(survivor_, absorbed_);
    const auto merges = ListMerges(v1::MERGE_STATE_UNSPECIFIED);
    ASSERT_THAT(merges, SizeIs(1));
    merge_id_ = merges[0].merge_id();
  }

  static TestEvent Event(const std::string& id, const std::vector<std::vector<std::string>>& identifiers, int second) {
    return {.id = id, .identifiers = identifiers, .time = absl::FromUnixSeconds(1'700'000'000 + second)};
  }

  void PublishAndAwait(const TestEvent& event) {
    Publish({event});
    AwaitIdle();
  }

  // As membership's relay publishes it.
  void Answer(const Totals& survivor_before, const Totals& absorbed_before, const Totals& survivor_after) {
    events::v1::Rekeyed answer;
    answer.set_merge_id(merge_id_);
    answer.set_service("membership");
    answer.set_group_id("acme");
    answer.mutable_survivor_before()->mutable_totals()->insert(survivor_before.begin(), survivor_before.end());
    answer.mutable_absorbed_before()->mutable_totals()->insert(absorbed_before.begin(), absorbed_before.end());
    answer.mutable_survivor_after()->mutable_totals()->insert(survivor_after.begin(), survivor_after.end());
    kafka::Record record;
    record.key = merge_id_;
    record.headers = {{"ce_specversion", "1.0"},
                      {"ce_id", absl::StrCat("answer-", answers_)},
                      {"ce_source", "acme/membership"},
                      {"ce_type", "com.tessera.membership.rekeyed.v1"},
                      {"ce_time", "2024-02-29T12:00:00Z"},
                      {"content-type", "application/protobuf"},
                      {"ce_sequence", absl::StrCat(answers_)}};
    ++answers_;
    record.value = answer.SerializeAsString();
    Produce(kAnswersTopic, {record});
    AwaitIdle();
  }

  std::vector<v1::Merge> ListMerges(v1::MergeState state) {
    v1::ListMergesRequest request;
    request.set_brand_id("acme");
    request.set_state(state);
    const auto response = Call<v1::ListMergesResponse>("MergeService/ListMerges", request);
    EXPECT_TRUE(response.ok()) << response.status();
    if (!response.ok()) return {};
    return {response->merges().begin(), response->merges().end()};
  }

  // The merge as GetMerge and ListMerges, which must agree, tell it.
  v1::Merge TheMerge() {
    v1::GetMergeRequest request;
    request.set_brand_id("acme");
    request.set_merge_id(merge_id_);
    const auto response = Call<v1::GetMergeResponse>("MergeService/GetMerge", request);
    EXPECT_TRUE(response.ok()) << response.status();
    if (!response.ok()) return {};
    for (const auto state : {v1::MERGE_STATE_OPEN, v1::MERGE_STATE_COMPLETE, v1::MERGE_STATE_MISMATCH}) {
      EXPECT_THAT(ListMerges(state), SizeIs(response->merge().state() == state ? 1 : 0)) << state;
    }
    return response->merge();
  }

  std::vector<kafka::Record> RecordsOf(const char* topic, const std::string& type) {
    std::vector<kafka::Record> found;
    for (kafka::Record& record : ReadTopic(topic)) {
      if (HeaderOf(record, "ce_type") == "com.tessera.oneid." + type + ".v1") found.push_back(std::move(record));
    }
    return found;
  }

  v1::ExplainResolutionResponse Explain(const std::string& event_id) {
    v1::ExplainResolutionRequest request;
    request.set_brand_id("acme");
    request.set_source("shop");
    request.set_event_id(event_id);
    const auto response = Call<v1::ExplainResolutionResponse>("IdentityService/ExplainResolution", request);
    EXPECT_TRUE(response.ok()) << response.status();
    return response.value_or(v1::ExplainResolutionResponse());
  }

  static std::vector<std::string> StepsOf(const v1::ExplainResolutionResponse& explained) {
    std::vector<std::string> steps;
    for (const auto& step : explained.steps()) {
      steps.push_back(absl::StrCat(step.namespace_(), " ", v1::IdentifierUse_Name(step.use()).substr(15), " ",
                                   step.owner_customer_id()));
    }
    return steps;
  }

  std::string survivor_, absorbed_, merge_id_;
  int answers_ = 0;
};

TEST_F(MergesTest, IsOpenUntilItIsAnsweredAndThenComplete) {
  ASSERT_NO_FATAL_FAILURE(Merge());
  v1::Merge merge = TheMerge();
  EXPECT_EQ(merge.state(), v1::MERGE_STATE_OPEN);
  EXPECT_EQ(merge.survivor_customer_id(), survivor_);
  EXPECT_EQ(merge.absorbed_customer_id(), absorbed_);
  EXPECT_EQ(merge.cause_source() + " " + merge.cause_event_id(), "shop third");
  EXPECT_FALSE(merge.has_closed_time());
  EXPECT_EQ(Statistics().merges_open(), 1);
  EXPECT_THAT(RecordsOf(kIdentityTopic, "merge_completed"), IsEmpty());

  Answer({{"points", 100}, {"lots", 2}}, {{"points", 50}, {"lots", 1}}, {{"points", 150}, {"lots", 3}});
  merge = TheMerge();
  EXPECT_EQ(merge.state(), v1::MERGE_STATE_COMPLETE);
  EXPECT_TRUE(merge.has_closed_time());
  ASSERT_EQ(merge.answers_size(), 1);
  EXPECT_EQ(merge.answers(0).service(), "membership");
  EXPECT_EQ(merge.answers(0).survivor_after().at("points"), 150);
  EXPECT_EQ(Statistics().merges_complete(), 1);
  const auto completed = RecordsOf(kIdentityTopic, "merge_completed");
  ASSERT_THAT(completed, SizeIs(1));
  EXPECT_EQ(*completed[0].key, survivor_);
}

TEST_F(MergesTest, AnAnswerWithOtherTotalsIsAMismatch) {
  ASSERT_NO_FATAL_FAILURE(Merge());
  Answer({{"points", 100}, {"lots", 2}}, {{"points", 50}, {"lots", 1}}, {{"points", 140}, {"lots", 3}});
  const v1::Merge merge = TheMerge();
  EXPECT_EQ(merge.state(), v1::MERGE_STATE_MISMATCH);
  EXPECT_EQ(merge.mismatch(), "membership points: 100 + 50 is not 140");
  EXPECT_EQ(Statistics().merges_mismatched(), 1);
  EXPECT_THAT(RecordsOf(kIdentityTopic, "merge_completed"), IsEmpty());
}

TEST_F(MergesTest, TheFirstAnswerHolds) {
  ASSERT_NO_FATAL_FAILURE(Merge());
  Answer({{"points", 100}}, {{"points", 50}}, {{"points", 150}});
  Answer({{"points", 100}}, {{"points", 50}}, {{"points", 150}});
  EXPECT_THAT(DeadLetters(), IsEmpty());
  Answer({{"points", 100}}, {{"points", 60}}, {{"points", 150}});
  EXPECT_THAT(DeadLetters(), ElementsAre("ANSWER_CHANGED service"));
  const v1::Merge merge = TheMerge();
  EXPECT_EQ(merge.state(), v1::MERGE_STATE_COMPLETE);
  EXPECT_EQ(merge.answers(0).absorbed_before().at("points"), 50);
  EXPECT_THAT(RecordsOf(kIdentityTopic, "merge_completed"), SizeIs(1));
}

TEST_F(MergesTest, ExplainTellsTheStepsOfEachEvent) {
  ASSERT_NO_FATAL_FAILURE(Merge());
  const v1::ExplainResolutionResponse second = Explain("second"), third = Explain("third");
  EXPECT_TRUE(second.created());
  EXPECT_THAT(StepsOf(second), ElementsAre("youzan_id ATTACHED ", "phone ATTACHED "));
  EXPECT_EQ(second.customer_id(), survivor_);
  EXPECT_EQ(second.resolved_customer_id(), absorbed_);
  EXPECT_EQ(second.origin_customer_id(), absorbed_);
  EXPECT_THAT(second.merge_ids(), IsEmpty());

  EXPECT_FALSE(third.created());
  EXPECT_THAT(StepsOf(third), ElementsAre("jd_pin FOUND " + survivor_, "phone FOUND " + absorbed_));
  EXPECT_EQ(third.customer_id(), survivor_);
  EXPECT_THAT(third.merge_ids(), ElementsAre(merge_id_));
  EXPECT_EQ(third.payload(), "page_viewed");
  EXPECT_TRUE(third.changed_graph());
}

TEST_F(MergesTest, TheAbsorbedIdAnswersTheLivingCustomer) {
  ASSERT_NO_FATAL_FAILURE(Merge());
  for (const std::string& id : {survivor_, absorbed_}) {
    v1::GetCustomerRequest request;
    request.set_brand_id("acme");
    request.set_customer_id(id);
    const auto response = Call<v1::GetCustomerResponse>("IdentityService/GetCustomer", request);
    ASSERT_TRUE(response.ok()) << response.status();
    EXPECT_EQ(response->customer().customer_id(), survivor_);
    EXPECT_THAT(response->customer().absorbed_customer_ids(), ElementsAre(absorbed_));
    EXPECT_THAT(response->customer().merge_ids(), ElementsAre(merge_id_));
    EXPECT_THAT(response->customer().identifiers(), SizeIs(3));
  }
  EXPECT_EQ(Statistics().customers(), 1);
}

TEST_F(MergesTest, IsToldInTheSlotsOfBothBeforeAnyEventOfTheOne) {
  ASSERT_NO_FATAL_FAILURE(Merge());
  PublishAndAwait(Event("fourth", {{"youzan_id", "", "ann2"}}, 3));
  std::set<std::string> told_to;
  for (const kafka::Record& record : ReadTopic(kCustomerTopic)) {
    if (HeaderOf(record, "ce_type") == "com.tessera.oneid.customers_merged.v1") {
      events::v1::CustomersMerged merged;
      ASSERT_TRUE(merged.ParseFromString(*record.value));
      EXPECT_EQ(merged.merge_id(), merge_id_);
      EXPECT_EQ(record.partition, KafkaPartition(*record.key, engine::kSlots));
      EXPECT_TRUE(told_to.insert(*record.key).second) << "told twice";
    }
    events::v1::CustomerEvent event;
    if (PayloadOf(record).empty() || !event.ParseFromString(*record.value)) continue;
    if (event.source_event_id() == "third" || event.source_event_id() == "fourth") {
      EXPECT_EQ(event.customer_id(), survivor_);
      EXPECT_TRUE(told_to.contains(survivor_)) << event.source_event_id();
      EXPECT_EQ(event.origin_customer_id(), event.source_event_id() == "third" ? survivor_ : absorbed_);
    }
  }
  EXPECT_THAT(told_to, UnorderedElementsAre(survivor_, absorbed_));
}

}  // namespace
}  // namespace tessera::oneid
