// Records of tessera.oneid.customer.v1 -> commands. Pure, thread-safe.
#pragma once

#include "absl/status/statusor.h"
#include "engine/service.h"
#include "kafka/record.h"
#include "services/membership/domain/commands.h"

namespace tessera::membership::consumers {

struct Read {
  std::optional<Command> command;  // nullopt: the record concerns nobody here
  engine::Cause cause;
};

// InvalidArgument with a reason and the field for a record that is no event of the topic.
absl::StatusOr<Read> ReadRecord(const kafka::Record& record);

}  // namespace tessera::membership::consumers
