// Inside libs/rpc only: owners of the JOSE library's objects.
#pragma once

#include <jansson.h>
#include <rhonabwy.h>

#include <memory>

namespace tessera::rpc {

// By function, because most of the library's types are one and the same to the compiler.
template <auto Free>
struct Freer {
  template <class T>
  void operator()(T* object) const {
    Free(object);
  }
};
using JwkPtr = std::unique_ptr<jwk_t, Freer<r_jwk_free>>;
using JwksPtr = std::unique_ptr<jwks_t, Freer<r_jwks_free>>;
using JwtPtr = std::unique_ptr<jwt_t, Freer<r_jwt_free>>;
using JsonPtr = std::unique_ptr<json_t, Freer<json_decref>>;

inline void InitRhonabwy() {
  static const int once = r_global_init();
  (void)once;
}

inline JwkPtr NewJwk() {
  InitRhonabwy();
  jwk_t* jwk = nullptr;
  r_jwk_init(&jwk);
  return JwkPtr(jwk);
}
inline JwksPtr NewJwks() {
  InitRhonabwy();
  jwks_t* jwks = nullptr;
  r_jwks_init(&jwks);
  return JwksPtr(jwks);
}
inline JwtPtr NewJwt() {
  InitRhonabwy();
  jwt_t* jwt = nullptr;
  r_jwt_init(&jwt);
  return JwtPtr(jwt);
}

}  // namespace tessera::rpc
