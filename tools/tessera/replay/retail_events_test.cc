#include "tools/tessera/replay/retail_events.h"

#include <gtest/gtest.h>
#include <zlib.h>

namespace tessera::replay {
namespace {

OrderLineRow Row(std::string invoice, std::string stock, int64_t quantity, std::string customer, int64_t price = 250,
                 int minute = 0) {
  return {std::move(invoice),
          std::move(stock),
          std::move(customer),
          quantity,
          absl::CivilSecond(2011, 12, 9, 12, minute, 0),
          price,
          2};
}

TEST(OrderLines, RoundsHalfUpOncePerLine) {
  OrderLineRow row = Row("1", "A", 1, "c");
  row.price_scaled = 1005;
  row.price_digits = 3;  // 1.005
  EXPECT_EQ(AmountMinor(row), 101);
  row.price_scaled = 1004;
  EXPECT_EQ(AmountMinor(row), 100);
}

TEST(OrderLines, ReadsTheFileAsTheShopWroteIt) {
  const std::string path = ::testing::TempDir() + "/order_lines_test.csv.gz";
  gzFile file = gzopen(path.c_str(), "wb");
  gzputs(file,
         "invoice_no,stock_code,description,quantity,invoice_ts,unit_price,customer_id,country\n"
         "C5,85A,\"BOX, RED\",-6,2010-12-01 08:26:00,2.55,17850,United Kingdom\n"
         "536366,POST,,1,2010-12-01 08:28:00,18,,France\n");
  gzclose(file);
  const auto rows = ReadOrderLines(path);
  ASSERT_TRUE(rows.ok()) << rows.status();
  ASSERT_EQ(rows->size(), 2u);
  EXPECT_EQ(rows->at(0).invoice_no + rows->at(0).stock_code + rows->at(0).customer_id, "C585A17850");
  EXPECT_EQ(rows->at(0).quantity, -6);
  EXPECT_EQ(rows->at(0).time, absl::CivilSecond(2010, 12, 1, 8, 26, 0));
  EXPECT_EQ(rows->at(0).price_scaled, 255);
  EXPECT_EQ(rows->at(0).price_digits, 2);
  EXPECT_EQ(rows->at(1).price_scaled, 18);
  EXPECT_EQ(rows->at(1).customer_id, "");
  EXPECT_EQ(ReadOrderLines(path + ".none").status().code(), absl::StatusCode::kNotFound);
}

TEST(OrderLines, SplitsQuotedFields) {
  EXPECT_EQ(SplitCsv("a,\"b, \"\"c\"\"\",,d"), (std::vector<std::string>{"a", "b, \"c\"", "", "d"}));
}

TEST(RetailEvents, TheLastRowFallsInTheWeekBeforeTheAnchorOnItsWeekday) {
  const RetailEvents made = MakeRetailEvents({Row("536365", "A", 1, "")}, absl::CivilDay(2026, 11, 22));
  // 2011-12-09 was a Friday; so is 2026-11-20.
  EXPECT_EQ(made.events.at(0).time, absl::FromCivil(absl::CivilSecond(2026, 11, 20, 12, 0, 0), absl::UTCTimeZone()));
}

TEST(RetailEvents, ACancellationTakesTheLatestOrderAndItsHighestLineFirst) {
  const RetailEvents made = MakeRetailEvents(
      {Row("100", "A", 3, "7"), Row("101", "A", 2, "7"), Row("101", "A", 1, "7"), Row("C9", "A", -4, "7"),
       Row("C9", "A", -9, "7"), Row("C8", "B", -1, "7"), Row("C7", "A", -1, "")},
      absl::CivilDay(2026, 11, 22));
  std::vector<std::string> refunds;
  for (const auto& event : made.events) {
    if (!event.event.has_order_refunded()) continue;
    std::string text = event.id;
    for (const auto& line : event.event.order_refunded().lines()) {
      text += " " + std::to_string(line.line()) + ":" + std::to_string(line.pieces());
    }
    refunds.push_back(text);
  }
  EXPECT_EQ(refunds, (std::vector<std::string>{"or-ref-C9-101 0:2 1:1", "or-ref-C9-100 0:3"}));
  EXPECT_EQ(made.unmatched_pieces, 7 + 1 + 1);
}

TEST(RetailEvents, SkipsLinesWithoutQuantityOrPriceAndInvoicesOfA) {
  const RetailEvents made = MakeRetailEvents(
      {Row("100", "A", 0, "7"), Row("100", "B", 1, "7", 0), Row("A1", "C", 1, "7"), Row("101", "D", 1, "")},
      absl::CivilDay(2026, 11, 22));
  EXPECT_EQ(made.skipped_lines, 2);
  ASSERT_EQ(made.events.size(), 1u);
  EXPECT_EQ(made.events[0].key, "anon-101");
}

TEST(RetailEvents, BindsAnAccountOnce) {
  std::vector<OrderLineRow> rows;
  for (int i = 0; i < 12; ++i) rows.push_back(Row(std::to_string(500 + i), "A", 1, "7", 250, i));
  const RetailEvents made = MakeRetailEvents(rows, absl::CivilDay(2026, 11, 22));
  int bindings = 0;
  for (const auto& event : made.events) {
    if (!event.event.has_account_bound()) continue;
    ++bindings;
    EXPECT_EQ(event.event.identifiers(1).value(), "13800000007");
    EXPECT_EQ(event.id, "or-bind-" + event.key);
  }
  EXPECT_EQ(bindings, made.bindings);
  EXPECT_GT(bindings, 0);
  EXPECT_LE(bindings, 4);
}

}  // namespace
}  // namespace tessera::replay
