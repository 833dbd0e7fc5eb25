#include "rpc/token_header.h"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "rpc/base64url.h"

namespace tessera::rpc {
namespace {

constexpr std::array<const char*, 8> kNeverTaken = {"jwk", "jku", "x5c", "x5u", "zip", "enc", "crit", "b64"};

}  // namespace

std::optional<TokenHeader> ReadTokenHeader(std::string_view token) {
  const size_t first = token.find('.'), second = token.find('.', first + 1);
  if (first == std::string_view::npos || second == std::string_view::npos) return std::nullopt;
  const auto header = FromBase64Url(token.substr(0, first));
  const bool is_text = FromBase64Url(token.substr(first + 1, second - first - 1)).has_value() &&
                       FromBase64Url(token.substr(second + 1)).has_value();
  if (!header || !is_text) return std::nullopt;
  const auto json = nlohmann::json::parse(*header, nullptr, /*allow_exceptions=*/false);
  if (!json.is_object()) return std::nullopt;
  if (std::any_of(kNeverTaken.begin(), kNeverTaken.end(), [&](const char* name) { return json.contains(name); })) {
    return std::nullopt;
  }
  const auto alg = json.find("alg"), kid = json.find("kid");
  if (alg == json.end() || kid == json.end() || !alg->is_string() || !kid->is_string()) return std::nullopt;
  return TokenHeader{alg->get<std::string>(), kid->get<std::string>()};
}

}  // namespace tessera::rpc
