// Assertions that stay on in production: a broken invariant ends the process, because the state is in Postgres and
// a wrong answer is worse than a restart.
#pragma once

#include <string_view>

namespace tessera {

// Logs where and what, then aborts. Never returns. (Not std::source_location: clang 14 cannot read libstdc++'s.)
[[noreturn]] void CheckFailed(std::string_view what, const char* file = __builtin_FILE(), int line = __builtin_LINE());

}  // namespace tessera

#define TESSERA_CHECK(condition)          \
  do {                                    \
    if (!(condition)) [[unlikely]]        \
      ::tessera::CheckFailed(#condition); \
  } while (false)
