#include "engine/schema.h"

#include "base/status.h"
#include "pg/migrator.h"

namespace tessera::engine {

const std::vector<EmbeddedFile>& EmbeddedFiles();

absl::Status MigrateService(const std::string& admin_dsn, const std::string& service, const std::string& password,
                            const std::vector<EmbeddedFile>& service_files) {
  TESSERA_ASSIGN_OR_RETURN(const auto engine_migrations, pg::MigrationsOf(EmbeddedFiles()));
  TESSERA_ASSIGN_OR_RETURN(const auto service_migrations, pg::MigrationsOf(service_files));
  TESSERA_ASSIGN_OR_RETURN(auto admin, pg::Connection::Open({.dsn = admin_dsn, .application_name = "migrate"}));
  TESSERA_RETURN_IF_ERROR(pg::CreateServiceSchema(*admin, service, password));
  TESSERA_RETURN_IF_ERROR(
      admin->Execute("SET ROLE \"" + pg::OwnerOf(service) + "\"; SET search_path = \"" + service + "\"").status());
  TESSERA_RETURN_IF_ERROR(pg::Migrate(*admin, "engine", engine_migrations));
  TESSERA_RETURN_IF_ERROR(pg::Migrate(*admin, "service", service_migrations));
  return pg::GrantReadAndInsert(*admin, service);
}

absl::Status CheckSchema(pg::Connection& connection, const std::vector<EmbeddedFile>& service_files) {
  TESSERA_ASSIGN_OR_RETURN(const auto engine_migrations, pg::MigrationsOf(EmbeddedFiles()));
  TESSERA_ASSIGN_OR_RETURN(const auto service_migrations, pg::MigrationsOf(service_files));
  TESSERA_RETURN_IF_ERROR(pg::CheckVersion(connection, "engine", engine_migrations));
  return pg::CheckVersion(connection, "service", service_migrations);
}

}  // namespace tessera::engine
