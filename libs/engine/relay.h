// Publishes the outbox. Step is called by one thread; Wake by any.
//
// Reads each held slot forward from its cursor, produces to the slot's own partition, and stores the cursor after the
// broker has acknowledged: a crash between the two produces again, and consumers drop what they have by its sequence
// number.
#pragma once

#include <array>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "engine/lease.h"
#include "engine/service.h"
#include "engine/topic_names.h"
#include "kafka/producer.h"
#include "metrics/metrics.h"
#include "pg/connection.h"
#include "pg/tx.h"

namespace tessera::engine {

namespace v1 {
class OutboxEvent;
}

// The topics of a service's logs, by Log; "" for a log that the service does not have.
using LogTopics = std::array<std::string, kLogCount>;

struct RelayLimits {
  // Of one step, so that no backlog is more than the producer takes at once. A step takes at least one outbox row.
  int64_t step_events = 20'000;
  int64_t step_bytes = 16'000'000;
  // After a step the next one waits so long for each event of the last, and at most so long: each step costs a request
  // for every slot that it touches, here and in each service that reads them, which is then shared by more events.
  absl::Duration gather_per_event = absl::Milliseconds(1);
  absl::Duration gather_max = absl::Milliseconds(200);
};

class Relay {
 public:
  Relay(std::string service, LogTopics topics, TopicNames names, pg::ConnectionOptions connection,
        kafka::Producer& producer, const LeaseKeeper& leases, RelayLimits limits = {});

  // Publishes what is there; false if there was nothing. Unavailable: the database or the broker is away.
  absl::StatusOr<bool> Step();

  // Waits until another step is due: for a Wake if the last one found nothing, at most `timeout`; else for more events,
  // the longer the more there were.
  void Await(absl::Duration timeout);
  void Wake();
  // From now on no step waits for more events.
  void Hurry();

 private:
  struct Cursor {
    int16_t log = 0;
    int32_t slot = 0;
    int64_t next_seq = 0;
    absl::Time posted;
  };

  std::vector<Cursor> Read(pg::Tx& tx, std::vector<kafka::Message>& messages, bool& full);
  // Takes the texts out of the event.
  kafka::Message MessageOf(int16_t log, int32_t slot, int64_t seq, v1::OutboxEvent& event) const;

  const std::string service_;
  const LogTopics topics_;
  const TopicNames names_;
  pg::Session session_;
  kafka::Producer& producer_;
  const LeaseKeeper& leases_;
  const RelayLimits limits_;
  std::optional<absl::Duration> gather_;  // after the last step; nullopt: it published nothing
  int32_t first_turn_ = 0;                // of logs and slots: moves on with each step that reached a bound
  metrics::Counter& published_;

  absl::Mutex mutex_;
  bool awake_ ABSL_GUARDED_BY(mutex_) = false;
  bool hurries_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace tessera::engine
