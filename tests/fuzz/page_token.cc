// Any text as a page token: taken only if it was made for this very request.
#include "base/check.h"
#include "base/status.h"
#include "rpc/paging.h"
#include "tessera/membership/v1/member_service.pb.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  tessera::membership::v1::ListMembersRequest request;
  request.set_brand_id("shop");
  request.set_page_token(std::string(reinterpret_cast<const char*>(data), size));
  const auto page = tessera::rpc::ReadPage(request);
  if (page.ok()) {
    TESSERA_CHECK(request.page_token().empty() ||
                  tessera::rpc::NextPageToken(request, page->position) == request.page_token());
  } else {
    TESSERA_CHECK(tessera::FieldOf(page.status()) == "page_token");
  }
  return 0;
}
