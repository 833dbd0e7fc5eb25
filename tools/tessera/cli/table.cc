#include "tools/tessera/cli/table.h"

#include <algorithm>

#include "base/check.h"
#include "tools/tessera/cli/text.h"

namespace tessera::cli {
namespace {

void AppendCell(const std::string& cell, size_t width, Table::Align align, std::string& line) {
  const std::string blanks(width - std::min(width, Width(cell)), ' ');
  line += align == Table::Align::kRight ? blanks + cell : cell + blanks;
}

void EndLine(std::string& line, std::string& text) {
  line.erase(line.find_last_not_of(' ') + 1);
  text += line + '\n';
  line.clear();
}

}  // namespace

void Table::Add(std::vector<std::string> cells) {
  TESSERA_CHECK(cells.size() == columns_.size());
  for (std::string& cell : cells) cell = Printable(cell);
  rows_.push_back(std::move(cells));
}

std::string Table::Text() const {
  std::vector<size_t> widths;
  for (size_t i = 0; i < columns_.size(); ++i) {
    size_t width = Width(columns_[i].heading);
    for (const auto& row : rows_) width = std::max(width, Width(row[i]));
    widths.push_back(width);
  }
  std::string text, line;
  for (size_t i = 0; i < columns_.size(); ++i) {
    if (i > 0) line += "  ";
    AppendCell(columns_[i].heading, widths[i], columns_[i].align, line);
  }
  EndLine(line, text);
  for (const auto& row : rows_) {
    for (size_t i = 0; i < row.size(); ++i) {
      if (i > 0) line += "  ";
      AppendCell(row[i], widths[i], columns_[i].align, line);
    }
    EndLine(line, text);
  }
  return text;
}

std::string Pairs(const std::vector<std::pair<std::string, std::string>>& pairs) {
  size_t width = 0;
  for (const auto& [name, value] : pairs) width = std::max(width, Width(name));
  std::string text;
  for (const auto& [name, value] : pairs) {
    std::string line = name + std::string(width - Width(name) + 2, ' ') + Printable(value);
    EndLine(line, text);
  }
  return text;
}

}  // namespace tessera::cli
