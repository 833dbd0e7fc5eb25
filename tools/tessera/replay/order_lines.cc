#include "tools/tessera/replay/order_lines.h"

#include <zlib.h>

#include <algorithm>
#include <memory>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

namespace tessera::replay {
namespace {

constexpr int kColumns = 8;  // invoice_no,stock_code,description,quantity,invoice_ts,unit_price,customer_id,country

struct CloseFile {
  void operator()(gzFile file) const { gzclose(file); }
};

bool ParsePrice(const std::string& text, OrderLineRow& row) {
  std::string digits = text;
  if (const size_t point = digits.find('.'); point != std::string::npos) {
    row.price_digits = static_cast<int>(digits.size() - point - 1);
    digits.erase(point, 1);
  }
  return absl::SimpleAtoi(digits, &row.price_scaled);
}

bool ParseRow(const std::string& line, OrderLineRow& row) {
  std::vector<std::string> fields = SplitCsv(line);
  if (fields.size() != kColumns) return false;
  row.invoice_no = std::move(fields[0]);
  row.stock_code = std::move(fields[1]);
  row.customer_id = std::move(fields[6]);
  std::replace(fields[4].begin(), fields[4].end(), ' ', 'T');  // "2010-12-01 08:26:00", as Abseil reads it
  return absl::SimpleAtoi(fields[3], &row.quantity) && absl::ParseCivilTime(fields[4], &row.time) &&
         ParsePrice(fields[5], row);
}

}  // namespace

std::vector<std::string> SplitCsv(const std::string& line) {
  std::vector<std::string> fields(1);
  bool quoted = false;
  for (size_t i = 0; i < line.size(); ++i) {
    const char c = line[i];
    if (quoted && c == '"' && i + 1 < line.size() && line[i + 1] == '"') {
      fields.back() += line[++i];
    } else if (c == '"') {
      quoted = !quoted;
    } else if (c == ',' && !quoted) {
      fields.emplace_back();
    } else {
      fields.back() += c;
    }
  }
  return fields;
}

absl::StatusOr<std::vector<OrderLineRow>> ReadOrderLines(const std::string& path) {
  std::unique_ptr<gzFile_s, CloseFile> file(gzopen(path.c_str(), "rb"));
  if (file == nullptr) return absl::NotFoundError("cannot read " + path);
  gzbuffer(file.get(), 1 << 18);
  std::vector<OrderLineRow> rows;
  char buffer[4096];
  for (int64_t number = 1; gzgets(file.get(), buffer, sizeof(buffer)) != nullptr; ++number) {
    std::string line = buffer;
    while (!line.empty() && (line.back() == '\n' || line.back() == '\r')) line.pop_back();
    if (number == 1 || line.empty()) continue;  // the header
    OrderLineRow row;
    if (!ParseRow(line, row)) return absl::InvalidArgumentError(absl::StrCat(path, ": line ", number, " is malformed"));
    rows.push_back(std::move(row));
  }
  return rows;
}

int64_t AmountMinor(const OrderLineRow& row) {
  int64_t divisor = 1;
  for (int i = 0; i < row.price_digits; ++i) divisor *= 10;
  return (2 * row.quantity * row.price_scaled * 100 + divisor) / (2 * divisor);  // half up; the amount is positive
}

}  // namespace tessera::replay
