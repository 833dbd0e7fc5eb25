#include "rpc/paging.h"

#include <gtest/gtest.h>

#include "base/status.h"
#include "tessera/testing/v1/echo_service.pb.h"

namespace tessera::rpc {
namespace {

using tessera::testing::v1::ListRequest;

ListRequest Request(int32_t size, std::string token) {
  ListRequest request;
  request.set_brand_id("pet");
  request.set_page_size(size);
  request.set_page_token(std::move(token));
  return request;
}

TEST(PagingTest, SizesAndTheirDefault) {
  EXPECT_EQ(ReadPage(Request(0, ""))->size, 50);
  EXPECT_EQ(ReadPage(Request(1, ""))->size, 1);
  EXPECT_EQ(ReadPage(Request(1'000, ""))->size, 1'000);
  EXPECT_EQ(ReadPage(Request(0, ""))->position, "");
  for (const int32_t size : {-1, 1'001}) {
    const absl::Status status = ReadPage(Request(size, "")).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
    EXPECT_EQ(FieldOf(status), "page_size");
  }
}

TEST(PagingTest, TokenCarriesThePositionOverAnotherPageSize) {
  const std::string position("key\0\xff with anything", 19);
  const std::string token = NextPageToken(Request(10, ""), position);
  EXPECT_EQ(token.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"),
            std::string::npos);
  EXPECT_EQ(ReadPage(Request(20, token))->position, position);
  EXPECT_EQ(NextPageToken(Request(20, token), position), token);
}

TEST(PagingTest, TokenOfAnotherQueryIsInvalid) {
  const std::string token = NextPageToken(Request(10, ""), "key");
  ListRequest other = Request(10, token);
  other.set_brand_id("skin");
  std::vector<ListRequest> bad = {other};
  for (const std::string& text : {std::string("x"), std::string("AAAA"), token + "A", token.substr(1), token + "=",
                                  std::string(10'000, 'A'), std::string("%00")}) {
    bad.push_back(Request(10, text));
  }
  for (const ListRequest& request : bad) {
    const absl::Status status = ReadPage(request).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << request.page_token();
    EXPECT_EQ(FieldOf(status), "page_token");
    EXPECT_EQ(ErrorInfoOf(status)->reason, "PAGE_TOKEN_INVALID");
  }
}

}  // namespace
}  // namespace tessera::rpc
