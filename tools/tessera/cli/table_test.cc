#include "tools/tessera/cli/table.h"

#include <gtest/gtest.h>

namespace tessera::cli {
namespace {

TEST(TableTest, ColumnsAreAlignedWithoutBlanksAtTheEnd) {
  Table table({{"NAME"}, {"POINTS", Table::Align::kRight}, {"TIER"}});
  EXPECT_TRUE(table.empty());
  table.Add({"a", "1,234,567", "V1"});
  table.Add({"longer", "7", ""});
  EXPECT_EQ(table.Text(),
            "NAME       POINTS  TIER\n"
            "a       1,234,567  V1\n"
            "longer          7\n");
}

TEST(TableTest, WideCharactersTakeTwoColumnsAndControlsAreShown) {
  Table table({{"A"}, {"B"}});
  table.Add({"客户", "x"});
  table.Add({"\x1b[2J", "y\nz"});
  EXPECT_EQ(table.Text(),
            "A     B\n"
            "客户  x\n"
            "?[2J  y?z\n");
}

TEST(TableTest, PairsAreInTwoColumns) {
  EXPECT_EQ(Pairs({{"a", "1"}, {"longer", "2\r"}, {"none", ""}}), "a       1\nlonger  2?\nnone\n");
}

}  // namespace
}  // namespace tessera::cli
