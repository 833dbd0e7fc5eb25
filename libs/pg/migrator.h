// Forward-only schema migrations. Used at start-up by one thread.
//
// A migration is a pair of files: NNNN_name.sql, and NNNN_name.check.sql, a query that must return no row once the
// migration is applied. Applied versions are kept in <schema>.schema_migration with a hash of their text.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "base/embedded_file.h"
#include "pg/connection.h"

namespace tessera::pg {

struct Migration {
  int version = 0;
  std::string name;  // "0001_init"
  std::string_view sql;
  std::string_view check_sql;
};

// The migrations among `files` ("migrations/..."), in order. InvalidArgument if a check or a number is missing.
absl::StatusOr<std::vector<Migration>> MigrationsOf(const std::vector<EmbeddedFile>& files);

// Creates, where missing, the service's role (with the password), the schema of the same name, and the schema's owner:
// a role of its own, as whom migrations run and nobody logs in, so that a running service can make, change and empty no
// table. `admin` is a superuser's session.
absl::Status CreateServiceSchema(Connection& admin, const std::string& service, const std::string& password);

std::string OwnerOf(const std::string& service);

// What the service may do with every table of its schema; to change and to delete is granted by migrations, table by
// table. `owner` is the owner's session.
absl::Status GrantReadAndInsert(Connection& owner, const std::string& service);

// Applies what is missing of one component ("engine", "service"), each migration in its own transaction with its check.
// FailedPrecondition: DATABASE_NEWER if the database has a version that this binary does not know,
// MIGRATION_CHANGED if an applied file's text differs, MIGRATION_CHECK_FAILED if a check returned rows.
absl::Status Migrate(Connection& connection, const std::string& component, const std::vector<Migration>& migrations);

// FailedPrecondition (DATABASE_NEWER, DATABASE_OLDER) unless the database is exactly at the binary's version.
absl::Status CheckVersion(Connection& connection, const std::string& component,
                          const std::vector<Migration>& migrations);

}  // namespace tessera::pg
