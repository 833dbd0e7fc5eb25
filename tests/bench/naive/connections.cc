#include "tests/bench/naive/connections.h"

#include <atomic>
#include <thread>

#include "base/thread.h"
#include "tests/bench/load/database.h"

namespace tessera::bench::naive {

Connections::Connections(int count) {
  for (int i = 0; i < count; ++i) connections_.push_back(Connect());
}

void Connections::Run(size_t from, size_t to, const std::function<absl::Status(pg::Connection&, size_t)>& handle) {
  std::atomic<size_t> next = from;
  std::vector<std::thread> threads;
  for (auto& connection : connections_) {
    threads.push_back(StartThread("naive", [&, at = connection.get()] {
      for (size_t i = next++; i < to; i = next++) Require(handle(*at, i));
    }));
  }
  for (std::thread& thread : threads) thread.join();
}

}  // namespace tessera::bench::naive
