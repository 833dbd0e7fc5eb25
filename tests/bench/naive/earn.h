// Earning as an ordinary service does it: one transaction for each call or event, prepared statements, the member's row
// locked while it is read, decided and written. It writes the rows that the ledger writes. Thread-safe.
#pragma once

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "kafka/record.h"
#include "pg/connection.h"
#include "pg/tx.h"
#include "services/membership/domain/program.h"
#include "tessera/membership/v1/points_service.pb.h"
#include "tests/bench/naive/outbox.h"

namespace tessera::bench::naive {

class Earner {
 public:
  // Reads the brand's program, which an ordinary service keeps in memory, too.
  explicit Earner(pg::Connection& connection);

  // The response's bytes.
  absl::StatusOr<std::string> Earn(pg::Connection& connection, const membership::v1::EarnPointsRequest& request) const;

  // What the program gives for a record of oneid's customer topic, in the caller's transaction. Members only.
  absl::StatusOr<Told> EarnByEvent(pg::Tx& tx, const kafka::Record& record, absl::Time now) const;

 private:
  membership::Program program_;
};

}  // namespace tessera::bench::naive
