// Answers reads. Waiting look-ups of one method are answered together by one set-based statement. Submit is
// thread-safe; Step is called by one thread. Alone, a read waits for nothing.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "base/bounded_queue.h"
#include "engine/answerer.h"
#include "pg/connection.h"
#include "pg/tx.h"

namespace google::protobuf {
class Message;
}

namespace tessera::engine {

using BatchRead = std::function<std::vector<absl::StatusOr<std::string>>(
    pg::Tx&, const std::vector<const google::protobuf::Message*>&)>;

class Reader {
 public:
  explicit Reader(pg::ConnectionOptions connection, TellAnswers tell = TellHere, size_t queue_limit = 5'000);

  // `kind` outlives the reader and tells which calls can be answered together. False if the queue is full or closed.
  bool Submit(const BatchRead& kind, std::unique_ptr<google::protobuf::Message> request, absl::Time deadline,
              Answer answer);

  // Answers what waits; false if nothing came within `wait`.
  bool Step(absl::Duration wait);

  void Close() { queue_.Close(); }

 private:
  struct Waiting {
    const BatchRead* kind = nullptr;
    std::unique_ptr<google::protobuf::Message> request;
    absl::Time deadline;
    Answer answer;
  };

  void AnswerKind(const BatchRead& kind, std::vector<Waiting*> waiting);

  pg::Session session_;
  const TellAnswers tell_;
  BoundedQueue<Waiting> queue_;
};

}  // namespace tessera::engine
