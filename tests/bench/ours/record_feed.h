// Feeds records to a service's writers as its consumer does, from partitions of a topic that no broker has. Used by one
// thread.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "kafka/record.h"
#include "tests/bench/ours/service_writers.h"

namespace tessera::bench {

class RecordFeed {
 public:
  // Goes on where the database's marks of the topic are.
  RecordFeed(ServiceWriters& writers, const std::string& topic);

  // The record's partition is kept, its topic and offset are set. Waits while the writer's queue is full.
  void Push(kafka::Record record);

  // Waits until all has taken effect.
  void Await() const;

 private:
  struct Partition {
    std::shared_ptr<engine::Feed> feed;
    int64_t offset = 0;
  };

  ServiceWriters& writers_;
  const std::string topic_;
  std::vector<Partition> partitions_;
};

}  // namespace tessera::bench
