// The rows of the real shop's file. Pure but for reading the file.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/civil_time.h"

namespace tessera::replay {

// One row of online_retail.csv.gz.
struct OrderLineRow {
  std::string invoice_no, stock_code, customer_id;  // customer_id is "" where the row has none
  int64_t quantity = 0;
  absl::CivilSecond time;    // wall time of the shop
  int64_t price_scaled = 0;  // unit price x 10^price_digits
  int price_digits = 0;
};

// NotFound if the file cannot be read; InvalidArgument naming the line of a malformed row.
absl::StatusOr<std::vector<OrderLineRow>> ReadOrderLines(const std::string& path);

// quantity x unit price in pence, rounded half up, by exact decimal arithmetic.
int64_t AmountMinor(const OrderLineRow& row);

// The fields of one CSV line (RFC 4180 quoting, no line breaks inside fields).
std::vector<std::string> SplitCsv(const std::string& line);

}  // namespace tessera::replay
