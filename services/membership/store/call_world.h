// For tests: every method of the service called with its messages, on a real database, without the engine's loops.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/status.h"
#include "base/strings.h"
#include "engine/api.h"
#include "services/membership/store/store_world.h"

namespace tessera::membership {

class CallWorld : public StoreWorld, private engine::Api {
 public:
  CallWorld() { RegisterApi(*this); }

  // "PointsService/GetBalance". The error, or the response.
  template <class Response, class Request>
  absl::StatusOr<Response> Call(const std::string& method, const Request& request) {
    auto bytes = CallBytes("tessera.membership.v1." + method, request);
    if (!bytes.ok()) return bytes.status();
    Response response;
    TESSERA_CHECK(response.ParseFromString(*bytes));
    return response;
  }

  // "CODE REASON field" of an error, "" of none.
  template <class Response, class Request>
  std::string ErrorOf(const std::string& method, const Request& request) {
    const absl::Status status = Call<Response>(method, request).status();
    if (status.ok()) return "";
    const auto info = ErrorInfoOf(status);
    return absl::StrCat(absl::StatusCodeToString(status.code()), " ", info ? info->reason : "", " ", FieldOf(status));
  }

  // The text of a proto's JSON as a message.
  template <class Message>
  static Message Parse(const std::string& json) {
    Message message;
    TESSERA_CHECK(google::protobuf::util::JsonStringToMessage(json, &message).ok());
    return message;
  }

 private:
  absl::StatusOr<std::string> CallBytes(const std::string& method, const google::protobuf::Message& request) {
    if (auto at = commands_.find(method); at != commands_.end()) return RunCall(at->second(request));
    if (auto at = many_.find(method); at != many_.end()) {
      auto items = at->second.first(request);
      if (!items.ok()) return items.status();
      std::vector<absl::StatusOr<std::string>> answers;
      for (auto& item : *items) {
        answers.push_back(item.ok() ? RunCall(std::move(item->command)) : absl::StatusOr<std::string>(item.status()));
      }
      return at->second.second(answers);
    }
    pg::Tx tx(connection(), "test_read");
    absl::StatusOr<std::string> answer = absl::UnimplementedError(method);
    if (auto at = reads_.find(method); at != reads_.end()) answer = at->second(tx, {&request}).at(0);
    if (auto at = queries_.find(method); at != queries_.end()) answer = at->second(tx, request);
    TESSERA_CHECK(tx.ok());
    return answer;
  }

  absl::StatusOr<std::string> RunCall(absl::StatusOr<engine::ApiCommand> command) {
    if (!command.ok()) return command.status();
    const engine::Decided decided = RunWrapped(std::move(command->command));
    if (decided.kind != engine::Decided::Kind::kDone) return decided.refusal;
    return decided.reply;
  }

  void AddCommand(std::string_view method, const google::protobuf::Message&, ToCommand to_command) override {
    commands_[std::string(method)] = std::move(to_command);
  }
  void AddCommands(std::string_view method, const google::protobuf::Message&, Split split, Join join) override {
    many_[std::string(method)] = {std::move(split), std::move(join)};
  }
  void AddRead(std::string_view method, const google::protobuf::Message&, BatchRead read) override {
    reads_[std::string(method)] = std::move(read);
  }
  void AddQuery(std::string_view method, const google::protobuf::Message&, OneQuery query) override {
    queries_[std::string(method)] = std::move(query);
  }

  std::map<std::string, ToCommand> commands_;
  std::map<std::string, std::pair<Split, Join>> many_;
  std::map<std::string, BatchRead> reads_;
  std::map<std::string, OneQuery> queries_;
};

}  // namespace tessera::membership
