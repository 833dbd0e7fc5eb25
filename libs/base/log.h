// JSON logs on standard error, one object a line: time, level, service, message and named fields. Thread-safe.
// Never log a payload, an identifier value, a token or a DSN; ids, counts, reasons and SQLSTATEs are fine.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <variant>

namespace tessera {

enum class LogLevel { kDebug, kInfo, kWarning, kError };

struct LogField {
  std::string_view name;
  std::variant<std::string_view, int64_t, double> value;
};

// Names the service and the instance in every line; sets the least level ("debug", "info", "warning", "error").
void InitLog(std::string_view service, std::string_view instance, std::string_view level);

void Log(LogLevel level, std::string_view message, std::initializer_list<LogField> fields = {});

inline void LogInfo(std::string_view message, std::initializer_list<LogField> fields = {}) {
  Log(LogLevel::kInfo, message, fields);
}
inline void LogWarning(std::string_view message, std::initializer_list<LogField> fields = {}) {
  Log(LogLevel::kWarning, message, fields);
}
inline void LogError(std::string_view message, std::initializer_list<LogField> fields = {}) {
  Log(LogLevel::kError, message, fields);
}

}  // namespace tessera
