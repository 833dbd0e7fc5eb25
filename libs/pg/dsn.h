// libpq connection strings. Pure, thread-safe.
#pragma once

#include <string>

namespace tessera::pg {

// `dsn` with another database, and another role where one is given.
std::string WithDatabase(const std::string& dsn, const std::string& database, const std::string& role = "",
                         const std::string& password = "");

}  // namespace tessera::pg
