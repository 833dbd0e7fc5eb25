// The header of a token (RFC 7515), read before the JOSE library sees the token, so that a stranger's bytes reach no
// more of that library than the check of a signature by a known key. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace tessera::rpc {

struct TokenHeader {
  std::string alg, kid;
};

// nullopt unless the token has three parts in base64url, the first a JSON object with texts alg and kid and without
// members that bring keys along (jwk, jku, x5c, x5u), compress (zip), encrypt (enc), or change the rules (crit, b64).
std::optional<TokenHeader> ReadTokenHeader(std::string_view token);

}  // namespace tessera::rpc
