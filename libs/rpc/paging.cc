#include "rpc/paging.h"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>
#include <google/protobuf/message.h>

#include <memory>

#include "base/check.h"
#include "base/crypto.h"
#include "base/status.h"
#include "rpc/base64url.h"

namespace tessera::rpc {
namespace {

namespace pb = google::protobuf;

constexpr size_t kTagBytes = 12;
constexpr size_t kTokenBytesMax = 2'048;

const pb::FieldDescriptor& FieldOf(const pb::Message& request, const char* name, pb::FieldDescriptor::CppType type) {
  const pb::FieldDescriptor* const field = request.GetDescriptor()->FindFieldByName(name);
  TESSERA_CHECK(field != nullptr && field->cpp_type() == type && !field->is_repeated());
  return *field;
}

const pb::FieldDescriptor& SizeField(const pb::Message& request) {
  return FieldOf(request, "page_size", pb::FieldDescriptor::CPPTYPE_INT32);
}

const pb::FieldDescriptor& TokenField(const pb::Message& request) {
  return FieldOf(request, "page_token", pb::FieldDescriptor::CPPTYPE_STRING);
}

// Binds a position to all of the request but the page's own fields.
std::string Tag(const pb::Message& request, std::string_view position) {
  const std::unique_ptr<pb::Message> filter(request.New());
  filter->CopyFrom(request);
  filter->GetReflection()->ClearField(filter.get(), &SizeField(request));
  filter->GetReflection()->ClearField(filter.get(), &TokenField(request));
  filter->DiscardUnknownFields();
  std::string bytes;
  {
    pb::io::StringOutputStream stream(&bytes);
    pb::io::CodedOutputStream coded(&stream);
    coded.SetSerializationDeterministic(true);
    filter->SerializeToCodedStream(&coded);
  }
  return Sha256OfParts({"page", request.GetDescriptor()->full_name(), bytes, position}).substr(0, kTagBytes);
}

}  // namespace

absl::StatusOr<Page> ReadPage(const pb::Message& request) {
  const pb::Reflection* const reflection = request.GetReflection();
  Page page;
  const int32_t size = reflection->GetInt32(request, &SizeField(request));
  if (size < 0 || size > kPageSizeMax) return InvalidField("page_size", "must be from 0 (the default) to 1000");
  if (size != 0) page.size = size;
  std::string scratch;
  const std::string& token = reflection->GetStringReference(request, &TokenField(request), &scratch);
  if (token.empty()) return page;
  const auto bytes = token.size() <= kTokenBytesMax ? FromBase64Url(token) : std::nullopt;
  if (bytes && bytes->size() > kTagBytes) {
    page.position = bytes->substr(kTagBytes);
    if (bytes->compare(0, kTagBytes, Tag(request, page.position)) == 0) return page;
  }
  return InvalidField("page_token", "is not of this request", "PAGE_TOKEN_INVALID");
}

std::string NextPageToken(const pb::Message& request, std::string_view position) {
  return ToBase64Url(Tag(request, position) + std::string(position));
}

}  // namespace tessera::rpc
