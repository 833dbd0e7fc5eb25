// A table for people: columns under headings, numbers to the right. Plain value.
#pragma once

#include <string>
#include <vector>

namespace tessera::cli {

class Table {
 public:
  enum class Align { kLeft, kRight };
  struct Column {
    std::string heading;
    Align align = Align::kLeft;
  };

  explicit Table(std::vector<Column> columns) : columns_(std::move(columns)) {}

  // As many cells as columns. Control characters are shown as "?", so that what strangers wrote cannot steer a
  // terminal.
  void Add(std::vector<std::string> cells);

  bool empty() const { return rows_.empty(); }

  // The headings and the rows, each ended by a line break; no blanks at the end of a line.
  std::string Text() const;

 private:
  std::vector<Column> columns_;
  std::vector<std::vector<std::string>> rows_;
};

// Names and values, one pair a line.
std::string Pairs(const std::vector<std::pair<std::string, std::string>>& pairs);

}  // namespace tessera::cli
