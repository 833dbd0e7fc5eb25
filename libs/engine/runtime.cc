#include "engine/runtime.h"

#include <algorithm>

#include "base/log.h"
#include "base/status.h"
#include "base/strings.h"
#include "base/thread.h"
#include "engine/operations.h"
#include "engine/schema.h"
#include "metrics/process.h"

namespace tessera::engine {
namespace {

constexpr absl::Duration kIdleWait = absl::Milliseconds(100);
constexpr absl::Duration kPollPeriod = absl::Milliseconds(250);  // for what other instances commit
constexpr absl::Duration kErrorPause = absl::Milliseconds(500);
constexpr absl::Duration kPartitionPeriod = absl::Hours(1);
constexpr absl::Duration kObservePeriod = absl::Seconds(1);
constexpr absl::Duration kDrainTime = absl::Seconds(5);
constexpr absl::Duration kTopicsPatience = absl::Seconds(5);

std::string ConsumeKind(const std::string& topic) { return "consume/" + topic; }

void LogFailure(std::string_view loop, const absl::Status& status) {
  LogWarning("loop failed, will go on", {{"loop", loop}, {"reason", ToStd(status.message())}});
}

}  // namespace

Runtime::Runtime(ServiceParts parts, RuntimeOptions options, const Clock& clock)
    : parts_(std::move(parts)),
      options_(std::move(options)),
      clock_(clock),
      instance_id_(RandomUuidV7(clock.Now())),
      names_(options_.topic_prefix) {
  for (const PartitionedTable& table : EnginePartitionedTables()) parts_.partitioned_tables.push_back(table);
}

Runtime::~Runtime() { Stop(); }

pg::ConnectionOptions Runtime::ConnectionFor(const std::string& what, bool any_plan) const {
  return {.dsn = options_.dsn, .application_name = parts_.name + "/" + what, .key_access_only = !any_plan};
}

absl::Status Runtime::Start() {
  // Without the broker, calls are served and events kept: the consumer's loop makes the topics when it is back.
  if (absl::Status made = MakeTopics(); !made.ok()) {
    if (!absl::IsUnavailable(made)) return made;
    LogFailure("topics", made);
  }
  TESSERA_RETURN_IF_ERROR(StartKafka());
  BuildLoops();
  TESSERA_RETURN_IF_ERROR(StartServer());
  StartThreads();
  serving_ = true;
  server_->SetServing(true);
  LogInfo("serving", {{"port", int64_t{port()}}, {"metrics_port", int64_t{metrics_port()}}});
  return absl::OkStatus();
}

absl::Status Runtime::CheckDatabase() {
  TESSERA_ASSIGN_OR_RETURN(auto connection, pg::Connection::Open(ConnectionFor("start", /*any_plan=*/true)));
  TESSERA_RETURN_IF_ERROR(CheckSchema(*connection, parts_.files));
  return MaintainPartitions(*connection, parts_.partitioned_tables, clock_.Now());
}

absl::Status Runtime::MakeTopics() {
  TESSERA_ASSIGN_OR_RETURN(auto admin, kafka::Admin::Create(options_.brokers, options_.kafka_security));
  std::vector<kafka::TopicSpec> topics = parts_.topics_in;
  for (const std::string& topic : parts_.topics) {
    if (!topic.empty()) topics.push_back({.name = topic, .partitions = kSlots});
  }
  for (kafka::TopicSpec& topic : topics) topic.name = names_.AtBroker(topic.name);
  TESSERA_RETURN_IF_ERROR(admin->EnsureTopics(topics, kTopicsPatience));
  topics_made_ = true;
  return absl::OkStatus();
}

absl::Status Runtime::StartKafka() {
  TESSERA_ASSIGN_OR_RETURN(
      producer_, kafka::Producer::Create(
                     {.brokers = options_.brokers, .client_id = parts_.name, .security = options_.kafka_security}));
  TESSERA_ASSIGN_OR_RETURN(consumer_, kafka::Consumer::Create({.brokers = options_.brokers,
                                                               .group_id = "tessera." + parts_.name,
                                                               .client_id = parts_.name,
                                                               .security = options_.kafka_security}));
  return absl::OkStatus();
}

void Runtime::BuildLoops() {
  std::vector<LeaseGroup> groups = {{"relay", kSlots}, {"timer", 1}};
  std::vector<ConsumedTopic> consumed;
  for (const kafka::TopicSpec& topic : parts_.topics_in) {
    groups.push_back({ConsumeKind(topic.name), topic.partitions});
    consumed.push_back({topic.name, topic.partitions});
  }
  leases_ = std::make_unique<LeaseKeeper>(ConnectionFor("leases"), instance_id_, options_.instance, std::move(groups));
  relay_ = std::make_unique<Relay>(parts_.name, parts_.topics, names_, ConnectionFor("relay"), *producer_, *leases_);
  const TellAnswers tell = [this](std::vector<ReadyAnswer> answers) { answerer_.Tell(std::move(answers)); };
  const WriterSignals signals = {tell, [this] { relay_->Wake(); }, [this](absl::Time due) { timers_->Wake(due); }};
  std::vector<Writer*> writers;
  for (int32_t i = 0; i < options_.writers; ++i) {
    const Uuid writer_id = RandomUuidV7(clock_.Now());
    const BatchConfig config = {parts_.name, options_.wrapping_key, writer_id,
                                static_cast<int32_t>(writer_id.bytes[15] % 64)};
    writers_.push_back(
        std::make_unique<Writer>(*parts_.service, config, clock_, ConnectionFor("writer"), options_.limits, signals));
    writers.push_back(writers_.back().get());
  }
  timers_ = std::make_unique<TimerScan>(*parts_.service, clock_, options_.wrapping_key, ConnectionFor("timers"),
                                        *leases_, writers);
  consumer_loop_ = std::make_unique<ConsumerLoop>(std::move(consumed), names_, ConnectionFor("consumer"), *consumer_,
                                                  *leases_, writers);
  observer_ = std::make_unique<Observer>(parts_.topics, ConnectionFor("observer"), parts_.gauges);
  reads_ = std::make_unique<Reader>(ConnectionFor("reads"), tell);
  queries_ = std::make_unique<Reader>(ConnectionFor("queries", /*any_plan=*/true), tell);
}

absl::Status Runtime::StartServer() {
  TESSERA_ASSIGN_OR_RETURN(auto verifier, rpc::NewTokenVerifier({.jwks_path = options_.jwks_path,
                                                                 .issuer = options_.token_issuer,
                                                                 .audience = options_.token_audience},
                                                                clock_));
  rpc::ServerOptions server_options;
  server_options.listen = options_.listen;
  server_options.tls = options_.tls;
  server_options.allow_plaintext = options_.allow_plaintext;
  server_options.verifier = std::move(verifier);
  server_options.clock = &clock_;
  server_ = std::make_unique<rpc::Server>(std::move(server_options));
  std::vector<Writer*> writers;
  for (auto& writer : writers_) writers.push_back(writer.get());
  api_ = std::make_unique<ApiBinding>(*server_, clock_, std::move(writers), *reads_, *queries_);
  for (const auto& register_api : parts_.apis) register_api(*api_);
  if (parts_.extra_api) parts_.extra_api(*server_, *producer_, names_);
  OperationsConfig operations{options_.wrapping_key, parts_.topics, {}};
  for (const EmbeddedFile& file : parts_.files) {
    if (file.name.starts_with("checks/")) operations.checks.push_back(file);
  }
  RegisterOperations(*api_, std::move(operations));
  TESSERA_RETURN_IF_ERROR(server_->Start());
  TESSERA_ASSIGN_OR_RETURN(exposition_,
                           metrics::Exposition::Start(options_.metrics_listen, [this] { return serving_.load(); }));
  return absl::OkStatus();
}

void Runtime::StartThreads() {
  for (auto& writer : writers_) {
    sinks_.push_back(StartThread("writer", [this, w = writer.get()] {
      while (w->Step(kIdleWait) || !stop_sinks_) {
      }
    }));
  }
  for (Reader* reader : {reads_.get(), queries_.get()}) {
    sinks_.push_back(StartThread(reader == reads_.get() ? "reads" : "queries", [this, reader] {
      while (reader->Step(kIdleWait) || !stop_sinks_) {
      }
    }));
  }
  sinks_.push_back(StartThread("answerer", [this] {
    while (answerer_.Step(kIdleWait) || !stop_sinks_) {
    }
  }));
  RenewLeases();
  sinks_.push_back(StartThread("relay", [this] { LoopRelay(); }));
  sources_.push_back(StartThread("leases", [this] { Every(kLeaseRenewal, [this] { RenewLeases(); }); }));
  sources_.push_back(StartThread("consumer", [this] { LoopConsumer(); }));
  sources_.push_back(StartThread("timers", [this] { LoopTimers(); }));
  sources_.push_back(StartThread("partitions", [this] { Every(kPartitionPeriod, [this] { MakePartitions(); }); }));
  sources_.push_back(StartThread("observer", [this] { Every(kObservePeriod, [this] { Observe(); }); }));
}

// First when the period has passed.
void Runtime::Every(absl::Duration period, const std::function<void()>& step) {
  absl::Time next = absl::Now() + period;
  while (!stop_sources_) {
    absl::SleepFor(kIdleWait);
    if (absl::Now() < next) continue;
    next = absl::Now() + period;
    step();
  }
}

void Runtime::RenewLeases() {
  if (auto leased = leases_->Step(); !leased.ok()) LogFailure("leases", leased);
}

void Runtime::LoopRelay() {
  for (;;) {
    const auto published = relay_->Step();
    if (stop_sinks_ && !(published.ok() && *published)) return;
    if (published.ok()) {
      relay_->Await(kPollPeriod);
    } else {
      LogFailure("relay", published.status());
      absl::SleepFor(kErrorPause);
    }
  }
}

void Runtime::LoopConsumer() {
  while (!stop_sources_) {
    const absl::Status read = topics_made_ ? consumer_loop_->Step(kIdleWait) : MakeTopics();
    if (read.ok()) continue;
    if (!topics_made_ && !absl::IsUnavailable(read)) {
      absl::MutexLock lock(&mutex_);
      failure_ = read;
      break;
    }
    LogFailure("consumer", read);
    absl::SleepFor(kErrorPause);
  }
  consumer_loop_->Stop();
}

absl::Status Runtime::Failure() const {
  absl::MutexLock lock(&mutex_);
  return failure_;
}

void Runtime::LoopTimers() {
  while (!stop_sources_) {
    const auto pushed = timers_->Step();
    if (!pushed.ok()) LogFailure("timers", pushed.status());
    if (!pushed.ok() || *pushed == 0) timers_->Await(kPollPeriod);
  }
}

void Runtime::MakePartitions() {
  pg::Session session(ConnectionFor("partitions", /*any_plan=*/true));
  absl::Status made = session.Ensure();
  if (made.ok()) made = MaintainPartitions(*session, parts_.partitioned_tables, clock_.Now());
  if (!made.ok()) LogFailure("partitions", made);
}

void Runtime::Observe() {
  metrics::ObserveProcess();
  for (const auto& writer : writers_) writer->Observe();
  if (auto observed = observer_->Step(); !observed.ok()) LogFailure("observer", observed);
}

void Runtime::Stop() {
  if (server_ == nullptr || !serving_.exchange(false)) return;
  LogInfo("draining");
  server_->SetServing(false);
  stop_sources_ = true;
  for (std::thread& thread : sources_) thread.join();
  server_->Shutdown(kDrainTime);
  for (auto& writer : writers_) writer->Close();
  reads_->Close();
  queries_->Close();
  stop_sinks_ = true;
  relay_->Hurry();
  for (std::thread& thread : sinks_) thread.join();
  leases_->ReleaseAll();
  LogInfo("stopped");
}

int Runtime::port() const { return server_->port(); }
int Runtime::metrics_port() const { return exposition_->port(); }

}  // namespace tessera::engine
