// Why oneid refuses a command, or leaves an identifier out of one. Closed enums, mapped by switches without default.
#pragma once

namespace tessera::oneid {

enum class Reason {
  kEventTimeOutOfRange,
  kBrandUnknown,
  kBrandInOtherGroup,
  kRankTaken,
  kNamespaceLimit,
  kMergeUnknown,
  kAnswerChanged,
};

// Why an identifier of an event was left out. Values are stored.
enum class LeftOut {
  kNot = 0,
  kInvalidValue = 1,      // its normaliser rejects it
  kBlocked = 2,           // a value that never counts
  kQuarantined = 3,       // seen with too many customers
  kOverLimit = 4,         // more values of the namespace than one customer may have
  kVetoed = 5,            // a rule speaks against it
  kHeldByOther = 6,       // it may pass between persons, and another one has it
  kLimit = 7,             // the customer would have too many identifiers or sides
  kNamespaceUnknown = 8,  // the brand group does not know its namespace
  kInvalidScope = 9,      // its scope key is missing or has too many parts
  kShared = 10,           // a device of several customers: no evidence, and no refusal either
  kClosing = 11,          // the event itself ends it
};

const char* TextOf(LeftOut reason);

}  // namespace tessera::oneid
