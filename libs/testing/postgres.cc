#include "testing/postgres.h"

#include <map>

#include "base/check.h"
#include "engine/schema.h"
#include "pg/dsn.h"
#include "testing/environment.h"

namespace tessera::testing {
namespace {

constexpr char kPassword[] = "test";

std::unique_ptr<pg::Connection> Connect(const std::string& dsn) {
  auto connection = pg::Connection::Open({.dsn = dsn, .application_name = "test"});
  if (!connection.ok()) std::fprintf(stderr, "%s\n", std::string(connection.status().message()).c_str());
  TESSERA_CHECK(connection.ok());
  return std::move(*connection);
}

void Execute(pg::Connection& connection, const std::string& sql) {
  const auto done = connection.Execute(sql);
  if (!done.ok()) std::fprintf(stderr, "%s: %s\n", sql.c_str(), std::string(done.status().message()).c_str());
  TESSERA_CHECK(done.ok());
}

// The migrated template of the service; dropped when the process ends normally.
struct Template {
  std::string name;
  Template(const std::string& admin_dsn, const std::string& service, const std::vector<EmbeddedFile>& files)
      : name(Unique("template_" + service)) {
    Execute(*Connect(admin_dsn), "CREATE DATABASE \"" + name + "\"");
    const absl::Status migrated = engine::MigrateService(pg::WithDatabase(admin_dsn, name), service, kPassword, files);
    if (!migrated.ok()) std::fprintf(stderr, "%s\n", std::string(migrated.message()).c_str());
    TESSERA_CHECK(migrated.ok());
  }
};

const std::string& TemplateOf(const std::string& admin_dsn, const std::string& service,
                              const std::vector<EmbeddedFile>& files) {
  static auto* templates = new std::map<std::string, Template>;
  auto found = templates->find(service);
  if (found == templates->end()) found = templates->emplace(service, Template(admin_dsn, service, files)).first;
  return found->second.name;
}

}  // namespace

TestDatabase::TestDatabase(const std::string& service, const std::vector<EmbeddedFile>& service_files)
    : name_(Unique("test_" + service)) {
  const std::string cluster = RequiredEnvironment("TESSERA_TEST_ADMIN_DSN");
  const std::string& source = TemplateOf(cluster, service, service_files);
  Execute(*Connect(cluster), "CREATE DATABASE \"" + name_ + "\" TEMPLATE \"" + source + "\"");
  admin_dsn_ = pg::WithDatabase(cluster, name_);
  dsn_ = pg::WithDatabase(cluster, name_, service, kPassword);
  connection_ = Connect(dsn_);
  admin_ = Connect(admin_dsn_);
  for (pg::Connection* connection : {connection_.get(), admin_.get()}) {
    Execute(*connection, "SET search_path = " + service);
  }
}

TestDatabase::~TestDatabase() {
  connection_.reset();
  admin_.reset();
  auto admin = Connect(RequiredEnvironment("TESSERA_TEST_ADMIN_DSN"));
  admin->Execute("DROP DATABASE IF EXISTS \"" + name_ + "\" WITH (FORCE)").status().IgnoreError();
}

std::string TestDatabase::Text(const std::string& sql) {
  auto rows = admin_->Execute(sql);
  if (!rows.ok()) std::fprintf(stderr, "%s: %s\n", sql.c_str(), std::string(rows.status().message()).c_str());
  TESSERA_CHECK(rows.ok());
  return rows->empty() ? "" : std::string(rows->TextAt(0, 0));
}

}  // namespace tessera::testing
