#include "base/log.h"

#include <cstdlib>
#include <nlohmann/json.hpp>

#include "base/check.h"
#include "spdlog/sinks/stdout_sinks.h"
#include "spdlog/spdlog.h"

namespace tessera {
namespace {

using Json = nlohmann::ordered_json;

struct Names {
  std::string service = "tessera";
  std::string instance;
};
Names& TheNames() {
  static auto* names = new Names;
  return *names;
}

spdlog::logger& Logger() {
  static const auto logger = [] {
    auto made = spdlog::stderr_logger_mt("tessera");
    made->set_pattern("%v");
    return made;
  }();
  return *logger;
}

spdlog::level::level_enum LevelOf(LogLevel level) {
  switch (level) {
    case LogLevel::kDebug:
      return spdlog::level::debug;
    case LogLevel::kInfo:
      return spdlog::level::info;
    case LogLevel::kWarning:
      return spdlog::level::warn;
    case LogLevel::kError:
      return spdlog::level::err;
  }
  return spdlog::level::err;
}

std::string TimeText() {
  timespec now{};
  clock_gettime(CLOCK_REALTIME, &now);
  tm utc{};
  gmtime_r(&now.tv_sec, &utc);
  char text[40], all[64];
  strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &utc);
  snprintf(all, sizeof(all), "%s.%06ldZ", text, now.tv_nsec / 1000);
  return all;
}

}  // namespace

void InitLog(std::string_view service, std::string_view instance, std::string_view level) {
  TheNames() = {std::string(service), std::string(instance)};
  Logger().set_level(spdlog::level::from_str(std::string(level)));
  Logger().flush_on(spdlog::level::info);
}

void Log(LogLevel level, std::string_view message, std::initializer_list<LogField> fields) {
  const auto spd_level = LevelOf(level);
  if (!Logger().should_log(spd_level)) return;
  const auto name = spdlog::level::to_string_view(spd_level);
  Json line = {{"time", TimeText()},
               {"level", std::string(name.data(), name.size())},
               {"service", TheNames().service},
               {"instance", TheNames().instance},
               {"message", message}};
  for (const LogField& field : fields) {
    std::visit([&](const auto& value) { line[std::string(field.name)] = value; }, field.value);
  }
  Logger().log(spd_level, line.dump(-1, ' ', false, Json::error_handler_t::replace));
}

void CheckFailed(std::string_view what, const char* file, int line) {
  LogError("broken invariant", {{"check", what}, {"file", file}, {"line", int64_t{line}}});
  Logger().flush();
  std::abort();
}

}  // namespace tessera
