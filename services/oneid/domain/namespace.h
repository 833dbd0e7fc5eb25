// What a brand group declares of one kind of identifier. Plain values.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/time/time.h"

namespace tessera::oneid {

// A part of the scope within which a value is unique. The week is that of the event's time, all others are given.
enum class ScopePart { kShop = 1, kApp = 2, kCorp = 3, kWeek = 4 };

enum class Strength {
  kStrong = 1,       // may create, find and merge customers
  kWeak = 2,         // evidence only where nothing strong is there
  kTransaction = 3,  // joins the events of one transaction, never a person
};

enum class Normaliser { kPhone = 1, kEmail = 2, kOpaque = 3, kCard = 4 };

// At most so many distinct customers within the window before quarantine.
struct VelocityLimit {
  int64_t customers = 0;
  int64_t window_hours = 0;  // 0: ever

  bool operator==(const VelocityLimit&) const = default;
};

struct Namespace {
  std::string name;
  std::vector<ScopePart> scope;  // empty: global
  int64_t at_most = 0;           // values per scope key and customer: 1 is unique; 0: no limit of its own
  Strength strength = Strength::kStrong;
  int32_t rank = 0;  // 1 is the most trusted; no two namespaces of a group share one
  bool transferable = false;
  int64_t dormant_days = 0;  // of a transferable one: days without activity before a transfer; 0: never
  Normaliser normaliser = Normaliser::kOpaque;
  std::vector<std::string> blocked_values;    // compared without case
  std::vector<std::string> blocked_patterns;  // RE2, found anywhere in the normalised value
  std::optional<VelocityLimit> velocity;
  bool fold_mail_providers = false;  // EMAIL: the dot and plus rules of the providers that have them

  bool operator==(const Namespace&) const = default;

  bool strong() const { return strength == Strength::kStrong; }
  bool weak() const { return strength == Strength::kWeak; }

  // The rule that speaks against too many values: "taobao_ouid UNIQUE", "phone AT_MOST 3".
  std::string LimitText() const;
};

inline constexpr int64_t kDefaultDormantDays = 180;
inline constexpr size_t kNamespacesMax = 200;
inline constexpr size_t kBlockedMax = 500;

// The scope key of an identifier whose channel gave `given`, its declared parts joined by "/": those parts, and the
// week of `time` (ISO, "2024-W07") in `zone` where the namespace has one. nullopt if a part is missing or too many
// are given. What is given for a global namespace is ignored.
std::optional<std::string> ScopeKey(const Namespace& ns, std::string_view given, absl::Time time, absl::TimeZone zone);

// The namespaces that every new brand group has, by rank.
const std::vector<Namespace>& BuiltInNamespaces();

// What is blocked where a namespace declares nothing of its own.
std::vector<std::string> DefaultBlockedValues(Normaliser normaliser);
std::vector<std::string> DefaultBlockedPatterns(Normaliser normaliser);

}  // namespace tessera::oneid
