// Topic names. Inside the suite a topic has its own name, "tessera.oneid.customer.v1"; at the broker it may carry a
// prefix, so that several deployments, or tests, share one broker. Plain value.
#pragma once

#include <string>
#include <string_view>
#include <utility>

namespace tessera::engine {

class TopicNames {
 public:
  // "" for no prefix.
  explicit TopicNames(std::string prefix = "") : prefix_(std::move(prefix)) {
    if (!prefix_.empty()) prefix_ += '.';
  }

  std::string AtBroker(std::string_view name) const { return prefix_ + std::string(name); }

  // Back again; the name must have come from AtBroker.
  std::string Own(std::string_view at_broker) const { return std::string(at_broker.substr(prefix_.size())); }

 private:
  std::string prefix_;
};

}  // namespace tessera::engine
