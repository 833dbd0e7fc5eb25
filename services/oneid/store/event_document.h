// The stored form of what resolution did with an event. Pure functions.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "services/oneid/domain/tables.h"

namespace tessera::oneid {

// Finds an event's row.
int64_t EventHash(const BrandId& brand, std::string_view source, std::string_view event_id);

// Steps, merges, whether it created its customer, payload and rule version.
std::string EncodeSteps(const EventRecord& record);

// Sets those members. The bytes are what EncodeSteps made.
void DecodeSteps(std::string_view document, EventRecord& record);

}  // namespace tessera::oneid
