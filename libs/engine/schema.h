// The schema of a service: the engine's tables and the service's own, migrated together. Thread-safe.
#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "base/embedded_file.h"
#include "pg/connection.h"

namespace tessera::engine {

// Creates role and schema `service` where missing (with the password) and migrates both parts. `admin_dsn` is a
// superuser's. Errors are those of pg::Migrate.
absl::Status MigrateService(const std::string& admin_dsn, const std::string& service, const std::string& password,
                            const std::vector<EmbeddedFile>& service_files);

// FailedPrecondition DATABASE_NEWER or DATABASE_OLDER unless the schema is exactly this binary's.
absl::Status CheckSchema(pg::Connection& connection, const std::vector<EmbeddedFile>& service_files);

}  // namespace tessera::engine
