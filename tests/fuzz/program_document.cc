// Any JSON as a membership program: it is judged, and what is without mistake is stored and read as the same.
#include "services/membership/api/program_document.h"

#include <google/protobuf/stubs/logging.h>
#include <google/protobuf/util/json_util.h>

#include "base/check.h"

namespace membership = tessera::membership;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const google::protobuf::LogSilencer quiet;
  membership::v1::Program document;
  const std::string json(reinterpret_cast<const char*>(data), size);
  if (!google::protobuf::util::JsonStringToMessage(json, &document).ok()) return 0;
  const membership::Program program = membership::api::FromProto(document);
  if (!membership::ValidateProgram(program).empty()) return 0;
  const std::string stored = membership::api::ToDocument(document);
  TESSERA_CHECK(membership::api::ProtoOf(stored).SerializeAsString() == document.SerializeAsString());
  TESSERA_CHECK(membership::ValidateProgram(membership::api::FromDocument(stored)).empty());
  return 0;
}
