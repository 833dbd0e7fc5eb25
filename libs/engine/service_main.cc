#include "engine/service_main.h"

#include <signal.h>

#include <cstdio>
#include <cstdlib>

#include "absl/flags/flag.h"
#include "absl/flags/parse.h"
#include "absl/flags/usage.h"
#include "absl/flags/usage_config.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/clock.h"
#include "base/log.h"
#include "base/status.h"
#include "base/strings.h"
#include "base/thread.h"
#include "engine/schema.h"
#include "kafka/security.h"

// Empty flags mean: take the environment variable, else the default. Secrets belong in the environment, because argv is
// visible in the process list (and so no environment value is ever a flag's printed default).
ABSL_FLAG(std::string, dsn, "", "Postgres connection string of the service's role (TESSERA_DSN)");
ABSL_FLAG(std::string, brokers, "", "Kafka brokers, host:port,host:port (TESSERA_BROKERS; 127.0.0.1:9092)");
ABSL_FLAG(std::string, topic_prefix, "", "put before every topic's name at the broker (TESSERA_TOPIC_PREFIX; none)");
ABSL_FLAG(std::string, listen, "", "gRPC address; port 0 takes a free one (TESSERA_LISTEN; 127.0.0.1:0)");
ABSL_FLAG(std::string, metrics_listen, "",
          "HTTP address of /metrics and /healthz (TESSERA_METRICS_LISTEN; 127.0.0.1:0)");
ABSL_FLAG(std::string, jwks, "", "file with the public keys of token issuers (TESSERA_JWKS)");
ABSL_FLAG(std::string, token_issuer, "", "iss that tokens must have (TESSERA_TOKEN_ISSUER; tessera-dev)");
ABSL_FLAG(std::string, token_audience, "", "aud that tokens must have (TESSERA_TOKEN_AUDIENCE; tessera)");
ABSL_FLAG(std::string, tls_cert, "",
          "PEM file with the gRPC server's certificate chain (TESSERA_TLS_CERT; plain text)");
ABSL_FLAG(std::string, tls_key, "", "PEM file with the certificate's private key (TESSERA_TLS_KEY)");
ABSL_FLAG(
    std::string, tls_client_ca, "",
    "PEM file with the CA that every client's certificate must come from (TESSERA_TLS_CLIENT_CA; none asked for)");
ABSL_FLAG(bool, allow_plaintext, false,
          "listen beyond loopback without TLS, where another program encrypts (TESSERA_ALLOW_PLAINTEXT=1)");
ABSL_FLAG(std::string, kafka_properties, "",
          "file of security.protocol, ssl.* and sasl.* for the brokers (TESSERA_KAFKA_PROPERTIES; none)");
ABSL_FLAG(std::string, key_file, "", "JSON file with the deployment's keys (TESSERA_KEY_FILE)");
ABSL_FLAG(std::string, instance, "", "name of this process in logs and leases (TESSERA_INSTANCE; 1)");
ABSL_FLAG(std::string, log_level, "", "debug, info, warning or error (TESSERA_LOG_LEVEL; info)");
ABSL_FLAG(std::string, writers, "", "how many writers; one per core is best (TESSERA_WRITERS; 2)");
ABSL_FLAG(std::string, batch, "", "commands in one transaction, at most (TESSERA_BATCH; 1000)");

// Read by jemalloc, where it is linked: memory of the last batch is kept for the next one instead of being given back
// to the system and asked for again many times a second.
extern "C" {
extern const char* malloc_conf;
const char* malloc_conf = "dirty_decay_ms:30000,narenas:4";
}

