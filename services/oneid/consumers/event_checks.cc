#include "services/oneid/consumers/event_checks.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "base/checked.h"
#include "base/status.h"
#include "events/limits.h"
#include "tessera/events/v1/channel_event.pb.h"

namespace tessera::oneid {
namespace {

using events::v1::ChannelEvent;

constexpr size_t kIdBytesMax = 200;         // order, refund and the like
constexpr size_t kNamespaceBytesMax = 100;  // longer than any that could be declared

std::string_view TextOf(EventFault fault) {
  switch (fault) {
    case EventFault::kBrandMissing:
      return "BRAND_MISSING";
    case EventFault::kBrandInvalid:
      return "BRAND_INVALID";
    case EventFault::kUnknownType:
      return "UNKNOWN_TYPE";
    case EventFault::kTypeMismatch:
      return "TYPE_MISMATCH";
    case EventFault::kEventTimeOutOfRange:
      return "EVENT_TIME_OUT_OF_RANGE";
    case EventFault::kTooManyIdentifiers:
      return "TOO_MANY_IDENTIFIERS";
    case EventFault::kTooManyLines:
      return "TOO_MANY_LINES";
    case EventFault::kFieldMissing:
      return "FIELD_MISSING";
    case EventFault::kFieldTooLong:
      return "FIELD_TOO_LONG";
    case EventFault::kNegativeQuantity:
      return "NEGATIVE_QUANTITY";
    case EventFault::kNegativeAmount:
      return "NEGATIVE_AMOUNT";
    case EventFault::kAmountInvalid:
      return "AMOUNT_INVALID";
    case EventFault::kAmountOverflow:
      return "AMOUNT_OVERFLOW";
  }
  return "";
}

// A sum that notices that it no longer fits.
class Sum {
 public:
  bool Add(int64_t value) {
    const auto sum = CheckedAdd(total_, value);
    if (!sum) return false;
    total_ = *sum;
    return true;
  }

