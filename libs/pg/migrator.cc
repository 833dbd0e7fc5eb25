#include "pg/migrator.h"

#include <algorithm>
#include <charconv>
#include <map>

#include "base/crypto.h"
#include "base/fault_point.h"
#include "base/hex.h"
#include "base/log.h"
#include "base/status.h"
#include "pg/tx.h"

namespace tessera::pg {
namespace {

constexpr std::string_view kDirectory = "migrations/", kCheckSuffix = ".check.sql", kSuffix = ".sql";

constexpr char kCreateTable[] =
    "CREATE TABLE IF NOT EXISTS schema_migration (component text NOT NULL, version int4 NOT NULL, name text NOT NULL, "
    "content_hash text NOT NULL, applied_time timestamptz NOT NULL DEFAULT now(), "
    "CONSTRAINT schema_migration_pk PRIMARY KEY (component, version))";

absl::Status Refuse(std::string_view reason, const std::string& message) {
  return MakeError(absl::StatusCode::kFailedPrecondition, message, {std::string(reason), "tessera", {}});
}

absl::StatusOr<std::map<int, std::string>> Applied(Connection& connection, const std::string& component) {
  static constexpr Statement kApplied = {"applied_migrations",
                                         "SELECT version, content_hash FROM schema_migration WHERE component = $1"};
  Tx tx(connection, "applied_migrations");
  std::map<int, std::string> hashes;
  for (const Row row : tx.Run(kApplied, component)) hashes[row.Get<int32_t>(0)] = row.Get<std::string>(1);
  TESSERA_RETURN_IF_ERROR(tx.status());
  return hashes;
}

absl::Status Apply(Connection& connection, const std::string& component, const Migration& migration) {
  static constexpr Statement kRecord = {
      "record_migration",
      "INSERT INTO schema_migration (component, version, name, content_hash) VALUES ($1, $2, $3, $4)"};
  Tx tx(connection, "migrate");
  if (auto result = tx.Execute(std::string(migration.sql)); !result.ok()) {
    return Refuse("MIGRATION_FAILED", component + " " + migration.name + ": " + std::string(result.status().message()));
  }
  auto bad = tx.Execute(std::string(migration.check_sql));
  if (!bad.ok()) return bad.status();
  if (!bad->empty()) return Refuse("MIGRATION_CHECK_FAILED", component + " " + migration.name + ": its check has rows");
  tx.Send(kRecord, component, static_cast<int32_t>(migration.version), migration.name, ToHex(Sha256(migration.sql)));
  FaultPoint("migrate.before_commit");
  if (tx.Commit() != CommitResult::kCommitted) return tx.status();
  LogInfo("migration applied", {{"component", component}, {"migration", migration.name}});
  return absl::OkStatus();
}

// One migrating process at a time, until the session ends. An index of a large table takes longer than any call may.
absl::Status LockMigrations(Connection& connection) {
  TESSERA_RETURN_IF_ERROR(connection.Execute("SET statement_timeout = 0").status());
  return connection.Execute("SELECT pg_advisory_lock(hashtext('tessera.migrate.' || current_schema()))").status();
}

}  // namespace

absl::StatusOr<std::vector<Migration>> MigrationsOf(const std::vector<EmbeddedFile>& files) {
  std::map<std::string, Migration> by_name;
  for (const EmbeddedFile& file : files) {
    if (!file.name.starts_with(kDirectory)) continue;
    std::string_view name = file.name.substr(kDirectory.size());
    const bool check = name.ends_with(kCheckSuffix);
    name.remove_suffix(check ? kCheckSuffix.size() : kSuffix.size());
    Migration& migration = by_name[std::string(name)];
    migration.name = name;
    std::from_chars(name.data(), name.data() + name.size(), migration.version);
    (check ? migration.check_sql : migration.sql) = file.content;
  }
  std::vector<Migration> migrations;
  for (auto& [name, migration] : by_name) {
    if (migration.version != static_cast<int>(migrations.size()) + 1) return InvalidField(name, "breaks the numbering");
    if (migration.sql.empty() || migration.check_sql.empty()) return InvalidField(name, "lacks its .sql or .check.sql");
    migrations.push_back(std::move(migration));
  }
  return migrations;
}

absl::Status CreateServiceSchema(Connection& admin, const std::string& service, const std::string& password) {
  static constexpr Statement kExists = {"role_exists", "SELECT 1 FROM pg_roles WHERE rolname = $1"};
  static constexpr Statement kCreate = {
      "create_role_text",
      "SELECT format('CREATE ROLE %I LOGIN', $1::text), format('CREATE ROLE %I NOLOGIN', $3::text), "
      "format('ALTER ROLE %I PASSWORD %L', $1::text, $2::text), "
      // What an older release made belonged to the service's role.
      "format('REASSIGN OWNED BY %I TO %I', $1::text, $3::text), "
      "format('CREATE SCHEMA IF NOT EXISTS %I AUTHORIZATION %I', $1::text, $3::text), "
      "format('ALTER ROLE %I SET search_path = %I', $1::text, $1::text), "
      "format('GRANT USAGE ON SCHEMA %I TO %I', $1::text, $1::text), "
      "format('REVOKE TEMPORARY ON DATABASE %I FROM PUBLIC', current_database())"};
  std::vector<std::string> statements;
  {
    Tx tx(admin, "create_service_schema");
    const std::string owner = OwnerOf(service);
    const bool role_exists = !tx.Run(kExists, service).empty(), owner_exists = !tx.Run(kExists, owner).empty();
    const Rows texts = tx.Run(kCreate, service, password, owner);
    TESSERA_RETURN_IF_ERROR(tx.status());
    for (int column = 0; column < 8; ++column) {
      if ((column == 0 && role_exists) || (column == 1 && owner_exists)) continue;
      statements.push_back(texts[0].Get<std::string>(column));
    }
  }
  for (const std::string& sql : statements) TESSERA_RETURN_IF_ERROR(admin.Execute(sql).status());
  return absl::OkStatus();
}

std::string OwnerOf(const std::string& service) { return service + "_owner"; }

absl::Status GrantReadAndInsert(Connection& owner, const std::string& service) {
  static constexpr Statement kGrant = {
      "grant_text",
      "SELECT format('GRANT SELECT, INSERT ON ALL TABLES IN SCHEMA %I TO %I', $1::text, $1::text), "
      "format('REVOKE INSERT ON schema_migration FROM %I', $1::text), "
      // Partitions that are made later are written through their parents.
      "format('ALTER DEFAULT PRIVILEGES IN SCHEMA %I GRANT SELECT ON TABLES TO %I', $1::text, $1::text)"};
  Tx tx(owner, "grant");
  const Rows texts = tx.Run(kGrant, service);
  TESSERA_RETURN_IF_ERROR(tx.status());
  for (int column = 0; column < 3; ++column) {
    TESSERA_RETURN_IF_ERROR(tx.Execute(texts[0].Get<std::string>(column)).status());
  }
  return tx.Commit() == CommitResult::kCommitted ? absl::OkStatus() : tx.status();
}

absl::Status Migrate(Connection& connection, const std::string& component, const std::vector<Migration>& migrations) {
  TESSERA_RETURN_IF_ERROR(LockMigrations(connection));
  TESSERA_RETURN_IF_ERROR(connection.Execute(kCreateTable).status());
  TESSERA_ASSIGN_OR_RETURN(const auto applied, Applied(connection, component));
  if (!applied.empty() && applied.rbegin()->first > static_cast<int>(migrations.size())) {
    return Refuse("DATABASE_NEWER", "the database has a newer schema of " + component + "; start a newer binary");
  }
  for (const Migration& migration : migrations) {
    auto found = applied.find(migration.version);
    if (found == applied.end()) {
      TESSERA_RETURN_IF_ERROR(Apply(connection, component, migration));
    } else if (found->second != ToHex(Sha256(migration.sql))) {
      return Refuse("MIGRATION_CHANGED", component + " " + migration.name + " was changed after it had been applied");
    }
  }
  return absl::OkStatus();
}

absl::Status CheckVersion(Connection& connection, const std::string& component,
                          const std::vector<Migration>& migrations) {
  auto applied = Applied(connection, component);
  if (absl::IsUnavailable(applied.status()) || absl::IsAborted(applied.status())) return applied.status();
  if (!applied.ok()) return Refuse("DATABASE_OLDER", "the database has no schema yet; run the migrate command first");
  const int version = applied->empty() ? 0 : applied->rbegin()->first;
  if (version > static_cast<int>(migrations.size())) {
    return Refuse("DATABASE_NEWER", "the database has a newer schema of " + component + "; start a newer binary");
  }
  if (version < static_cast<int>(migrations.size())) {
    return Refuse("DATABASE_OLDER", "the schema of " + component + " is older; run the migrate command first");
  }
  return absl::OkStatus();
}

}  // namespace tessera::pg
