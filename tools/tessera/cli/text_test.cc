#include "tools/tessera/cli/text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/status.h"

namespace tessera::cli {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

TEST(TextTest, NumbersAreGrouped) {
  EXPECT_EQ(Grouped(0), "0");
  EXPECT_EQ(Grouped(999), "999");
  EXPECT_EQ(Grouped(1000), "1,000");
  EXPECT_EQ(Grouped(-1000), "-1,000");
  EXPECT_EQ(Grouped(-100), "-100");
  EXPECT_EQ(Grouped(INT64_MIN), "-9,223,372,036,854,775,808");
}

TEST(TextTest, WhatCannotBePrintedIsShown) {
  EXPECT_EQ(Printable("a\tb\x7f\xc2\x85"), "a?b??");
  EXPECT_EQ(Printable("\xe5\xae\xa2 \xff \xe5\xae"), "客 ? ??");
  EXPECT_EQ(Printable("\xc0\x80 \xed\xa0\x80"), "?? ???");  // overlong; a half of a pair
  EXPECT_EQ(Printable("\xe2\x80\xae"), "?");                // turns the direction of writing
}

TEST(TextTest, Times) {
  google::protobuf::Timestamp time;
  EXPECT_EQ(TimeText(time), "");
  time.set_seconds(1'700'000'000);
  EXPECT_EQ(TimeText(time), "2023-11-14 22:13:20Z");
}

TEST(TextTest, EnumsLoseTheirPrefix) {
  EXPECT_EQ(EnumText("ENTRY_KIND_CLAWED_BACK", "ENTRY_KIND_"), "clawed_back");
  EXPECT_EQ(EnumText("OTHER", "ENTRY_KIND_"), "other");
}

TEST(TextTest, TheBarIsFullAtTheEnd) {
  EXPECT_EQ(ProgressBar("x", 500, 1000, absl::Seconds(2)),
            "x [###############...............]  50 %  500 of 1,000  250/s");
  EXPECT_EQ(ProgressBar("x", 0, 0, absl::ZeroDuration()), "x [##############################] 100 %  0 of 0  0/s");
}

TEST(TextTest, AnErrorNamesCodeReasonFieldAndWhatToDo) {
  const std::string text = ErrorText(InvalidField("lines[2].quantity", "must be positive"));
  EXPECT_EQ(text,
            "error: INVALID_ARGUMENT FIELD_INVALID: lines[2].quantity: must be positive\n"
            "  field: lines[2].quantity\n"
            "  to do: correct the request\n");
  EXPECT_THAT(ErrorText(Overloaded("full", absl::Milliseconds(250))), HasSubstr("  retry after: 250ms\n"));
  EXPECT_THAT(ErrorText(absl::UnavailableError("gone")),
              AllOf(HasSubstr("error: UNAVAILABLE: gone"), HasSubstr("same request_id")));
  EXPECT_EQ(ErrorText(absl::NotFoundError("one of\n\n  a\x1b\nto do: b\n")),
            "error: NOT_FOUND: one of\n      a?\n    to do: b\n");
  EXPECT_THAT(ErrorText(absl::NotFoundError("no\x1b[m")), AllOf(HasSubstr("no?[m"), Not(HasSubstr("to do"))));
}

}  // namespace
}  // namespace tessera::cli
