// A service's writers with their threads, as a running service has them, without gRPC and Kafka around. Call and Await
// are called by one thread.
#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/synchronization/mutex.h"
#include "engine/api.h"
#include "engine/service.h"
#include "engine/writer.h"

namespace tessera::bench {

class ServiceWriters {
 public:
  // `name` is the service's, such as "membership".
  ServiceWriters(const std::string& name, std::unique_ptr<engine::Service> service, const std::string& wrapping_key);
  ~ServiceWriters();  // carries out what is queued
  ServiceWriters(const ServiceWriters&) = delete;
  ServiceWriters& operator=(const ServiceWriters&) = delete;

  // Hands a call over as the server does; waits while too many are under way. A refusal ends the process.
  void Call(const std::string& method, engine::ApiCommand command, std::string input_hash);

  // Waits until all is answered.
  void Await();

  const engine::Service& service() const { return *service_; }
  // Hands work over whose end is told to no one; waits while the writer's queue is full.
  void Push(int32_t partition, engine::Work work);

 private:
  void Answered(const absl::Status& status);

  const std::unique_ptr<engine::Service> service_;
  std::vector<std::unique_ptr<engine::Writer>> writers_;
  std::vector<std::thread> threads_;
  std::atomic<bool> stop_ = false;
  absl::Mutex mutex_;
  int64_t under_way_ ABSL_GUARDED_BY(mutex_) = 0;
};

}  // namespace tessera::bench
