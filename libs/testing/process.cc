#include "testing/process.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
#include <iterator>
#include <sstream>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "base/check.h"
#include "rpc/token.h"
#include "testing/environment.h"
#include "testing/wait.h"

namespace tessera::testing {
namespace {

std::string ReadFile(const std::string& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

std::vector<std::string> Environment(const std::map<std::string, std::string>& changes) {
  std::vector<std::string> all;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string text = *entry;
    if (!changes.contains(text.substr(0, text.find('=')))) all.push_back(text);
  }
  for (const auto& [name, value] : changes) all.push_back(absl::StrCat(name, "=", value));
  return all;
}

}  // namespace

ServiceProcess::ServiceProcess(const std::string& service, const std::string& dsn, const std::string& topic_prefix,
                               std::map<std::string, std::string> environment)
    : log_path_(RequiredEnvironment("TESSERA_TEST_VAR") + "/" + Unique(service) + ".log") {
  environment.insert({{"TESSERA_DSN", dsn},
                      {"TESSERA_TOPIC_PREFIX", topic_prefix},
                      {"TESSERA_BROKERS", RequiredEnvironment("TESSERA_TEST_BROKERS")},
                      {"TESSERA_JWKS", RequiredEnvironment("TESSERA_TEST_JWKS")},
                      {"TESSERA_KEY_FILE", RequiredEnvironment("TESSERA_TEST_KEY_FILE")},
                      {"TESSERA_DECIDE_TWICE", "1"}});
  const std::string binary =
      RequiredEnvironment("TESSERA_TEST_BUILD_DIR") + "/services/" + service + "/tessera-" + service;
  int pipe_ends[2];
  TESSERA_CHECK(pipe2(pipe_ends, O_CLOEXEC) == 0);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, pipe_ends[1], STDOUT_FILENO);
  posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, log_path_.c_str(), O_CREAT | O_WRONLY | O_APPEND, 0600);
  std::vector<std::string> variables = Environment(environment);
  std::vector<char*> envp;
  for (std::string& variable : variables) envp.push_back(variable.data());
  envp.push_back(nullptr);
  std::string program = binary, command = "serve";
  char* argv[] = {program.data(), command.data(), nullptr};
  TESSERA_CHECK(posix_spawn(&pid_, binary.c_str(), &actions, nullptr, argv, envp.data()) == 0);
  posix_spawn_file_actions_destroy(&actions);
  close(pipe_ends[1]);
  stdout_ = pipe_ends[0];
}

ServiceProcess::~ServiceProcess() {
  Kill();
  close(stdout_);
}

absl::Status ServiceProcess::AwaitServing(absl::Duration timeout) {
  const absl::Time deadline = absl::Now() + timeout;
  std::string line;
  while (absl::Now() < deadline && line.find('\n') == std::string::npos) {
    pollfd poll_fd = {stdout_, POLLIN, 0};
    if (poll(&poll_fd, 1, 100) <= 0) continue;
    char buffer[256];
    const ssize_t n = read(stdout_, buffer, sizeof(buffer));
    if (n <= 0) break;  // it has ended
    line.append(buffer, static_cast<size_t>(n));
  }
  std::string word;
  std::istringstream text(line);
  text >> word >> port_ >> word >> metrics_port_;
  if (port_ != 0 && metrics_port_ != 0) return absl::OkStatus();
  const std::string all = log();
  return absl::UnavailableError("the service does not serve: " +
                                all.substr(all.size() - std::min<size_t>(all.size(), 2'000)));
}

bool ServiceProcess::Ended() {
  if (pid_ > 0 && waitpid(pid_, &exit_status_, WNOHANG) == pid_) pid_ = -1;
  return pid_ < 0;
}

bool ServiceProcess::Stop(absl::Duration timeout) {
  if (pid_ > 0) kill(pid_, SIGTERM);
  return WaitFor([this] { return Ended(); }, timeout) && WIFEXITED(exit_status_) && WEXITSTATUS(exit_status_) == 0;
}

void ServiceProcess::Kill() {
  if (pid_ < 0) return;
  kill(pid_, SIGKILL);
  waitpid(pid_, &exit_status_, 0);
  pid_ = -1;
}

int64_t ServiceProcess::PeakResidentMb() const {
  std::istringstream status(ReadFile(absl::StrCat("/proc/", pid_, "/status")));
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with("VmHWM:")) return std::stoll(line.substr(6)) / 1024;
  }
  return 0;
}

std::string ServiceProcess::log() const { return ReadFile(log_path_); }

std::string Token(const std::vector<std::string>& brands, const std::vector<std::string>& roles) {
  const auto token = rpc::SignToken(ReadFile(RequiredEnvironment("TESSERA_TEST_SIGNING_KEY")),
                                    {.subject = "test",
                                     .issuer = "tessera-dev",
                                     .brands = brands,
                                     .roles = roles,
                                     .issued = absl::Now(),
                                     .expiry = absl::Now() + absl::Hours(1)});
  TESSERA_CHECK(token.ok());
  return *token;
}

}  // namespace tessera::testing
