// What a batch holds: its rows, which ranges of them are known completely, and what its commands still need.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "engine/outcome.h"
#include "engine/table.h"
#include "services/membership/domain/rows.h"

namespace tessera::membership {

// Rows of a side that are read in their order, as many as are asked for.
struct RangeKey {
  enum class Kind : uint8_t {
    kActiveLots,   // of one currency, by (expiry, lot id)
    kPendingLots,  // of all currencies (currency 0), by (activation, lot id)
    kOpenHolds,    // of all currencies (currency 0), by (end, hold id)
  };
  Kind kind = Kind::kActiveLots;
  MemberKey side;
  CurrencyNo currency = 0;

  auto operator<=>(const RangeKey&) const = default;
};

// How far a range is loaded: every row of the database up to and with (time, id) is in its table.
struct Frontier {
  int32_t count = 0;      // how many were asked for
  bool complete = false;  // there are no others
  absl::Time time = absl::InfinitePast();
  Uuid id;

  bool operator==(const Frontier&) const = default;
};

// Which ranges are loaded. Facts of loading, not of the domain: commands never change them, so nothing is journalled.
class Ranges {
 public:
  // Null if nothing of the range is loaded.
  const Frontier* Find(const RangeKey& key) const {
    auto at = frontiers_.find(key);
    return at == frontiers_.end() ? nullptr : &at->second;
  }
  bool HasChildren(const LotKey& origin) const { return children_.contains(origin); }
  bool HasGrowth(const MemberKey& side) const { return growth_.contains(side); }
  // The enrolled roots of a brand after an id, a page of them; null if not loaded.
  const std::vector<CustomerId>* FindPage(const BrandId& brand, const CustomerId& after) const {
    auto at = pages_.find({after, brand});
    return at == pages_.end() ? nullptr : &at->second;
  }

  // ---- for stores ----
  void Set(const RangeKey& key, const Frontier& frontier) { frontiers_[key] = frontier; }
  void SetChildren(const LotKey& origin) { children_.insert(origin); }
  void SetGrowth(const MemberKey& side) { growth_.insert(side); }
  void SetPage(const BrandId& brand, const CustomerId& after, std::vector<CustomerId> page) {
    pages_[{after, brand}] = std::move(page);
  }

  // ---- for the engine, as of a table ----
  void Keep() {}
  void Undo() {}
  void Clear() { *this = Ranges(); }
  std::tuple<> Edits() const { return {}; }

 private:
  std::map<RangeKey, Frontier> frontiers_;
  std::set<LotKey> children_;
  std::set<MemberKey> growth_;
  std::map<MemberKey, std::vector<CustomerId>> pages_;
};

struct Tables {
  engine::Table<BrandId, Brand> brand;
  engine::Table<ProgramKey, ProgramVersion> program;  // all versions of a loaded brand
  engine::Table<MemberKey, Member> member;            // with a side, its root and all of the root's sides
  engine::Table<MergeId, AppliedMerge> merge;
  engine::Table<OrderKey, Order> order;  // with the lots of its awards
  engine::Table<LotKey, Lot> lot;        // with the lot that its points first came from
  engine::Table<HoldKey, Hold> hold;     // with the lots of its parts
  engine::Table<TransferKey, Transfer> transfer;
  engine::Table<GrowthKey, int64_t> growth;
  Ranges ranges;

  auto Tie() { return std::tie(brand, program, member, merge, order, lot, hold, transfer, growth, ranges); }
};

// A purchase of points, for reading lots ahead of the decision.
struct Spending {
  MemberKey customer;
  std::string currency;

  auto operator<=>(const Spending&) const = default;
};

struct Need {
  std::set<engine::WaitKey> wakes;

  std::set<BrandId> brands;          // with their programs
  std::set<BrandId> changed_brands;  // whose rows a command changes
  std::set<MemberKey> members;       // as named: sides, with their roots and all sides of these
  std::set<OrderKey> orders;         // with owner, lots and these lots' children
  std::set<MergeId> merges;
  std::set<HoldKey> holds;  // under any side of the customer that the key names
  std::set<Spending> spendings;
  std::map<RangeKey, int32_t> ranges;  // how many rows
  std::set<LotKey> lots;
  std::set<LotKey> children_of;
  std::set<BrandId> growth_of;               // growth days of all members, though no stored program asks for them
  std::map<BrandId, CustomerId> page_after;  // the next page of members to judge by a new program version
  std::set<MemberKey> merging;               // whose roots a merge may wake

  // Discovered, and checked again under the locks.
  std::map<MemberKey, std::optional<CustomerId>> roots;  // nullopt: there is no such row
  std::map<BrandId, std::vector<CustomerId>> pages;

  void Merge(const Need& other);
  // True if something needs a lock that `held` lacks.
  bool WantsLocksBeyond(const Need& held) const;
};

}  // namespace tessera::membership
