// Any text as a phone, an email, an opaque identifier and a card: the one form of a value has itself as its form.
#include <string>

#include "base/check.h"
#include "normalise/normalise.h"

namespace normalise = tessera::normalise;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  for (const char* region : {"CN", "GB"}) {
    const auto phone = normalise::Phone(text, region);
    if (phone) TESSERA_CHECK(normalise::Phone(*phone, region) == phone);
  }
  for (const bool fold : {false, true}) {
    const auto email = normalise::Email(text, fold);
    if (email) TESSERA_CHECK(normalise::Email(*email, fold) == email);
  }
  const auto opaque = normalise::Opaque(text);
  if (opaque) TESSERA_CHECK(normalise::Opaque(*opaque) == opaque);
  const auto card = normalise::Card(text);
  if (card) TESSERA_CHECK(normalise::Card(*card) == card);
  return 0;
}
