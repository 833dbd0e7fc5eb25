#include "tools/tessera/cli/arguments.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tessera::cli {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

Syntax Sample() {
  return {.words = "points entries",
          .summary = "Lists.",
          .positionals = {{"customer", "whom"}, {"more", "others", Count::kAny}},
          .options = {{"limit", "N", "how many"}, {"all", "", "everything"}, {"brand", "ID", "brands"}},
          .example = "points entries 17"};
}

std::string MistakeIn(const std::vector<std::string>& words) {
  return std::string(Arguments::Parse(Sample(), words).status().message());
}

TEST(ArgumentsTest, WordsAndOptionsInAnyOrder) {
  const auto arguments = Arguments::Parse(Sample(), {"--limit=3", "a", "--all", "--brand", "x", "b", "--brand", "y=z"});
  ASSERT_TRUE(arguments.ok()) << arguments.status();
  EXPECT_THAT(arguments->words(), ElementsAre("a", "b"));
  EXPECT_THAT(arguments->All("brand"), ElementsAre("x", "y=z"));
  EXPECT_EQ(arguments->Text("brand"), "y=z");
  EXPECT_EQ(*arguments->Number("limit", 50, 1, 100), 3);
  EXPECT_TRUE(arguments->Has("all"));
  EXPECT_FALSE(arguments->Has("json"));
  EXPECT_EQ(arguments->Text("json", "none"), "none");
}

TEST(ArgumentsTest, ADashAloneAndAllAfterTwoDashesAreWords) {
  EXPECT_THAT(Arguments::Parse(Sample(), {"-", "--", "--all", "-x"})->words(), ElementsAre("-", "--all", "-x"));
}

TEST(ArgumentsTest, MistakesAreNamed) {
  EXPECT_THAT(MistakeIn({}), HasSubstr("customer is missing"));
  EXPECT_THAT(MistakeIn({"a", "--nothing"}), HasSubstr("no option --nothing"));
  EXPECT_THAT(MistakeIn({"a", "-l"}), HasSubstr("no option -l"));
  EXPECT_THAT(MistakeIn({"a", "--limit"}), HasSubstr("--limit needs a value: N"));
  EXPECT_THAT(MistakeIn({"a", "--all=1"}), HasSubstr("--all takes no value"));
  Syntax one = Sample();
  one.positionals.pop_back();
  EXPECT_THAT(std::string(Arguments::Parse(one, {"a", "b"}).status().message()), HasSubstr("takes 1 words, not 2"));
}

TEST(ArgumentsTest, NumbersAreWholeAndInRange) {
  for (const char* text : {"0", "101", "1.5", "x", "", "99999999999999999999"}) {
    const auto arguments = Arguments::Parse(Sample(), {"a", "--limit", text});
    EXPECT_EQ(arguments->Number("limit", 50, 1, 100).status().code(), absl::StatusCode::kInvalidArgument) << text;
  }
  EXPECT_EQ(*Arguments::Parse(Sample(), {"a"})->Number("limit", 50, 1, 100), 50);
}

TEST(ArgumentsTest, HelpNeedsNoWords) {
  for (const char* word : {"--help", "-h"}) {
    EXPECT_TRUE(Arguments::Parse(Sample(), {word})->Has("help")) << word;
  }
  const std::string help = HelpText(Sample());
  EXPECT_THAT(help, HasSubstr("usage: tessera points entries CUSTOMER [MORE...] [OPTIONS]\n"));
  EXPECT_THAT(help, HasSubstr("\n  --limit N   how many\n"));
  EXPECT_THAT(help, HasSubstr("\nexample:\n  tessera points entries 17\n"));
}

}  // namespace
}  // namespace tessera::cli
