#include "services/membership/consumers/customer_event.h"

#include <memory>

#include "base/proto_time.h"
#include "base/status.h"

namespace tessera::membership::consumers {
namespace {

using tessera::events::v1::ChannelEvent;
using tessera::events::v1::CustomerEvent;

constexpr size_t kOrderIdBytesMax = 200;

// The type of an event that needs nothing but its name; nullopt for orders that bring lines, and for none.
std::optional<EventType> PlainType(ChannelEvent::PayloadCase payload) {
  switch (payload) {
    case ChannelEvent::kCustomerIdentified:
      return EventType::kCustomerIdentified;
    case ChannelEvent::kAccountBound:
      return EventType::kAccountBound;
    case ChannelEvent::kAccountUnbound:
      return EventType::kAccountUnbound;
    case ChannelEvent::kAccountPhoneChanged:
      return EventType::kAccountPhoneChanged;
    case ChannelEvent::kOrderPlaced:
      return EventType::kOrderPlaced;
    case ChannelEvent::kOrderShipped:
      return EventType::kOrderShipped;
    case ChannelEvent::kCartUpdated:
      return EventType::kCartUpdated;
    case ChannelEvent::kProductViewed:
      return EventType::kProductViewed;
    case ChannelEvent::kProductFavourited:
      return EventType::kProductFavourited;
    case ChannelEvent::kSearchPerformed:
      return EventType::kSearchPerformed;
    case ChannelEvent::kPageViewed:
      return EventType::kPageViewed;
    case ChannelEvent::kReviewPosted:
      return EventType::kReviewPosted;
    case ChannelEvent::kContentShared:
      return EventType::kContentShared;
    case ChannelEvent::kCheckInDone:
      return EventType::kCheckInDone;
    case ChannelEvent::kCodeScanned:
      return EventType::kCodeScanned;
    case ChannelEvent::kWecomFriendAdded:
      return EventType::kWecomFriendAdded;
    case ChannelEvent::kWecomFriendRemoved:
      return EventType::kWecomFriendRemoved;
    case ChannelEvent::kGroupJoined:
      return EventType::kGroupJoined;
    case ChannelEvent::kGroupLeft:
      return EventType::kGroupLeft;
    case ChannelEvent::kLiveEntered:
      return EventType::kLiveEntered;
    case ChannelEvent::kConsentChanged:
      return EventType::kConsentChanged;
    case ChannelEvent::kSurveyAnswered:
      return EventType::kSurveyAnswered;
    case ChannelEvent::kTicketOpened:
      return EventType::kTicketOpened;
    case ChannelEvent::kTicketResolved:
      return EventType::kTicketResolved;
    case ChannelEvent::kActivityJoined:
      return EventType::kActivityJoined;
    case ChannelEvent::kRecyclingDone:
      return EventType::kRecyclingDone;
    case ChannelEvent::kTraitUpdated:
      return EventType::kTraitUpdated;
    case ChannelEvent::kOrderPaid:
    case ChannelEvent::kOrderCompleted:
    case ChannelEvent::kOrderRefunded:
    case ChannelEvent::PAYLOAD_NOT_SET:
      return std::nullopt;
  }
  return std::nullopt;
}

absl::StatusOr<OrderKey> OrderOf(const CustomerEvent& event, const std::string& order_id, const BrandId& brand) {
  if (order_id.empty() || order_id.size() > kOrderIdBytesMax) return InvalidField("order_id", "1 to 200 bytes");
  return OrderKey{order_id, event.order_source(), brand};
}

std::shared_ptr<const Purchase> PurchaseOf(const tessera::events::v1::OrderPaid& paid) {
  auto purchase = std::make_shared<Purchase>();
  purchase->freight_minor = paid.freight_minor();
  purchase->points_minor = paid.points_minor();
  for (const auto& from : paid.lines()) {
    OrderLine line;
    line.code = from.product_code();
    line.category = from.category();
    line.tags.assign(from.tags().begin(), from.tags().end());
    line.quantity = from.quantity();
    line.list_minor = from.list_minor();
    line.paid_minor = from.paid_minor();
    line.points_minor = from.points_minor();
    purchase->lines.push_back(std::move(line));
  }
  return purchase;
}

struct Header {
  MemberKey side;
  Cause cause;
};

absl::StatusOr<std::optional<Command>> FromOrder(const CustomerEvent& event, const Header& header) {
  const ChannelEvent& channel = event.event();
  const BrandId& brand = header.side.brand;
  if (channel.has_order_paid()) {
    TESSERA_ASSIGN_OR_RETURN(OrderKey order, OrderOf(event, channel.order_paid().order_id(), brand));
    return OrderPaid{header.side, header.cause, std::move(order), PurchaseOf(channel.order_paid())};
  }
  if (channel.has_order_completed()) {
    TESSERA_ASSIGN_OR_RETURN(OrderKey order, OrderOf(event, channel.order_completed().order_id(), brand));
    return OrderCompleted{header.side, header.cause, std::move(order)};
  }
  const auto& refunded = channel.order_refunded();
  TESSERA_ASSIGN_OR_RETURN(OrderKey order, OrderOf(event, refunded.order_id(), brand));
  OrderRefunded command = {header.side, header.cause, std::move(order), {}, refunded.money_minor()};
  for (const auto& line : refunded.lines()) {
    command.lines.push_back({line.line(), line.pieces(), line.money_minor()});
  }
  return command;
}

}  // namespace

absl::StatusOr<std::optional<Command>> FromCustomerEvent(const CustomerEvent& event) {
  if (event.origin_customer_id().empty() || event.anonymous()) return std::nullopt;
  const auto brand = BrandId::Parse(event.brand_id());
  if (!brand) return InvalidField("brand_id", "must be lower-case letters, digits and hyphens, 1 to 40");
  const auto customer = CustomerId::Parse(event.origin_customer_id());
  if (!customer) return InvalidField("origin_customer_id", "must be a UUID");
  if (event.event().payload_case() == ChannelEvent::PAYLOAD_NOT_SET) {
    return InvalidField("event.payload", "no kind of event that is known here", "EVENT_TYPE_UNKNOWN");
  }
  TESSERA_ASSIGN_OR_RETURN(const absl::Time time, TimeField(event.event_time(), "event_time"));
  const Header header = {{*customer, *brand}, {event.source(), event.source_event_id(), time}};
  if (const auto type = PlainType(event.event().payload_case())) {
    return CustomerActed{header.side, header.cause, *type};
  }
  return FromOrder(event, header);
}

}  // namespace tessera::membership::consumers
