// Ids and row keys. A side is the customer that a fact arrived with, for ever; a root is the living customer that
// several sides may have become. Immutable values.
#pragma once

#include <compare>
#include <cstdint>
#include <string>

#include "base/ids.h"

namespace tessera::membership {

using LotId = Id<struct LotTag>;
using HoldId = Id<struct HoldTag>;  // also the id of a spend
using TransactionId = Id<struct TransactionTag>;

// Currencies and rules have a number, from 1, that never changes within a brand, whatever later program versions say.
using CurrencyNo = int16_t;
using RuleNo = int16_t;

// No id is larger: the end of a range of ids.
inline constexpr Uuid kLastUuid = {
    {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}};

struct MemberKey {
  CustomerId customer;
  BrandId brand;

  auto operator<=>(const MemberKey&) const = default;
};

struct OrderKey {
  std::string order_id;
  std::string order_source;
  BrandId brand;

  auto operator<=>(const OrderKey&) const = default;
};

struct LotKey {
  MemberKey side;
  LotId lot;

  auto operator<=>(const LotKey&) const = default;
};

struct HoldKey {
  MemberKey side;
  HoldId hold;

  auto operator<=>(const HoldKey&) const = default;
};

struct TransferKey {
  MemberKey side;
  int64_t member_seq = 0;
  int32_t number = 0;

  auto operator<=>(const TransferKey&) const = default;
};

struct ProgramKey {
  BrandId brand;
  int32_t version = 0;

  auto operator<=>(const ProgramKey&) const = default;
};

// A day's growth of one side; days are counted from 1970-01-01 in the brand's time zone.
struct GrowthKey {
  MemberKey side;
  CurrencyNo currency = 0;
  int32_t day = 0;

  auto operator<=>(const GrowthKey&) const = default;
};

}  // namespace tessera::membership
