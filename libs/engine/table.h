// The rows of one table in one batch. Not thread-safe: one writer owns it.
//
// A key is in one of three states: not loaded, known to be absent, or present. Reading a key that was not loaded is a
// bug and ends the process, so Decide asks Loaded() where a need is known only while deciding. Edits are journalled:
// the engine keeps those of a command that is done and undoes all others.
//
// Pointers and references to rows stay valid until the row is undone or the table is cleared. Row needs operator==.
#pragma once

#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "base/check.h"

namespace tessera::engine {

template <class Key, class Row>
class Table {
 public:
  using KeyType = Key;
  using RowType = Row;

  // True if the key is known to be absent or present.
  bool Loaded(const Key& key) const { return cells_.contains(key); }

  // The row, or null if it is absent. The key must be loaded.
  const Row* Find(const Key& key) const {
    const Cell& cell = Get(key);
    return cell.now ? &*cell.now : nullptr;
  }

  // The row, which must be present.
  const Row& At(const Key& key) const {
    const Row* row = Find(key);
    TESSERA_CHECK(row != nullptr);
    return *row;
  }

  // The row for changing; a loaded absent row is made with Row{}.
  Row& Edit(const Key& key) {
    Cell& cell = Touch(key);
    if (!cell.now) cell.now.emplace();
    return *cell.now;
  }

  // A new row. The key must not be present; it need not be loaded (ids that this command makes).
  Row& Insert(const Key& key, Row row) {
    cells_.try_emplace(key);
    Cell& cell = Touch(key);
    TESSERA_CHECK(!cell.now);
    cell.now.emplace(std::move(row));
    return *cell.now;
  }

  // Removes a loaded row; removing an absent one does nothing.
  void Erase(const Key& key) {
    if (Get(key).now) Touch(key).now.reset();
  }

  // Every present row with lo <= key < hi, in key order: f(key, row). The caller knows that the range was loaded.
  template <class F>
  void Range(const Key& lo, const Key& hi, F f) const {
    for (auto i = cells_.lower_bound(lo); i != cells_.end() && i->first < hi; ++i) {
      if (i->second.now) f(i->first, *i->second.now);
    }
  }

  // Every present row, in key order: f(key, row).
  template <class F>
  void Each(F f) const {
    for (const auto& [key, cell] : cells_) {
      if (cell.now) f(key, *cell.now);
    }
  }

  // ---- for stores ----

  // What the database says of a key: its row, or nullopt if there is none. Ignored if the key is loaded already, so
  // that a second load never overwrites what commands of this batch did.
  void Put(const Key& key, std::optional<Row> row) {
    auto [at, fresh] = cells_.try_emplace(key);
    if (fresh) at->second.now = std::move(row);
  }

  // Every row that differs from the database, in key order: f(key, was, now), both const std::optional<Row>&.
  template <class F>
  void EachDirty(F f) const {
    for (const auto& [key, cell] : cells_) {
      if (cell.dirty && !(cell.was == cell.now)) f(key, cell.was, cell.now);
    }
  }

  // ---- for the engine ----

  void Keep() {
    journal_.clear();
    ++command_;
  }

  void Undo() {
    for (auto i = journal_.rbegin(); i != journal_.rend(); ++i) i->first->second.now = std::move(i->second);
    journal_.clear();
    ++command_;
  }

  // The rows that the present command has touched, as they are now. For comparing two runs of Decide.
  std::vector<std::pair<Key, std::optional<Row>>> Edits() const {
    std::vector<std::pair<Key, std::optional<Row>>> edits;
    for (const auto& [at, before] : journal_) edits.emplace_back(at->first, at->second.now);
    return edits;
  }

  void Clear() {
    journal_.clear();
    cells_.clear();
  }

 private:
  struct Cell {
    std::optional<Row> now;
    std::optional<Row> was;   // what the database says, if dirty
    bool dirty = false;       // touched by any command
    uint64_t touched_by = 0;  // the command that journalled this cell last
  };
  using Cells = std::map<Key, Cell>;

  const Cell& Get(const Key& key) const {
    auto at = cells_.find(key);
    TESSERA_CHECK(at != cells_.end());
    return at->second;
  }

  Cell& Touch(const Key& key) {
    auto at = cells_.find(key);
    TESSERA_CHECK(at != cells_.end());
    Cell& cell = at->second;
    if (cell.touched_by != command_) {
      if (!std::exchange(cell.dirty, true)) cell.was = cell.now;
      journal_.emplace_back(at, cell.now);
      cell.touched_by = command_;
    }
    return cell;
  }

  Cells cells_;  // a node container: references stay valid while rows are added
  std::vector<std::pair<typename Cells::iterator, std::optional<Row>>> journal_;  // as it was before the command
  uint64_t command_ = 1;
};

}  // namespace tessera::engine
