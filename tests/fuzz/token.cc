// Any text as a bearer token: nobody who has not the key gets in. The seeds are signed by a key that is thrown away.
#include "rpc/token.h"

#include <unistd.h>

#include <cstdlib>
#include <fstream>

#include "base/check.h"

namespace rpc = tessera::rpc;

namespace {

std::unique_ptr<rpc::TokenVerifier> MakeVerifier() {
  char path[] = "/tmp/tessera-fuzz-XXXXXX";
  const int file = mkstemp(path);
  TESSERA_CHECK(file >= 0);
  close(file);
  std::ofstream(path) << R"({"keys":[)" << rpc::MakeSigningKey("key").public_jwk << "]}";
  auto verifier = rpc::NewTokenVerifier({.jwks_path = path, .issuer = "tessera-dev"});
  unlink(path);
  TESSERA_CHECK(verifier.ok());
  return std::move(*verifier);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static rpc::TokenVerifier& verifier = *MakeVerifier().release();
  const auto verified = verifier.Verify({reinterpret_cast<const char*>(data), size});
  TESSERA_CHECK(verified.status().code() == absl::StatusCode::kUnauthenticated);
  return 0;
}
