// A running service: writers, readers, relay, consumer, timers and leases, each loop with its thread. CheckDatabase,
// Start, Failure and Stop are called by one thread.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "base/clock.h"
#include "base/embedded_file.h"
#include "engine/answerer.h"
#include "engine/api.h"
#include "engine/api_binding.h"
#include "engine/consumer_loop.h"
#include "engine/lease.h"
#include "engine/observer.h"
#include "engine/partitions.h"
#include "engine/reader.h"
#include "engine/relay.h"
#include "engine/service.h"
#include "engine/timer_scan.h"
#include "engine/writer.h"
#include "kafka/admin.h"
#include "kafka/consumer.h"
#include "kafka/producer.h"
#include "metrics/metrics.h"
#include "rpc/server.h"

namespace tessera::engine {

// What distinguishes one service from another.
struct ServiceParts {
  std::string name;                 // "membership": schema, role, topic prefix, metric label
  std::vector<EmbeddedFile> files;  // migrations and checks
  std::unique_ptr<Service> service;
  std::vector<std::function<void(Api&)>> apis;
  // Methods that are no commands or reads; may be empty.
  std::function<void(rpc::Server&, kafka::Producer&, const TopicNames&)> extra_api;
  LogTopics topics;                         // of its logs, by Log
  std::vector<kafka::TopicSpec> topics_in;  // topics that it reads, made if missing
  std::vector<PartitionedTable> partitioned_tables;
  std::vector<ObservedGauge> gauges;  // may be empty
};

struct RuntimeOptions {
  std::string dsn, brokers, topic_prefix, listen, metrics_listen, jwks_path, token_issuer, token_audience, instance;
  std::string wrapping_key;
  rpc::TlsFiles tls;             // none: plain text
  bool allow_plaintext = false;  // without TLS, listen on other addresses than loopback, too
  kafka::Settings kafka_security;
  int32_t writers = 2;
  WriterLimits limits;
};

class Runtime {
 public:
  Runtime(ServiceParts parts, RuntimeOptions options, const Clock& clock);
  ~Runtime();
  Runtime(const Runtime&) = delete;
  Runtime& operator=(const Runtime&) = delete;

  // Before Start: checks the schema and makes the partitions of the time to come. FailedPrecondition DATABASE_OLDER or
  // _NEWER; Unavailable or Aborted if the database is away: then it may be called again.
  absl::Status CheckDatabase();

  // Makes the topics, starts every loop and serves, the calls also while the broker is away. FailedPrecondition
  // TOPIC_PARTITIONS_DIFFER.
  absl::Status Start();

  // After Start: ok, or why the service cannot go on and is to be stopped: what Start would have returned if the broker
  // had not been away, TOPIC_PARTITIONS_DIFFER.
  absl::Status Failure() const;

  // Takes no more work in, ends what is under way, publishes it and gives the leases back. While the database or the
  // broker is away, that may not end; a process that ends amid it loses nothing.
  void Stop();

  int port() const;
  int metrics_port() const;

 private:
  absl::Status MakeTopics();
  absl::Status StartKafka();
  void BuildLoops();
  absl::Status StartServer();
  void StartThreads();
  void Every(absl::Duration period, const std::function<void()>& step);
  void RenewLeases();
  void MakePartitions();
  void Observe();
  void LoopRelay();
  void LoopConsumer();
  void LoopTimers();
  // Rows are found by key alone unless `any_plan`: what must read many has that.
  pg::ConnectionOptions ConnectionFor(const std::string& what, bool any_plan = false) const;

  ServiceParts parts_;
  const RuntimeOptions options_;
  const Clock& clock_;
  const Uuid instance_id_;
  const TopicNames names_;

  std::unique_ptr<kafka::Producer> producer_;
  std::unique_ptr<kafka::Consumer> consumer_;
  std::unique_ptr<LeaseKeeper> leases_;
  Answerer answerer_;
  std::vector<std::unique_ptr<Writer>> writers_;
  std::unique_ptr<Reader> reads_, queries_;
  std::unique_ptr<Relay> relay_;
  std::unique_ptr<TimerScan> timers_;
  std::unique_ptr<Observer> observer_;
  std::unique_ptr<ConsumerLoop> consumer_loop_;
  std::unique_ptr<rpc::Server> server_;
  std::unique_ptr<ApiBinding> api_;
  std::unique_ptr<metrics::Exposition> exposition_;

  mutable absl::Mutex mutex_;
  absl::Status failure_ ABSL_GUARDED_BY(mutex_);
  std::atomic<bool> serving_ = false;
  bool topics_made_ = false;                // by Start or else by the consumer's loop
  std::atomic<bool> stop_sources_ = false;  // consumer, timers, leases, partitions
  std::atomic<bool> stop_sinks_ = false;    // writers, readers, answerer, relay
  std::vector<std::thread> sources_, sinks_;
};

}  // namespace tessera::engine
