#include "pg/dsn.h"

#include <libpq-fe.h>

#include "base/check.h"

namespace tessera::pg {

std::string WithDatabase(const std::string& dsn, const std::string& database, const std::string& role,
                         const std::string& password) {
  PQconninfoOption* options = PQconninfoParse(dsn.c_str(), nullptr);
  TESSERA_CHECK(options != nullptr);
  std::string changed;
  auto add = [&changed](const std::string& name, const std::string& value) { changed += name + "='" + value + "' "; };
  for (const PQconninfoOption* option = options; option->keyword != nullptr; ++option) {
    const std::string name = option->keyword;
    const bool replaced = name == "dbname" || (!role.empty() && (name == "user" || name == "password"));
    if (option->val != nullptr && !replaced) add(name, option->val);
  }
  PQconninfoFree(options);
  add("dbname", database);
  if (!role.empty()) {
    add("user", role);
    add("password", password);
  }
  return changed;
}

}  // namespace tessera::pg
