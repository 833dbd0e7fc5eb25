// The currencies that a brand's money can be of. Pure, thread-safe.
#pragma once

#include <string_view>

namespace tessera::oneid {

// Whether `code` is the ISO 4217 code of money in circulation, such as "CNY". Funds, metals and codes for tests are
// not.
bool IsCurrency(std::string_view code);

}  // namespace tessera::oneid
