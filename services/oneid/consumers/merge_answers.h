// What services answer to merges, on their answers topics.
#pragma once

#include <optional>
#include <set>
#include <string>

#include "absl/status/statusor.h"
#include "engine/service.h"
#include "kafka/record.h"
#include "services/oneid/domain/command.h"

namespace tessera::oneid {

struct MergeAnswerCommand {
  RecordAnswer answer;
  engine::Cause cause;
};

// The command of a record of an answers topic; nullopt if it is another answer than to a merge. `required` are the
// services that must answer. InvalidArgument for what is no event, or names no merge or service.
absl::StatusOr<std::optional<MergeAnswerCommand>> UnderstandMergeAnswer(const kafka::Record& record,
                                                                        const std::set<std::string>& required);

}  // namespace tessera::oneid
