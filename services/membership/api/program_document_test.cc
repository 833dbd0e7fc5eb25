#include "services/membership/api/program_document.h"

#include <gtest/gtest.h>

namespace tessera::membership::api {
namespace {

std::vector<std::string> MistakesOf(const v1::Program& document) {
  std::vector<std::string> found;
  for (const ProgramMistake& mistake : ValidateProgram(FromProto(document))) {
    found.push_back(mistake.path + " " + mistake.reason);
  }
  return found;
}

v1::Program Minimal() {
  v1::Program document;
  document.set_program_id("pet");
  auto* currency = document.add_currencies();
  currency->set_name("points");
  currency->set_kind(v1::Currency::KIND_POINTS);
  return document;
}

using Mistakes = std::vector<std::string>;

TEST(ProgramDocumentTest, EverythingSaidIsRead) {
  v1::Program document = Minimal();
  auto* currency = document.mutable_currencies(0);
  currency->mutable_expiry()->set_kind(v1::ExpiryPolicy::KIND_SLIDING);
  currency->mutable_expiry()->set_months(12);
  currency->mutable_expiry()->set_round_to(v1::ExpiryPolicy::ROUND_TO_MONTH);
  currency->mutable_expiry()->add_activities("check_in.done");
  currency->mutable_activation()->set_kind(v1::ActivationPolicy::KIND_ON_ORDER_COMPLETED);
  currency->mutable_activation()->set_days(30);
  currency->mutable_negative()->set_kind(v1::NegativePolicy::KIND_NEGATIVE_TO);
  currency->mutable_negative()->set_limit(50);
  auto* rule = document.add_earning_rules();
  rule->set_rule_id("r");
  rule->set_trigger("order.completed");
  rule->set_base(v1::EarningRule::BASE_ORDER_PAID);
  rule->set_points(3);
  rule->set_per(100);
  rule->set_rounding(v1::EarningRule::ROUNDING_CEIL);
  rule->set_currency("points");
  rule->add_excluded_codes("POST");
  document.add_enrol_on("order.paid");
  EXPECT_EQ(MistakesOf(document), Mistakes{});

  const Program program = FromDocument(ToDocument(document));
  const Currency& read = program.currencies[0];
  EXPECT_TRUE(read.slides());
  EXPECT_EQ(read.expiry.months, 12);
  EXPECT_EQ(read.expiry.round_to, ExpiryPolicy::RoundTo::kMonth);
  EXPECT_TRUE(read.expiry.activities.test(static_cast<size_t>(EventType::kCheckInDone)));
  EXPECT_EQ(read.activation.kind, ActivationPolicy::Kind::kOnOrderCompleted);
  EXPECT_EQ(read.negative.limit, 50);
  EXPECT_EQ(program.rules[0].trigger, EventType::kOrderCompleted);
  EXPECT_EQ(program.rules[0].base, EarningRule::Base::kOrderPaid);
  EXPECT_EQ(program.rules[0].rounding, EarningRule::Rounding::kCeil);
  EXPECT_TRUE(program.rules[0].excluded_codes.contains("POST"));
  EXPECT_TRUE(program.enrol_on.test(static_cast<size_t>(EventType::kOrderPaid)));
  EXPECT_FALSE(program.enrol_on.test(static_cast<size_t>(EventType::kPageViewed)));
}

TEST(ProgramDocumentTest, WhatDoesNotExistIsNamed) {
  v1::Program document = Minimal();
  document.mutable_currencies(0)->mutable_expiry()->set_kind(static_cast<v1::ExpiryPolicy::Kind>(99));
  document.add_enrol_on("order.eaten");
  auto* rule = document.add_earning_rules();
  rule->set_rule_id("r");
  rule->set_trigger("order.paid");
  rule->set_filter("true");
  rule->set_rounding(static_cast<v1::EarningRule::Rounding>(99));
  rule->set_points(1);
  rule->set_per(1);
  rule->set_currency("points");
  EXPECT_EQ(MistakesOf(document),
            (Mistakes{"earning_rules[0].filter FILTER_UNSUPPORTED", "currencies[0].expiry.kind VALUE_UNKNOWN",
                      "earning_rules[0].rounding VALUE_UNKNOWN", "enrol_on[0] EVENT_UNKNOWN"}));
}

TEST(ProgramDocumentTest, AnyStandsForEveryEvent) {
  v1::Program document = Minimal();
  document.add_enrol_on("any");
  EXPECT_TRUE(FromProto(document).enrol_on.all());
}

}  // namespace
}  // namespace tessera::membership::api
