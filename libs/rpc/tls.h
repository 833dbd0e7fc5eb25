// Which PEM files a TLS server or client uses. They are watched: a file that is replaced (keep the key and its
// certificate a pair) counts for connections made a second later, without a restart.
#pragma once

#include <string>

namespace tessera::rpc {

struct TlsFiles {
  std::string certificate;  // own chain, leaf first
  std::string private_key;
  std::string peer_ca;  // whom the other side's certificate must come from; of a server: "" asks for none

  bool Any() const { return !certificate.empty() || !private_key.empty() || !peer_ca.empty(); }
};

}  // namespace tessera::rpc
