// Assertions that stay on in production: a broken invariant ends the process, because the state is in Postgres and
// a wrong answer is worse than a restart.
#pragma once

#include <source_location>
#include <string_view>

namespace tessera {

// Logs where and what, then aborts. Never returns.
[[noreturn]] void CheckFailed(std::string_view what, std::source_location where = std::source_location::current());

}  // namespace tessera

#define TESSERA_CHECK(condition)          \
  do {                                    \
    if (!(condition)) [[unlikely]]        \
      ::tessera::CheckFailed(#condition); \
  } while (false)
