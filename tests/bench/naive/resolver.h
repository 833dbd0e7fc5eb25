// Resolving an event as an ordinary service does it: its identifiers looked up, their customer locked or made, the
// event noted, all in the caller's transaction. It knows events whose identifiers are all new or all of one customer,
// which is what the rounds ask for. Thread-safe.
#pragma once

#include "absl/status/statusor.h"
#include "kafka/record.h"
#include "pg/tx.h"
#include "services/oneid/store/prepare.h"
#include "tests/bench/naive/outbox.h"

namespace tessera::bench::naive {

class Resolver {
 public:
  // Installs the process' keys.
  Resolver();

  // Nothing is told of an event that was known.
  absl::StatusOr<Told> Resolve(pg::Tx& tx, const kafka::Record& record, absl::Time now) const;

 private:
  oneid::CompiledConfigPtr config_;
};

}  // namespace tessera::bench::naive
