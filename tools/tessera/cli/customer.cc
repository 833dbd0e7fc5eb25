#include "tools/tessera/cli/customer.h"

#include <cstdlib>

#include "absl/strings/str_cat.h"
#include "base/status.h"

namespace tessera::cli {

using oneid::v1::ResolveIdentifiersRequest;
using oneid::v1::ResolveIdentifiersResponse;

absl::StatusOr<oneid::v1::IdentifierKey> ParseIdentifier(const std::string& text) {
  const size_t equals = text.find('=');
  const size_t slash = std::min(text.find('/'), equals);
  if (equals == std::string::npos || slash == 0 || equals + 1 == text.size()) {
    return absl::InvalidArgumentError(
        absl::StrCat("\"", text, "\" is no identifier: write NAMESPACE=VALUE or NAMESPACE/SCOPE=VALUE"));
  }
  oneid::v1::IdentifierKey key;
  key.set_namespace_(text.substr(0, slash));
  if (slash < equals) key.set_scope(text.substr(slash + 1, equals - slash - 1));
  key.set_value(text.substr(equals + 1));
  return key;
}

std::string BrandOf(const Arguments& arguments) {
  const char* set = std::getenv("TESSERA_BRAND");
  return arguments.Text("brand", set == nullptr ? "retail" : set);
}

absl::StatusOr<std::string> CustomerOf(Stack& stack, const Arguments& arguments) {
  const std::string& text = arguments.words().front();
  if (text.find('=') == std::string::npos) return text;
  ResolveIdentifiersRequest request;
  request.set_brand_id(BrandOf(arguments));
  TESSERA_ASSIGN_OR_RETURN(*request.add_identifiers(), ParseIdentifier(text));
  TESSERA_ASSIGN_OR_RETURN(const auto response,
                           (stack.Call<ResolveIdentifiersRequest, ResolveIdentifiersResponse>(
                               "oneid", "tessera.oneid.v1.IdentityService/ResolveIdentifiers", request)));
  if (response.owners_size() != 1) return absl::InternalError("oneid did not answer for the identifier");
  const oneid::v1::ResolvedOwner& owner = response.owners(0);
  if (!owner.customer_id().empty()) return owner.customer_id();
  if (owner.identifier_id().empty()) {
    return absl::InvalidArgumentError(
        absl::StrCat("the identifier cannot be used: ", oneid::v1::LeftOutReason_Name(owner.left_out_reason())));
  }
  return absl::NotFoundError("no customer has this identifier");
}

}  // namespace tessera::cli
