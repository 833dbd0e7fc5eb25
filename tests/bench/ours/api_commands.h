// What a service's api files turn requests into, without a server around them.
#pragma once

#include <map>
#include <string>

#include "engine/api.h"

namespace tessera::bench {

class ApiCommands final : public engine::Api {
 public:
  explicit ApiCommands(void (*register_api)(engine::Api&)) { register_api(*this); }

  // The command of a request of a method that is registered.
  absl::StatusOr<engine::ApiCommand> Make(const std::string& method, const google::protobuf::Message& request) const {
    return commands_.at(method)(request);
  }

 private:
  void AddCommand(std::string_view method, const Message&, ToCommand to_command) override {
    commands_[std::string(method)] = std::move(to_command);
  }
  void AddCommands(std::string_view, const Message&, Split, Join) override {}
  void AddRead(std::string_view, const Message&, BatchRead) override {}
  void AddQuery(std::string_view, const Message&, OneQuery) override {}

  std::map<std::string, ToCommand> commands_;
};

}  // namespace tessera::bench
