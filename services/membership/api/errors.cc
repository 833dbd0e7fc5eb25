#include "services/membership/api/errors.h"

#include "base/status.h"

namespace tessera::membership::api {
namespace {

struct Border {
  absl::StatusCode code;
  const char* reason;
  const char* message;
};

Border BorderOf(Reason reason) {
  using absl::StatusCode;
  switch (reason) {
    case Reason::kFieldInvalid:
      return {StatusCode::kInvalidArgument, "FIELD_INVALID", "a field is not as it must be"};
    case Reason::kBrandUnknown:
      return {StatusCode::kNotFound, "BRAND_UNKNOWN", "membership has not met this brand"};
    case Reason::kCustomerUnknown:
      return {StatusCode::kNotFound, "CUSTOMER_UNKNOWN", "membership has not met this customer"};
    case Reason::kNotEnrolled:
      return {StatusCode::kFailedPrecondition, "NOT_ENROLLED", "the customer is not a member"};
    case Reason::kCurrencyUnknown:
      return {StatusCode::kFailedPrecondition, "CURRENCY_UNKNOWN", "the program has no such currency"};
    case Reason::kCurrencyNotSpendable:
      return {StatusCode::kFailedPrecondition, "CURRENCY_NOT_SPENDABLE", "growth value is neither held nor spent"};
    case Reason::kTierUnknown:
      return {StatusCode::kFailedPrecondition, "TIER_UNKNOWN", "the program in force has no such tier"};
    case Reason::kInsufficientPoints:
      return {StatusCode::kFailedPrecondition, "INSUFFICIENT_POINTS", "not enough points are available"};
    case Reason::kHoldUnknown:
      return {StatusCode::kNotFound, "HOLD_UNKNOWN", "the customer has no such hold"};
    case Reason::kHoldEnded:
      return {StatusCode::kFailedPrecondition, "HOLD_ENDED", "the hold was captured, released or timed out"};
    case Reason::kHoldTooSmall:
      return {StatusCode::kFailedPrecondition, "HOLD_TOO_SMALL", "the hold is smaller"};
    case Reason::kSpendUnknown:
      return {StatusCode::kNotFound, "SPEND_UNKNOWN", "the customer has no such spend"};
    case Reason::kSpendTooSmall:
      return {StatusCode::kFailedPrecondition, "SPEND_TOO_SMALL", "less of the spend is left"};
    case Reason::kOrderUnknown:
      return {StatusCode::kNotFound, "ORDER_UNKNOWN", "the order never came"};
    case Reason::kOrderChanged:
      return {StatusCode::kFailedPrecondition, "ORDER_CHANGED", "the order came before with other lines"};
    case Reason::kOrderOfOther:
      return {StatusCode::kFailedPrecondition, "ORDER_OF_OTHER", "the order is another customer's"};
    case Reason::kTooManyPieces:
      return {StatusCode::kFailedPrecondition, "TOO_MANY_PIECES", "more pieces than are left of the line"};
    case Reason::kTooMuchMoney:
      return {StatusCode::kFailedPrecondition, "TOO_MUCH_MONEY", "more money than is left"};
    case Reason::kAmountOverflow:
      return {StatusCode::kInvalidArgument, "AMOUNT_OVERFLOW", "a sum would become too large"};
    case Reason::kMergeUnknown:
      return {StatusCode::kFailedPrecondition, "MERGE_UNKNOWN", "a merge before this one never came"};
    case Reason::kProgramUnknown:
      return {StatusCode::kNotFound, "PROGRAM_UNKNOWN", "the brand has no such program version"};
    case Reason::kProgramInvalid:
      return {StatusCode::kInvalidArgument, "PROGRAM_INVALID", "the program has a mistake"};
    case Reason::kProgramOther:
      return {StatusCode::kFailedPrecondition, "PROGRAM_OTHER", "the brand has a program of another name"};
    case Reason::kCurrencyFixed:
      return {StatusCode::kFailedPrecondition, "CURRENCY_FIXED", "a stored currency keeps its kind"};
  }
  return {StatusCode::kInternal, "INTERNAL", "internal error"};
}

}  // namespace

absl::Status StatusOf(Reason reason, std::string_view field, std::string_view detail) {
  const Border border = BorderOf(reason);
  std::string message = border.message;
  if (!detail.empty()) message += ": " + std::string(detail);
  ErrorInfo info = {border.reason, "membership.tessera", {}};
  if (!field.empty()) info.metadata["field"] = std::string(field);
  return MakeError(border.code, message, info);
}

}  // namespace tessera::membership::api
