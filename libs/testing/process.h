// A service process under test. Used by one thread; ends with its object, killed if need be.
#pragma once

#include <sys/types.h>

#include <map>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"

namespace tessera::testing {

class ServiceProcess {
 public:
  // Starts build/<preset>/services/<service>/tessera-<service> serve with the run's broker and keys, `dsn` and
  // `topic_prefix`, and further environment. Its log goes to a file of the run's scratch folder.
  ServiceProcess(const std::string& service, const std::string& dsn, const std::string& topic_prefix,
                 std::map<std::string, std::string> environment = {});
  ~ServiceProcess();
  ServiceProcess(const ServiceProcess&) = delete;
  ServiceProcess& operator=(const ServiceProcess&) = delete;

  // Waits until it serves; Unavailable with the end of its log if it does not within `timeout`.
  absl::Status AwaitServing(absl::Duration timeout = absl::Seconds(30));

  // SIGTERM; true if it ended with exit code 0 within `timeout`.
  bool Stop(absl::Duration timeout = absl::Seconds(20));
  // SIGKILL.
  void Kill();
  // True once the process has ended by itself.
  bool Ended();

  std::string address() const { return "127.0.0.1:" + std::to_string(port_); }
  int metrics_port() const { return metrics_port_; }
  std::string log() const;
  // The most memory that it has had resident so far; 0 once it has ended.
  int64_t PeakResidentMb() const;

 private:
  const std::string log_path_;
  pid_t pid_ = -1;
  int stdout_ = -1;
  int port_ = 0, metrics_port_ = 0;
  int exit_status_ = 0;
};

// A token that the run's services accept.
std::string Token(const std::vector<std::string>& brands, const std::vector<std::string>& roles);

}  // namespace tessera::testing