 private:
  int64_t total_ = 0;
};

absl::Status CheckId(std::string_view value, std::string_view field) {
  if (value.empty()) return EventFaultError(EventFault::kFieldMissing, field, "is missing");
  if (value.size() > kIdBytesMax) return EventFaultError(EventFault::kFieldTooLong, field, "has more than 200 bytes");
  return absl::OkStatus();
}

absl::Status CheckAmount(int64_t amount, Sum& sum, std::string_view field) {
  if (amount < 0) return EventFaultError(EventFault::kNegativeAmount, field, "is negative");
  if (!sum.Add(amount)) return EventFaultError(EventFault::kAmountOverflow, field, "makes the sum too large");
  return absl::OkStatus();
}

template <class Lines>
absl::Status CheckLineCount(const Lines& lines) {
  if (lines.size() > events::kLinesMax) {
    return EventFaultError(EventFault::kTooManyLines, "lines", "has more than 2,000");
  }
  return absl::OkStatus();
}

template <class Order>
absl::Status CheckOrder(const Order& order) {
  TESSERA_RETURN_IF_ERROR(CheckId(order.order_id(), "order_id"));
  TESSERA_RETURN_IF_ERROR(CheckLineCount(order.lines()));
  Sum quantity, list, paid;
  for (int i = 0; i < order.lines_size(); ++i) {
    const auto& line = order.lines(i);
    const std::string at = absl::StrCat("lines[", i, "]");
    if (line.quantity() <= 0) {
      return EventFaultError(EventFault::kNegativeQuantity, at + ".quantity", "must be at least 1");
    }
    if (!quantity.Add(line.quantity())) {
      return EventFaultError(EventFault::kAmountOverflow, at + ".quantity", "makes the sum too large");
    }
    TESSERA_RETURN_IF_ERROR(CheckAmount(line.list_minor(), list, at + ".list_minor"));
    TESSERA_RETURN_IF_ERROR(CheckAmount(line.paid_minor(), paid, at + ".paid_minor"));
    if (line.points_minor() < 0) {
      return EventFaultError(EventFault::kNegativeAmount, at + ".points_minor", "is negative");
    }
    if (line.points_minor() > line.paid_minor()) {
      return EventFaultError(EventFault::kAmountInvalid, at + ".points_minor", "is more than was paid");
    }
  }
  return CheckAmount(order.freight_minor(), paid, "freight_minor");
}

absl::Status CheckPaid(const events::v1::OrderPaid& order) {
  TESSERA_RETURN_IF_ERROR(CheckOrder(order));
  Sum points;
  return CheckAmount(order.points_minor(), points, "points_minor");
}

absl::Status CheckRefunded(const events::v1::OrderRefunded& refund) {
  TESSERA_RETURN_IF_ERROR(CheckId(refund.order_id(), "order_id"));
  TESSERA_RETURN_IF_ERROR(CheckId(refund.refund_id(), "refund_id"));
  TESSERA_RETURN_IF_ERROR(CheckLineCount(refund.lines()));
  Sum pieces, money;
  for (int i = 0; i < refund.lines_size(); ++i) {
    const auto& line = refund.lines(i);
    const std::string at = absl::StrCat("lines[", i, "]");
    if (line.line() < 0) return EventFaultError(EventFault::kNegativeQuantity, at + ".line", "is negative");
    if (line.pieces() < 0) return EventFaultError(EventFault::kNegativeQuantity, at + ".pieces", "is negative");
    if (!pieces.Add(line.pieces())) {
      return EventFaultError(EventFault::kAmountOverflow, at + ".pieces", "makes the sum too large");
    }
    TESSERA_RETURN_IF_ERROR(CheckAmount(line.money_minor(), money, at + ".money_minor"));
  }
  return CheckAmount(refund.money_minor(), money, "money_minor");
}

absl::Status CheckShipped(const events::v1::OrderShipped& order) {
  TESSERA_RETURN_IF_ERROR(CheckId(order.order_id(), "order_id"));
  return CheckLineCount(order.lines());
}

absl::Status CheckPayload(const ChannelEvent& event) {
  Sum sum;
  switch (event.payload_case()) {
    case ChannelEvent::kOrderPlaced:
      return CheckOrder(event.order_placed());
    case ChannelEvent::kOrderPaid:
      return CheckPaid(event.order_paid());
    case ChannelEvent::kOrderShipped:
      return CheckShipped(event.order_shipped());
    case ChannelEvent::kOrderCompleted:
      return CheckId(event.order_completed().order_id(), "order_id");
    case ChannelEvent::kOrderRefunded:
      return CheckRefunded(event.order_refunded());
    case ChannelEvent::kCartUpdated:
      return CheckAmount(event.cart_updated().total_minor(), sum, "total_minor");
    case ChannelEvent::kRecyclingDone:
      if (event.recycling_done().quantity() < 0) {
        return EventFaultError(EventFault::kNegativeQuantity, "quantity", "is negative");
      }
      return absl::OkStatus();
    case ChannelEvent::kAccountUnbound:
      return CheckId(event.account_unbound().removed_namespace(), "removed_namespace");
    default:  // the others have nothing that could be wrong
      return absl::OkStatus();
  }
}

}  // namespace

absl::Status EventFaultError(EventFault fault, std::string_view field, std::string_view message) {
  return InvalidField(field, message, TextOf(fault));
}

absl::Status CheckChannelEvent(const ChannelEvent& event) {
  if (event.identifiers_size() > events::kIdentifiersMax) {
    return EventFaultError(EventFault::kTooManyIdentifiers, "identifiers", "has more than 50");
  }
  for (int i = 0; i < event.identifiers_size(); ++i) {
    const auto& identifier = event.identifiers(i);
    const std::string at = absl::StrCat("identifiers[", i, "].namespace");
    if (identifier.namespace_().empty()) return EventFaultError(EventFault::kFieldMissing, at, "is missing");
    if (identifier.namespace_().size() > kNamespaceBytesMax) {
      return EventFaultError(EventFault::kFieldTooLong, at, "has more than 100 bytes");
    }
  }
  return CheckPayload(event);
}

}  // namespace tessera::oneid
