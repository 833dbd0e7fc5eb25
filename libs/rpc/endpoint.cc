#include "rpc/endpoint.h"

#include <arpa/inet.h>

#include <string>

namespace tessera::rpc {

bool IsLoopback(std::string_view endpoint) {
  const std::string host(endpoint.substr(0, endpoint.rfind(':')));
  if (host == "localhost" || host == "[::1]") return true;
  in_addr address{};
  return inet_pton(AF_INET, host.c_str(), &address) == 1 && (ntohl(address.s_addr) >> 24) == 127;
}

}  // namespace tessera::rpc
