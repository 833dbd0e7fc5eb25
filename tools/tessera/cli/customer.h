// How a user names a customer, and the brand that he is a customer of.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "tessera/oneid/v1/identity_service.pb.h"
#include "tools/tessera/cli/arguments.h"
#include "tools/tessera/cli/stack.h"

namespace tessera::cli {

// "phone=13800012345", or with a scope "taobao_ouid/shop1=12345@tmall". InvalidArgument for anything else.
absl::StatusOr<oneid::v1::IdentifierKey> ParseIdentifier(const std::string& text);

// The brand of --brand, else of TESSERA_BRAND, else the demo's.
std::string BrandOf(const Arguments& arguments);

// The customer that the first word names: by id, as it is, or by an identifier, which oneid resolves. NotFound if
// nobody owns it.
absl::StatusOr<std::string> CustomerOf(Stack& stack, const Arguments& arguments);

inline Positional CustomerPositional() {
  return {"customer", "its id, or an identifier such as phone=13800012345 or taobao_ouid/shop1=12345@tmall"};
}
inline Option BrandOption() { return {"brand", "ID", "the brand (TESSERA_BRAND; else retail, the demo's)"}; }

}  // namespace tessera::cli
