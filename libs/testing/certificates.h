// X.509 certificates for tests, as PEM. Thread-compatible.
#pragma once

#include <memory>
#include <string>

#include "absl/time/clock.h"
#include "absl/time/time.h"

namespace tessera::testing {

struct Certificate {
  std::string certificate_pem, key_pem;
};

// A certificate authority of its own.
class Authority {
 public:
  explicit Authority(const std::string& name);
  ~Authority();
  Authority(const Authority&) = delete;
  Authority& operator=(const Authority&) = delete;

  const std::string& certificate_pem() const;

  // For localhost and 127.0.0.1, good for servers and clients, from two days ago until `expiry`.
  Certificate Issue(const std::string& name, absl::Time expiry = absl::Now() + absl::Hours(1)) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace tessera::testing
