#include "metrics/process.h"

#include <sys/resource.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "metrics/metrics.h"

namespace tessera::metrics {
namespace {

double ResidentBytes() {
  std::ifstream statm("/proc/self/statm");
  double pages = 0, resident = 0;
  statm >> pages >> resident;
  return resident * static_cast<double>(sysconf(_SC_PAGESIZE));
}

double CpuSeconds() {
  rusage usage = {};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

double OpenFiles() {
  std::error_code error;
  const std::filesystem::directory_iterator files("/proc/self/fd", error);
  return error ? 0 : static_cast<double>(std::distance(begin(files), end(files)));
}

// Seconds since 1970: the kernel keeps ticks since the machine was started.
double StartTime() {
  std::ifstream stat("/proc/self/stat"), uptime("/proc/uptime");
  std::string text((std::istreambuf_iterator<char>(stat)), std::istreambuf_iterator<char>());
  text.erase(0, text.rfind(')') + 1);  // the name before it may hold blanks
  constexpr int kStartTimeField = 22, kFirstField = 3;
  size_t at = 1;
  for (int field = kFirstField; field < kStartTimeField; ++field) at = text.find(' ', at) + 1;
  double up_seconds = 0;
  uptime >> up_seconds;
  const double age = up_seconds - std::stod(text.substr(at)) / static_cast<double>(sysconf(_SC_CLK_TCK));
  return static_cast<double>(time(nullptr)) - age;
}

}  // namespace

void ObserveProcess() {
  static const double start_time = StartTime();
  static Counter& cpu = GetCounter("process_cpu_seconds_total", "User and system CPU time");
  GetGauge("process_resident_memory_bytes", "Resident memory").Set(ResidentBytes());
  GetGauge("process_open_fds", "Open file descriptors").Set(OpenFiles());
  GetGauge("process_start_time_seconds", "Start of the process, since 1970").Set(start_time);
  cpu.Add(CpuSeconds() - cpu.Value());
}

}  // namespace tessera::metrics
