// What oneid makes of any record on the channel topic: a command or a refusal with its reason and field.
#include "base/check.h"
#include "base/status.h"
#include "services/oneid/consumers/channel_events.h"
#include "tests/fuzz/record.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto command = tessera::oneid::UnderstandChannelEvent(tessera::fuzz::RecordOf(data, size));
  if (command.ok()) {
    TESSERA_CHECK(command->event != nullptr);
    return 0;
  }
  TESSERA_CHECK(command.status().code() == absl::StatusCode::kInvalidArgument);
  TESSERA_CHECK(!tessera::FieldOf(command.status()).empty());
  return 0;
}
