// Connections to Postgres. A Connection and its Tx (tx.h) are used by one thread at a time. Nothing here throws.
//
// A connection never reconnects by itself: a lost session is seen as Unavailable, and Reconnect() is a decision of the
// caller, because what was prepared, locked or half committed is gone with the session.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "pg/rows.h"

struct pg_conn;

namespace tessera::pg {

struct ConnectionOptions {
  std::string dsn;               // libpq connection string; never logged
  std::string application_name;  // shown in pg_stat_activity
  bool key_access_only = false;  // no sequential scans, hash or merge joins; plans are kept
};

class Connection {
 public:
  // Unavailable if the server cannot be reached, Unauthenticated if it refuses the role.
  static absl::StatusOr<std::unique_ptr<Connection>> Open(ConnectionOptions options);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  // Ends the session if there is one and starts a new one.
  absl::Status Reconnect();
  bool connected() const;

  // Runs SQL text of one or more statements without parameters, outside a Tx.
  absl::StatusOr<Rows> Execute(const std::string& sql);

 private:
  friend class Tx;
  explicit Connection(ConnectionOptions options);
  absl::Status SetSession();

  struct Close {
    void operator()(pg_conn* conn) const;
  };
  const ConnectionOptions options_;
  std::unique_ptr<pg_conn, Close> conn_;
  std::unordered_set<std::string_view> prepared_;
};

// A connection that is opened when it is first needed and again after it was lost. Used by one thread.
class Session {
 public:
  explicit Session(ConnectionOptions options) : options_(std::move(options)) {}

  // Unavailable if the server is away.
  absl::Status Ensure();
  // After a successful Ensure.
  Connection& operator*() { return *connection_; }
  Connection* operator->() { return connection_.get(); }

 private:
  const ConnectionOptions options_;
  std::unique_ptr<Connection> connection_;
};

}  // namespace tessera::pg
