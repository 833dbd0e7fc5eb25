// Reading a balance as an ordinary service does it: one prepared query, by itself, on a connection of its own. Used by
// one thread.
#pragma once

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "tessera/membership/v1/points_service.pb.h"

struct pg_conn;

namespace tessera::bench::naive {

class BalanceReader {
 public:
  // Connects to the round's database, or ends the process.
  BalanceReader();

  // The response's bytes.
  absl::StatusOr<std::string> Read(const membership::v1::GetBalanceRequest& request);

 private:
  struct Close {
    void operator()(pg_conn* conn) const;
  };
  std::unique_ptr<pg_conn, Close> conn_;
};

}  // namespace tessera::bench::naive
