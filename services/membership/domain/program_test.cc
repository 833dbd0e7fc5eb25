// What a program document must fulfil, and how versions follow each other.
#include "absl/strings/str_replace.h"
#include "services/membership/domain/books.h"
#include "services/membership/domain/member_fixture.h"

namespace tessera::membership {
namespace {

std::vector<std::string> MistakesOf(const Program& program) {
  std::vector<std::string> found;
  for (const ProgramMistake& mistake : ValidateProgram(program)) found.push_back(mistake.path + " " + mistake.reason);
  return found;
}

using Mistakes = std::vector<std::string>;

TEST(ProgramTest, ThePetProgramIsValid) { EXPECT_EQ(MistakesOf(PetProgram()), Mistakes{}); }

TEST(ProgramTest, AFilterIsRefusedWithItsPath) {
  Program program = PetProgram();
  program.rules[1].has_filter = true;
  EXPECT_EQ(MistakesOf(program), Mistakes{"earning_rules[1].filter FILTER_UNSUPPORTED"});
}

TEST(ProgramTest, EveryMistakeIsToldInTheOrderOfTheDocument) {
  Program program = PetProgram();
  program.id = "Pet!";
  program.currencies[0].expiry.kind = ExpiryPolicy::Kind::kRolling;
  program.currencies[1].expiry.kind = ExpiryPolicy::Kind::kRolling;
  program.currencies[1].name = "points";
  program.tiers[0].threshold = 1;
  program.tiers[2].threshold = 200;
  program.tier_policy->currency_name = "gold";
  program.rules[0].trigger_name = "order.lost";
  program.rules[0].per = 0;
  program.rules[1].id = program.rules[0].id;
  EXPECT_EQ(MistakesOf(program),
            (Mistakes{"program_id NAME_INVALID", "currencies[0].expiry ONE_OF", "currencies[1].name NAME_TWICE",
                      "currencies[1].expiry.kind NOT_ALLOWED", "tiers[0].threshold OUT_OF_RANGE",
                      "tiers[2].threshold OUT_OF_RANGE", "tier_policy.qualifying_currency CURRENCY_UNKNOWN",
                      "earning_rules[0].trigger EVENT_UNKNOWN", "earning_rules[0].base NOT_ALLOWED",
                      "earning_rules[0].per OUT_OF_RANGE", "earning_rules[1].rule_id NAME_TWICE",
                      "earning_rules[1].currency CURRENCY_UNKNOWN"}));
}

TEST(ProgramTest, OnlyOrdersHaveLines) {
  Program program = PetProgram();
  program.rules[0].trigger_name = "review.posted";
  EXPECT_EQ(MistakesOf(program), Mistakes{"earning_rules[0].base NOT_ALLOWED"});
  program.rules[0].base = EarningRule::Base::kFixed;
  program.rules[0].per = 0;
  EXPECT_EQ(MistakesOf(program), Mistakes{});
}

TEST(ProgramTest, NothingIsTakenWithoutEffect) {
  const auto expiry_mistakes = [](ExpiryPolicy::Kind kind, CurrencyKind of = CurrencyKind::kPoints) {
    Program program = PetProgram();
    program.currencies[0].kind = of;
    program.currencies[0].negative = {};
    program.currencies[0].expiry = {kind, 1, 1, ExpiryPolicy::RoundTo::kDay, {{1, 1}}, 1, AnyEvent(), 1, 1};
    std::string found;
    for (const std::string& mistake : MistakesOf(program)) absl::StrAppend(&found, mistake, ",");
    return absl::StrReplaceAll(found, {{"currencies[0].expiry", ""}, {" NOT_ALLOWED", ""}});
  };
  const char* const all = ".days,.months,.round_to,.dates,.after_years,.activities,.reinstate_days,.warn_days,";
  EXPECT_EQ(expiry_mistakes(ExpiryPolicy::Kind::kNone), all);
  EXPECT_EQ(expiry_mistakes(ExpiryPolicy::Kind::kNone, CurrencyKind::kGrowth), all);
  EXPECT_EQ(expiry_mistakes(ExpiryPolicy::Kind::kRolling), " ONE_OF,.dates,.after_years,.activities,");
  EXPECT_EQ(expiry_mistakes(ExpiryPolicy::Kind::kCalendar), ".days,.months,.round_to,.activities,");
  EXPECT_EQ(expiry_mistakes(ExpiryPolicy::Kind::kSliding), " ONE_OF,.dates,.after_years,.warn_days,");

  Program program = PetProgram();
  program.currencies[1].negative.kind = NegativePolicy::Kind::kDebt;
  program.tier_policy->downgrade = TierPolicy::Downgrade::kNone;
  program.tier_policy->grace_days = program.tier_policy->hold_months = 1;
  EarningRule& rule = program.rules[0];
  rule.trigger_name = "review.posted";
  rule.base = EarningRule::Base::kFixed;
  rule.per = 0;
  rule.rounding = EarningRule::Rounding::kCeil;
  rule.activation = {ActivationPolicy::Kind::kOnOrderCompleted, 7};
  rule.excluded_codes = rule.excluded_categories = rule.excluded_tags = {"a"};
  EXPECT_EQ(
      MistakesOf(program),
      (Mistakes{"currencies[1].negative.kind NOT_ALLOWED", "tier_policy.grace_days NOT_ALLOWED",
                "tier_policy.hold_months NOT_ALLOWED", "earning_rules[0].rounding NOT_ALLOWED",
                "earning_rules[0].activation.kind NOT_ALLOWED", "earning_rules[0].excluded_codes NOT_ALLOWED",
                "earning_rules[0].excluded_categories NOT_ALLOWED", "earning_rules[0].excluded_tags NOT_ALLOWED"}));
  program = PetProgram();
  program.rules[0].base = EarningRule::Base::kFixed;  // of an order: its lines share the points
  program.rules[0].per = 0;
  program.rules[0].excluded_codes = {"a"};
  EXPECT_EQ(MistakesOf(program), Mistakes{});
}

TEST(ProgramTest, LevelsAreFromTheirThresholdOn) {
  const Program program = PetProgram();
  EXPECT_EQ(program.LevelOf(-5), 1);
  EXPECT_EQ(program.LevelOf(199), 1);
  EXPECT_EQ(program.LevelOf(200), 2);
  EXPECT_EQ(program.LevelOf(1'000'000), 5);
  EXPECT_EQ(program.TierIdOf(5), "V5");
  EXPECT_EQ(program.TierIdOf(6), "");
  EXPECT_EQ(Program().LevelOf(10), 0);
}

class ProgramVersionTest : public MemberTest {};

TEST_F(ProgramVersionTest, AnUnknownBrandIsRefused) {
  EXPECT_EQ(ReasonOf(world.Run(PutProgram{{"other"}, PetProgram(), "{}", {}})),
            Refused(Reason::kBrandUnknown, "brand_id"));
}

TEST_F(ProgramVersionTest, AnInvalidProgramIsRefusedWithItsFirstMistake) {
  Program program = PetProgram();
  program.rules[1].has_filter = true;
  const Outcome outcome = world.Run(PutProgram{World::kBrand, program, "{}", {}});
  EXPECT_EQ(ReasonOf(outcome), Refused(Reason::kProgramInvalid, "program.earning_rules[1].filter"));
  EXPECT_EQ(std::get<Refusal>(outcome).detail, "FILTER_UNSUPPORTED: conditions do not exist yet");
}

TEST_F(ProgramVersionTest, CurrenciesAndRulesKeepTheirNumbers) {
  world.PutProgram(PetProgram());
  Program program = PetProgram();
  std::swap(program.currencies[0], program.currencies[1]);
  program.currencies.insert(program.currencies.begin(), {"green", CurrencyKind::kGreen});
  world.PutProgram(program);
  EXPECT_EQ(world.tables.brand.At(World::kBrand).names.currencies,
            (std::vector<std::string>{"points", "growth", "green"}));
  PayPounds(1, "o1", 10);
  EXPECT_EQ(Available(1), 10);
}

TEST_F(ProgramVersionTest, AVersionPutAtOnceIsInForceThoughTheClockIsBehindThatOfTheLastOne) {
  const absl::Time behind = world.now;
  world.now += absl::Minutes(1);
  const absl::Time ahead = world.now;
  EXPECT_TRUE(IsDone(world.Run(PutProgram{World::kBrand, PetProgram(), "{}", {}})));
  EXPECT_TRUE(IsDone(world.Run(PutProgram{World::kBrand, PetProgram(), "{}", ahead + absl::Hours(1)})));
  world.now = behind;
  EXPECT_TRUE(IsDone(world.Run(PutProgram{World::kBrand, PetProgram(), "{}", {}})));
  EXPECT_EQ(ProgramAt(world.tables, World::kBrand, ahead).version, 3);
  EXPECT_EQ(ProgramAt(world.tables, World::kBrand, ahead + absl::Hours(1)).version, 2);
}

TEST_F(ProgramVersionTest, AnotherProgramOrAnotherKindOfACurrencyIsRefused) {
  world.PutProgram(PetProgram());
  Program program = PetProgram();
  program.id = "other";
  EXPECT_EQ(ReasonOf(world.Run(PutProgram{World::kBrand, program, "{}", {}})),
            Refused(Reason::kProgramOther, "program.program_id"));
  program = PetProgram();
  program.currencies[0].expiry.kind = ExpiryPolicy::Kind::kSliding;
  program.currencies[0].expiry.days = 10;
  EXPECT_EQ(ReasonOf(world.Run(PutProgram{World::kBrand, program, "{}", {}})),
            Refused(Reason::kCurrencyFixed, "program.currencies[0]"));
}

TEST_F(ProgramVersionTest, AnOlderBrandChangeIsIgnoredAndANewerOneWakes) {
  BrandChanged change = {World::kBrand, "group", "Europe/London", "GB", "GBP", 1, {}};
  EXPECT_TRUE(IsDone(world.Run(change)));
  EXPECT_EQ(world.tables.brand.At(World::kBrand).time_zone, "UTC");
  change.version = 2;
  ASSERT_TRUE(absl::LoadTimeZone(change.time_zone, &change.zone));
  EXPECT_TRUE(IsDone(world.Run(change)));
  EXPECT_EQ(world.tables.brand.At(World::kBrand).time_zone, "Europe/London");
  EXPECT_EQ(world.wakes, std::vector<engine::WaitKey>{{"brand/pets"}});
}

}  // namespace
}  // namespace tessera::membership
