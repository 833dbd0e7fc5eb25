#include "testing/certificates.h"

#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <atomic>

#include "base/check.h"

namespace tessera::testing {
namespace {

struct OpenSslDeleter {
  void operator()(BIO* bio) const { BIO_free(bio); }
  void operator()(X509* certificate) const { X509_free(certificate); }
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
  void operator()(X509_EXTENSION* extension) const { X509_EXTENSION_free(extension); }
};
template <class T>
using Owned = std::unique_ptr<T, OpenSslDeleter>;

constexpr absl::Duration kBegun = absl::Hours(48);

void Add(X509& certificate, X509& issuer, int extension_id, const char* value) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, &issuer, &certificate, nullptr, nullptr, 0);
  const Owned<X509_EXTENSION> extension(X509V3_EXT_conf_nid(nullptr, &context, extension_id, value));
  TESSERA_CHECK(extension != nullptr);
  TESSERA_CHECK(X509_add_ext(&certificate, extension.get(), -1) == 1);
}

Owned<X509> Unsigned(const std::string& name, EVP_PKEY& key, absl::Time expiry) {
  static std::atomic<int> serial = 1;
  Owned<X509> certificate(X509_new());
  X509_set_version(certificate.get(), X509_VERSION_3);
  ASN1_INTEGER_set(X509_get_serialNumber(certificate.get()), serial++);
  ASN1_TIME_set(X509_getm_notBefore(certificate.get()), absl::ToTimeT(absl::Now() - kBegun));
  ASN1_TIME_set(X509_getm_notAfter(certificate.get()), absl::ToTimeT(expiry));
  X509_set_pubkey(certificate.get(), &key);
  X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate.get()), "CN", MBSTRING_UTF8,
                             reinterpret_cast<const unsigned char*>(name.c_str()), -1, -1, 0);
  return certificate;
}

template <class Write>
std::string ToPem(const Write& write) {
  const Owned<BIO> out(BIO_new(BIO_s_mem()));
  TESSERA_CHECK(write(out.get()) == 1);
  char* bytes = nullptr;
  const auto size = static_cast<size_t>(BIO_get_mem_data(out.get(), &bytes));
  return {bytes, size};
}

std::string PemOf(X509& certificate) {
  return ToPem([&](BIO* out) { return PEM_write_bio_X509(out, &certificate); });
}

}  // namespace

struct Authority::State {
  Owned<EVP_PKEY> key{EVP_EC_gen("P-256")};
  Owned<X509> certificate;
  std::string pem;
};

Authority::Authority(const std::string& name) : state_(std::make_unique<State>()) {
  X509& own = *(state_->certificate = Unsigned(name, *state_->key, absl::Now() + absl::Hours(24)));
  X509_set_issuer_name(&own, X509_get_subject_name(&own));
  Add(own, own, NID_basic_constraints, "critical,CA:TRUE");
  TESSERA_CHECK(X509_sign(&own, state_->key.get(), EVP_sha256()) > 0);
  state_->pem = PemOf(own);
}

Authority::~Authority() = default;

const std::string& Authority::certificate_pem() const { return state_->pem; }

Certificate Authority::Issue(const std::string& name, absl::Time expiry) const {
  const Owned<EVP_PKEY> key(EVP_EC_gen("P-256"));
  const Owned<X509> leaf = Unsigned(name, *key, expiry);
  X509_set_issuer_name(leaf.get(), X509_get_subject_name(state_->certificate.get()));
  Add(*leaf, *state_->certificate, NID_subject_alt_name, "DNS:localhost,IP:127.0.0.1");
  Add(*leaf, *state_->certificate, NID_ext_key_usage, "serverAuth,clientAuth");
  TESSERA_CHECK(X509_sign(leaf.get(), state_->key.get(), EVP_sha256()) > 0);
  return {PemOf(*leaf), ToPem([&](BIO* out) {
            return PEM_write_bio_PrivateKey(out, key.get(), nullptr, nullptr, 0, nullptr, nullptr);
          })};
}

}  // namespace tessera::testing
