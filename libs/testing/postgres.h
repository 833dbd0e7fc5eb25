// Databases for tests, made from templates in the run's private Postgres cluster. Used by one thread.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/embedded_file.h"
#include "pg/connection.h"

namespace tessera::testing {

// A database of its own with the schema and role of one service, dropped at the end. The migrated template is made once
// per test binary.
class TestDatabase {
 public:
  // Ends the test run with a clear message if TESSERA_TEST_ADMIN_DSN is not set.
  TestDatabase(const std::string& service, const std::vector<EmbeddedFile>& service_files);
  ~TestDatabase();
  TestDatabase(const TestDatabase&) = delete;
  TestDatabase& operator=(const TestDatabase&) = delete;

  // DSN of the service's role.
  const std::string& dsn() const { return dsn_; }
  // DSN of the cluster's superuser, in this database.
  const std::string& admin_dsn() const { return admin_dsn_; }
  pg::ConnectionOptions options() const { return {.dsn = dsn_, .application_name = "test"}; }

  // A connection of the service's role for looking at its tables.
  pg::Connection& connection() { return *connection_; }
  // A connection of the superuser, in the service's schema: for what the service may not do.
  pg::Connection& admin() { return *admin_; }
  // The first column of the first row, as text; "" if there is none. By admin()'s connection.
  std::string Text(const std::string& sql);

 private:
  const std::string name_;
  std::string dsn_, admin_dsn_;
  std::unique_ptr<pg::Connection> connection_, admin_;
};

}  // namespace tessera::testing
