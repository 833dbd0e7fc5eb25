// The events of a customer, by the names that programs use. Pure, thread-safe.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace tessera::membership {

enum class EventType : uint8_t {
  kCustomerIdentified,
  kAccountBound,
  kAccountUnbound,
  kAccountPhoneChanged,
  kOrderPlaced,
  kOrderPaid,
  kOrderShipped,
  kOrderCompleted,
  kOrderRefunded,
  kCartUpdated,
  kProductViewed,
  kProductFavourited,
  kSearchPerformed,
  kPageViewed,
  kReviewPosted,
  kContentShared,
  kCheckInDone,
  kCodeScanned,
  kWecomFriendAdded,
  kWecomFriendRemoved,
  kGroupJoined,
  kGroupLeft,
  kLiveEntered,
  kConsentChanged,
  kSurveyAnswered,
  kTicketOpened,
  kTicketResolved,
  kActivityJoined,
  kRecyclingDone,
  kTraitUpdated,
};
inline constexpr int kEventTypeCount = static_cast<int>(EventType::kTraitUpdated) + 1;

// "order.paid".
std::string_view NameOf(EventType type);

// nullopt if no event has the name.
std::optional<EventType> EventTypeOf(std::string_view name);

}  // namespace tessera::membership
