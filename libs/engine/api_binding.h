// Binds a service's methods to the RPC server, its writers and its readers. Registered at start-up by one thread.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "engine/api.h"
#include "engine/reader.h"
#include "engine/writer.h"
#include "pg/tx.h"
#include "rpc/server.h"

namespace tessera::engine {

class ApiBinding final : public Api {
 public:
  // Everything referred to outlives the binding; the binding outlives the server's last call.
  ApiBinding(rpc::Server& server, const Clock& clock, std::vector<Writer*> writers, Reader& reads, Reader& queries);

  // A query that keeps state of its own.
  template <class Request, class Response>
  void QueryWith(std::string_view method, std::function<absl::StatusOr<Response>(pg::Tx&, const Request&)> query) {
    AddQuery(method, Request(),
             [query = std::move(query)](pg::Tx& tx, const Message& request) -> absl::StatusOr<std::string> {
               auto response = query(tx, static_cast<const Request&>(request));
               if (!response.ok()) return response.status();
               return response->SerializeAsString();
             });
  }

  // A call that has a stored record decided again: `find` reads it. The response is empty.
  template <class Request>
  void Stored(std::string_view method, std::function<absl::StatusOr<Work>(pg::Tx&, const Request&)> find) {
    AddStored(method, Request(), [find = std::move(find)](pg::Tx& tx, const Message& request) {
      return find(tx, static_cast<const Request&>(request));
    });
  }

 private:
  void AddCommand(std::string_view method, const Message& prototype, ToCommand to_command) override;
  void AddCommands(std::string_view method, const Message& prototype, Split split, Join join) override;
  void AddRead(std::string_view method, const Message& prototype, BatchRead read) override;
  void AddQuery(std::string_view method, const Message& prototype, OneQuery query) override;
  void AddStored(std::string_view method, const Message& prototype,
                 std::function<absl::StatusOr<Work>(pg::Tx&, const Message&)> find);
  void Submit(const rpc::Call& call, const std::string& method, ApiCommand command, std::string input_hash,
              Answer answer);
  Writer& WriterFor(std::string_view route) const;

  rpc::Server& server_;
  const Clock& clock_;
  const std::vector<Writer*> writers_;
  Reader& reads_;
  Reader& queries_;
  std::vector<std::unique_ptr<BatchRead>> kinds_;  // the readers keep their addresses
};

}  // namespace tessera::engine
