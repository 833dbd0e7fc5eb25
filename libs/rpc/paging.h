// Pages of a list: page_size and page_token, as in AIP-158. Pure, thread-safe.
//
// A token holds the position (whatever the list's query needs to go on, such as the last key) bound to a hash of the
// request's other fields, so that it cannot be used with another filter. It grants nothing: the query must select by
// the request's brand and filter anyway.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace google::protobuf {
class Message;
}

namespace tessera::rpc {

inline constexpr int32_t kPageSizeDefault = 50;
inline constexpr int32_t kPageSizeMax = 1'000;

struct Page {
  int32_t size = kPageSizeDefault;
  std::string position;  // "" for the first page
};

// The page that a request asks for by its fields page_size (0 means the default) and page_token. InvalidArgument naming
// the field: FIELD_INVALID for a size outside 0..1000, PAGE_TOKEN_INVALID for a token not made for this request.
absl::StatusOr<Page> ReadPage(const google::protobuf::Message& request);

// The token of the page after `position`, for the same request but for page_size and page_token.
std::string NextPageToken(const google::protobuf::Message& request, std::string_view position);

}  // namespace tessera::rpc
