#include "testing/environment.h"

#include <cstdio>
#include <cstdlib>

#include "base/crypto.h"
#include "base/hex.h"

namespace tessera::testing {

std::string RequiredEnvironment(const std::string& name) {
  const char* value = std::getenv(name.c_str());
  if (value != nullptr) return value;
  std::fprintf(stderr, "%s is not set: run this test through `tools/dev test`\n", name.c_str());
  std::exit(1);
}

std::string Unique(const std::string& prefix) { return prefix + "-" + ToHex(RandomBytes(6)); }

}  // namespace tessera::testing
