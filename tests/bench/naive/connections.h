// Threads with a connection each, as an ordinary service has them: every thread takes the next event and carries it
// out in a transaction of its own.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "absl/status/status.h"
#include "pg/connection.h"

namespace tessera::bench::naive {

class Connections {
 public:
  explicit Connections(int count);

  // Calls `handle` once for each number of [from, to), on any of the connections' threads; an error ends the process.
  void Run(size_t from, size_t to, const std::function<absl::Status(pg::Connection&, size_t)>& handle);

 private:
  std::vector<std::unique_ptr<pg::Connection>> connections_;
};

}  // namespace tessera::bench::naive
