// What membership makes of any record on oneid's topic.
#include "base/check.h"
#include "base/status.h"
#include "services/membership/consumers/customer_topic.h"
#include "tests/fuzz/record.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto read = tessera::membership::consumers::ReadRecord(tessera::fuzz::RecordOf(data, size));
  if (read.ok()) return 0;
  TESSERA_CHECK(read.status().code() == absl::StatusCode::kInvalidArgument);
  TESSERA_CHECK(!tessera::FieldOf(read.status()).empty());
  return 0;
}
