// The border of errors: every refusal of the domain as a status with its reason. Pure, thread-safe.
#pragma once

#include <string_view>

#include "absl/status/status.h"
#include "services/membership/domain/commands.h"

namespace tessera::membership::api {

absl::Status StatusOf(Reason reason, std::string_view field, std::string_view detail);

}  // namespace tessera::membership::api
