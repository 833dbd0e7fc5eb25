// The stored form of a service's answer to a merge. Pure functions.
#pragma once

#include <string>
#include <string_view>

#include "services/oneid/domain/tables.h"

namespace tessera::oneid {

std::string EncodeAnswer(const AnswerKey& key, const Answer& answer);
Answer DecodeAnswer(std::string_view document);

}  // namespace tessera::oneid
