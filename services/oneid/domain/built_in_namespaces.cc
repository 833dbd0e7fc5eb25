// The namespaces that every brand group starts with, strongest first. Ranks leave room for a brand's own.
#include "services/oneid/domain/namespace.h"

namespace tessera::oneid {
namespace {

struct Shape {
  const char* name;
  std::vector<ScopePart> scope;
  int64_t at_most;
  Strength strength = Strength::kStrong;
  Normaliser normaliser = Normaliser::kOpaque;
  bool transferable = false;
  std::optional<VelocityLimit> velocity = std::nullopt;
};

std::vector<Namespace> Make() {
  using enum ScopePart;
  using enum Strength;
  using enum Normaliser;
  constexpr int64_t kHoursOf30Days = int64_t{30} * 24;
  const std::vector<Shape> shapes = {
      {"wecom_external_id", {kCorp}, 1},
      {"union_id", {}, 1},
      {"member_card", {}, 1, kStrong, kCard, true, VelocityLimit{2, kHoursOf30Days}},
      {"taobao_omid", {}, 3},
      {"taobao_ouid", {kShop}, 1},
      {"douyin_open_id", {kApp}, 1},
      {"youzan_id", {}, 1},
      {"open_id", {kApp}, 1},
      {"mini_open_id", {kApp}, 1},
      {"app_user_id", {kApp}, 1},
      {"jd_pin", {}, 3},
      {"phone", {}, 3, kStrong, kPhone, true, VelocityLimit{5, 24}},
      {"email", {}, 5, kStrong, kEmail},
      {"pos_id", {kShop}, 5},
      {"device_id", {}, 0, kWeak, kOpaque, true, VelocityLimit{2, 0}},
      {"cookie_id", {kApp}, 0, kWeak},
      {"taobao_oaid", {kShop, kApp, kWeek}, 0, kTransaction},
  };
  std::vector<Namespace> namespaces;
  int32_t rank = 0;
  for (const Shape& shape : shapes) {
    Namespace ns;
    ns.name = shape.name;
    ns.scope = shape.scope;
    ns.at_most = shape.at_most;
    ns.strength = shape.strength;
    ns.rank = rank += 10;
    ns.transferable = shape.transferable;
    ns.dormant_days = shape.transferable ? kDefaultDormantDays : 0;
    ns.normaliser = shape.normaliser;
    ns.blocked_values = DefaultBlockedValues(shape.normaliser);
    ns.blocked_patterns = DefaultBlockedPatterns(shape.normaliser);
    ns.velocity = shape.velocity;
    namespaces.push_back(std::move(ns));
  }
  return namespaces;
}

}  // namespace

const std::vector<Namespace>& BuiltInNamespaces() {
  static const auto& namespaces = *new std::vector<Namespace>(Make());
  return namespaces;
}

}  // namespace tessera::oneid
