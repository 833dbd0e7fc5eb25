// How a service's api/ files offer their methods: proto -> command -> reply, without threads, transactions or gRPC.
// Registered once at start-up; handlers are called on several threads at a time and hold no state.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "base/ids.h"
#include "engine/service.h"

namespace google::protobuf {
class Message;
}

namespace tessera::engine {

// A mutating call, checked and turned into a command.
struct ApiCommand {
  std::unique_ptr<AnyCommand> command;
  BrandId brand;
  RequestId request_id;  // idempotency: (brand, method, request_id) takes effect once
  std::string route;     // commands with equal text meet on one writer: lower-case text of the customer id
};

// What tells two requests with the same request_id apart: a hash over known fields in field order, so that a client's
// unknown fields or field order make no difference, nor does how it writes the request_id. 16 bytes.
std::string InputHash(const google::protobuf::Message& request);

// One item of a call of many: its command, the single call that does the same, and the hash of the item alone. Under
// that call's name its answer is kept, so that a retry may go either way.
struct ApiItem {
  ApiCommand command;
  std::string method;
  std::string input_hash;  // InputHash(item)
};

// Where api files register. `method` is "tessera.membership.v1.PointsService/GetBalance".
class Api {
 public:
  virtual ~Api() = default;

  // A mutation. The command's encoded reply (D::EncodeReply) is the serialised response.
  template <class Request>
  void Command(std::string_view method, absl::StatusOr<ApiCommand> (*to_command)(const Request&)) {
    AddCommand(method, Request(), [to_command](const google::protobuf::Message& request) {
      return to_command(static_cast<const Request&>(request));
    });
  }

  // A mutation of many items that take effect one by one, each with its own request_id. `split` answers a command, or
  // the error, of each item; `join` makes the response from the items' answers (serialised replies or errors), in
  // order.
  template <class Request, class Response>
  void Commands(std::string_view method, absl::StatusOr<std::vector<absl::StatusOr<ApiItem>>> (*split)(const Request&),
                Response (*join)(const std::vector<absl::StatusOr<std::string>>& answers)) {
    AddCommands(
        method, Request(),
        [split](const google::protobuf::Message& request) { return split(static_cast<const Request&>(request)); },
        [join](const std::vector<absl::StatusOr<std::string>>& answers) { return join(answers).SerializeAsString(); });
  }

  // A read. Waiting calls of one method are answered together: one answer per request, in order.
  template <class Request, class Response>
  void Read(std::string_view method,
            std::vector<absl::StatusOr<Response>> (*read)(pg::Tx&, const std::vector<const Request*>&)) {
    AddRead(method, Request(), [read](pg::Tx& tx, const std::vector<const google::protobuf::Message*>& requests) {
      std::vector<const Request*> typed;
      typed.reserve(requests.size());
      for (const auto* request : requests) typed.push_back(static_cast<const Request*>(request));
      std::vector<absl::StatusOr<std::string>> answers;
      answers.reserve(requests.size());
      for (auto& response : read(tx, typed)) {
        if (response.ok()) {
          answers.emplace_back(response->SerializeAsString());
        } else {
          answers.emplace_back(response.status());
        }
      }
      return answers;
    });
  }

  // A read of its own, such as a list or statistics: not answered together with others.
  template <class Request, class Response>
  void Query(std::string_view method, absl::StatusOr<Response> (*query)(pg::Tx&, const Request&)) {
    AddQuery(method, Request(),
             [query](pg::Tx& tx, const google::protobuf::Message& request) -> absl::StatusOr<std::string> {
               auto response = query(tx, static_cast<const Request&>(request));
               if (!response.ok()) return response.status();
               return response->SerializeAsString();
             });
  }

 protected:
  using Message = google::protobuf::Message;
  using ToCommand = std::function<absl::StatusOr<ApiCommand>(const Message&)>;
  using Split = std::function<absl::StatusOr<std::vector<absl::StatusOr<ApiItem>>>(const Message&)>;
  using Join = std::function<std::string(const std::vector<absl::StatusOr<std::string>>&)>;
  using BatchRead =
      std::function<std::vector<absl::StatusOr<std::string>>(pg::Tx&, const std::vector<const Message*>&)>;
  using OneQuery = std::function<absl::StatusOr<std::string>(pg::Tx&, const Message&)>;

  // `prototype` is an empty request of the method's type.
  virtual void AddCommand(std::string_view method, const Message& prototype, ToCommand to_command) = 0;
  virtual void AddCommands(std::string_view method, const Message& prototype, Split split, Join join) = 0;
  virtual void AddRead(std::string_view method, const Message& prototype, BatchRead read) = 0;
  virtual void AddQuery(std::string_view method, const Message& prototype, OneQuery query) = 0;
};

}  // namespace tessera::engine
