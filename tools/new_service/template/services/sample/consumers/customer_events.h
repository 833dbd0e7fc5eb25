// tessera.oneid.customer.v1 -> commands.
#pragma once

#include "engine/service.h"

namespace tessera::sample {

absl::StatusOr<engine::Understood> UnderstandCustomerEvent(const kafka::Record& record);

}  // namespace tessera::sample
