#include "services/membership/domain/event_type.h"

#include <array>

namespace tessera::membership {
namespace {

constexpr std::array<std::string_view, kEventTypeCount> kNames = {
    "customer.identified", "account.bound",      "account.unbound",  "account.phone_changed", "order.placed",
    "order.paid",          "order.shipped",      "order.completed",  "order.refunded",        "cart.updated",
    "product.viewed",      "product.favourited", "search.performed", "page.viewed",           "review.posted",
    "content.shared",      "check_in.done",      "code.scanned",     "wecom.friend_added",    "wecom.friend_removed",
    "group.joined",        "group.left",         "live.entered",     "consent.changed",       "survey.answered",
    "ticket.opened",       "ticket.resolved",    "activity.joined",  "recycling.done",        "trait.updated",
};

}  // namespace

std::string_view NameOf(EventType type) { return kNames[static_cast<size_t>(type)]; }

std::optional<EventType> EventTypeOf(std::string_view name) {
  for (size_t i = 0; i < kNames.size(); ++i) {
    if (kNames[i] == name) return static_cast<EventType>(i);
  }
  return std::nullopt;
}

}  // namespace tessera::membership
