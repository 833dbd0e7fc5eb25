// What reads answer: plain values between store/ and api/.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "services/membership/domain/keys.h"
#include "services/membership/domain/rows.h"

namespace tessera::membership {

struct BalanceView {
  std::string currency;
  int64_t available = 0, pending = 0, held = 0, debt = 0;
  int64_t expiring = 0;                             // of what is available, within 30 days
  absl::Time next_expiry = absl::InfiniteFuture();  // of it
};

struct BalancesView {
  CustomerId root;
  int64_t member_seq = 0;
  std::vector<BalanceView> balances;  // by currency number
};

struct MemberView {
  CustomerId root;
  std::vector<CustomerId> sides;  // the root first
  absl::Time enrolled_time = absl::InfiniteFuture();
  std::string tier_id;
  TierState tier;
  absl::Time grace_end = absl::InfiniteFuture();
  std::vector<BalanceView> balances;
  int64_t member_seq = 0;
  int64_t orders = 0;
};

// Where the next page of a list begins.
struct MemberCursor {
  int64_t balance = 0;  // of a list by balance
  CustomerId customer;
};

struct MemberFilter {
  BrandId brand;
  bool by_balance = false;
  std::string currency;
  std::string tier_id;  // "": all
  std::optional<MemberCursor> after;
  int32_t limit = 0;
};

struct EntryCursor {
  int64_t member_seq = 0;
  CustomerId side;
  int32_t number = 0;
};

struct EntryFilter {
  MemberKey customer;
  std::string currency;        // "": all
  std::vector<int16_t> kinds;  // none: all
  std::optional<EntryCursor> after;
  int32_t limit = 0;
};

struct EntryView {
  MemberKey side;
  int64_t member_seq = 0;
  int32_t number = 0;
  Transfer transfer;
  std::string currency, rule_id;
  absl::Time posted_time;
};

struct LotFilter {
  MemberKey customer;
  std::string currency;  // "": all
  bool include_closed = false;
  std::optional<LotId> after;
  int32_t limit = 0;
};

struct LotView {
  LotKey key;
  Lot lot;
  std::string currency;
  absl::Time expiry = absl::InfiniteFuture();  // as things stand
};

struct ExplanationView {
  CustomerId root;
  BalanceView balance;
  std::vector<LotView> lots;
  std::vector<EntryView> movements;  // of these lots, in posting order
  std::vector<EntryView> others;     // without a lot, in posting order
};

struct CurrencySums {
  std::string currency;
  Account sums;         // each is the largest number where it would not fit
  int64_t balance = 0;  // of the true sums
};

struct StatisticsView {
  int64_t members = 0, known = 0, absorbed = 0, orders = 0, entries = 0, lots = 0;
  std::vector<CurrencySums> currencies;
  std::vector<std::pair<std::string, int64_t>> tiers;  // id, members
};

struct ProgramView {
  int32_t version = 0;
  absl::Time valid_from, created;
  std::string document;
};

}  // namespace tessera::membership
