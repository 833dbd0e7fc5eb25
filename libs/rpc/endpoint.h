// Addresses as "host:port".
#pragma once

#include <string_view>

namespace tessera::rpc {

// Whether it can be reached from this machine only. A name is none of this kind, except "localhost".
bool IsLoopback(std::string_view endpoint);

}  // namespace tessera::rpc
