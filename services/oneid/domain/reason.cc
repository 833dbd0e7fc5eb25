#include "services/oneid/domain/reason.h"

namespace tessera::oneid {

const char* TextOf(LeftOut reason) {
  switch (reason) {
    case LeftOut::kNot:
      return "";
    case LeftOut::kInvalidValue:
      return "INVALID_VALUE";
    case LeftOut::kBlocked:
      return "BLOCKED";
    case LeftOut::kQuarantined:
      return "QUARANTINED";
    case LeftOut::kOverLimit:
      return "OVER_LIMIT";
    case LeftOut::kVetoed:
      return "VETOED";
    case LeftOut::kHeldByOther:
      return "HELD_BY_OTHER";
    case LeftOut::kLimit:
      return "LIMIT";
    case LeftOut::kNamespaceUnknown:
      return "NAMESPACE_UNKNOWN";
    case LeftOut::kInvalidScope:
      return "INVALID_SCOPE";
    case LeftOut::kShared:
      return "SHARED";
    case LeftOut::kClosing:
      return "CLOSING";
  }
  return "";
}

}  // namespace tessera::oneid