namespace tessera::engine {
namespace {

std::string Environment(const char* name, const char* otherwise = "") {
  const char* value = std::getenv(name);
  return value == nullptr ? otherwise : value;
}

std::string Setting(const absl::Flag<std::string>& flag, const char* variable, const char* otherwise = "") {
  std::string value = absl::GetFlag(flag);
  return value.empty() ? Environment(variable, otherwise) : value;
}

constexpr timespec kDatabasePause = {.tv_sec = 2, .tv_nsec = 0};
constexpr timespec kFailurePeriod = {.tv_sec = 0, .tv_nsec = 200'000'000};
constexpr absl::Duration kStopTimeMax = absl::Seconds(8);

int Fail(const absl::Status& status) {
  LogError("cannot run", {{"reason", ToStd(status.message())}});
  std::fprintf(stderr, "error: %s\n", std::string(status.message()).c_str());
  return 1;
}

// A backend that is away holds up a commit in doubt, connecting, producing, and the end of its client. What is decided
// is in the database, and other instances take the leases over, so nobody need wait for it.
void BoundStop(int code) {
  StartThread("stop", [code] {
    absl::SleepFor(kStopTimeMax);
    LogWarning("ending without having stopped: a backend is away or slow");
    std::_Exit(code);
  }).detach();
}

int MigrateCommand(const std::string& name, const std::vector<EmbeddedFile>& files) {
  const std::string admin_dsn = Environment("TESSERA_ADMIN_DSN"), password = Environment("TESSERA_DB_PASSWORD");
  if (admin_dsn.empty() || password.empty()) {
    return Fail(
        absl::InvalidArgumentError("set TESSERA_ADMIN_DSN (a superuser's) and TESSERA_DB_PASSWORD (the new role's)"));
  }
  const absl::Status migrated = MigrateService(admin_dsn, name, password, files);
  if (!migrated.ok()) return Fail(migrated);
  std::printf("schema %s is up to date\n", name.c_str());
  return 0;
}

absl::StatusOr<RuntimeOptions> ReadOptions(const KeyFile& keys) {
  RuntimeOptions options;
  options.dsn = Setting(FLAGS_dsn, "TESSERA_DSN");
  options.brokers = Setting(FLAGS_brokers, "TESSERA_BROKERS", "127.0.0.1:9092");
  options.topic_prefix = Setting(FLAGS_topic_prefix, "TESSERA_TOPIC_PREFIX");
  options.listen = Setting(FLAGS_listen, "TESSERA_LISTEN", "127.0.0.1:0");
  options.metrics_listen = Setting(FLAGS_metrics_listen, "TESSERA_METRICS_LISTEN", "127.0.0.1:0");
  options.jwks_path = Setting(FLAGS_jwks, "TESSERA_JWKS");
  options.token_issuer = Setting(FLAGS_token_issuer, "TESSERA_TOKEN_ISSUER", "tessera-dev");
  options.token_audience = Setting(FLAGS_token_audience, "TESSERA_TOKEN_AUDIENCE", "tessera");
  options.instance = Setting(FLAGS_instance, "TESSERA_INSTANCE", "1");
  options.wrapping_key = keys.wrapping_key;
  options.tls = {Setting(FLAGS_tls_cert, "TESSERA_TLS_CERT"), Setting(FLAGS_tls_key, "TESSERA_TLS_KEY"),
                 Setting(FLAGS_tls_client_ca, "TESSERA_TLS_CLIENT_CA")};
  options.allow_plaintext = absl::GetFlag(FLAGS_allow_plaintext) || Environment("TESSERA_ALLOW_PLAINTEXT") == "1";
  TESSERA_ASSIGN_OR_RETURN(options.kafka_security,
                           kafka::ReadSecurity(Setting(FLAGS_kafka_properties, "TESSERA_KAFKA_PROPERTIES")));
  if (!absl::SimpleAtoi(Setting(FLAGS_writers, "TESSERA_WRITERS", "2"), &options.writers) || options.writers < 1 ||
      options.writers > 64) {
    return absl::InvalidArgumentError("--writers must be a number from 1 to 64");
  }
  if (!absl::SimpleAtoi(Setting(FLAGS_batch, "TESSERA_BATCH", "1000"), &options.limits.batch) ||
      options.limits.batch < 1 || options.limits.batch > kBatchMax) {
    return absl::InvalidArgumentError(absl::StrCat("--batch must be a number from 1 to ", kBatchMax));
  }
  return options;
}

int ServeCommand(const MakeParts& make_parts) {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);  // before any thread starts, so that only sigwait gets them

  const auto keys = KeyFile::Load(Setting(FLAGS_key_file, "TESSERA_KEY_FILE"));
  if (!keys.ok()) return Fail(keys.status());
  auto parts = make_parts(*keys);
  if (!parts.ok()) return Fail(parts.status());
  auto options = ReadOptions(*keys);
  if (!options.ok()) return Fail(options.status());
  Runtime runtime(std::move(*parts), std::move(*options), Clock::System());
  for (absl::Status checked = runtime.CheckDatabase(); !checked.ok(); checked = runtime.CheckDatabase()) {
    if (!absl::IsUnavailable(checked) && !absl::IsAborted(checked)) return Fail(checked);
    LogWarning("waiting for the database", {{"reason", ToStd(checked.message())}});
    if (sigtimedwait(&signals, nullptr, &kDatabasePause) > 0) return 0;
  }
  if (absl::Status started = runtime.Start(); !started.ok()) return Fail(started);
  std::printf("grpc %d metrics %d\n", runtime.port(), runtime.metrics_port());
  std::fflush(stdout);
  absl::Status failure;
  while (failure.ok() && sigtimedwait(&signals, nullptr, &kFailurePeriod) < 0) failure = runtime.Failure();
  const int code = failure.ok() ? 0 : Fail(failure);
  BoundStop(code);
  runtime.Stop();
  return code;
}

}  // namespace

int ServiceMain(int argc, char** argv, const std::string& name, const std::vector<EmbeddedFile>& files,
                const MakeParts& make_parts) {
  // Debian builds Abseil with its search for lock cycles, which costs each contended lock; the thread sanitizer
  // searches.
  absl::SetMutexDeadlockDetectionMode(absl::OnDeadlockCycle::kIgnore);
  absl::SetProgramUsageMessage("tessera-" + name + " migrate|serve [--flags]");
  absl::FlagsUsageConfig usage;  // --help shows the flags of main()'s file, and the services' main() is here
  usage.contains_help_flags = [](absl::string_view file) { return absl::EndsWith(file, "service_main.cc"); };
  absl::SetFlagsUsageConfig(usage);
  const std::vector<char*> words = absl::ParseCommandLine(argc, argv);
  InitLog(name, Setting(FLAGS_instance, "TESSERA_INSTANCE", "1"),
          Setting(FLAGS_log_level, "TESSERA_LOG_LEVEL", "info"));
  const std::string command = words.size() > 1 ? words[1] : "";
  if (command == "migrate") return MigrateCommand(name, files);
  if (command == "serve") return ServeCommand(make_parts);
  std::fprintf(stderr, "usage: tessera-%s migrate|serve (see --help)\n", name.c_str());
  return 2;
}

}  // namespace tessera::engine
