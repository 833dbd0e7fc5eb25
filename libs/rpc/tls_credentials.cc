#include "rpc/tls_credentials.h"

#include <grpcpp/security/tls_certificate_provider.h>
#include <grpcpp/security/tls_credentials_options.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <string>
#include <string_view>

#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "base/strings.h"

namespace tessera::rpc {
namespace {

namespace tls = grpc::experimental;

constexpr unsigned int kRefreshSeconds = 1;

struct OpenSslDeleter {
  void operator()(BIO* bio) const { BIO_free(bio); }
  void operator()(X509* certificate) const { X509_free(certificate); }
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
};
template <class T>
using Owned = std::unique_ptr<T, OpenSslDeleter>;

absl::Status Unusable(std::string_view what, const std::string& path) {
  ERR_clear_error();
  return absl::InvalidArgumentError(absl::StrCat("TLS: ", path, " is missing or holds no ", ToAbsl(what), " as PEM"));
}

absl::StatusOr<Owned<X509>> ReadCertificate(const std::string& path) {
  const Owned<BIO> file(BIO_new_file(path.c_str(), "r"));
  Owned<X509> certificate(file ? PEM_read_bio_X509(file.get(), nullptr, nullptr, nullptr) : nullptr);
  if (!certificate) return Unusable("certificate", path);
  return certificate;
}

absl::StatusOr<Owned<EVP_PKEY>> ReadKey(const std::string& path) {
  const Owned<BIO> file(BIO_new_file(path.c_str(), "r"));
  char no_password[] = "";  // else OpenSSL would ask the terminal
  Owned<EVP_PKEY> key(file ? PEM_read_bio_PrivateKey(file.get(), nullptr, nullptr, no_password) : nullptr);
  if (!key) return Unusable("private key without a password", path);
  return key;
}

// gRPC itself would start with files that it cannot use, and then refuse every connection without a word.
absl::Status Check(const TlsFiles& files) {
  if (files.certificate.empty() != files.private_key.empty()) {
    return absl::InvalidArgumentError("TLS: a certificate and its private key are given together or not at all");
  }
  if (!files.peer_ca.empty()) TESSERA_RETURN_IF_ERROR(ReadCertificate(files.peer_ca).status());
  if (files.certificate.empty()) return absl::OkStatus();
  TESSERA_ASSIGN_OR_RETURN(const Owned<X509> certificate, ReadCertificate(files.certificate));
  TESSERA_ASSIGN_OR_RETURN(const Owned<EVP_PKEY> key, ReadKey(files.private_key));
  if (X509_check_private_key(certificate.get(), key.get()) == 1) return absl::OkStatus();
  ERR_clear_error();
  return absl::InvalidArgumentError(
      absl::StrCat("TLS: the key in ", files.private_key, " is not that of the certificate in ", files.certificate));
}

std::shared_ptr<tls::CertificateProviderInterface> Watch(const TlsFiles& files) {
  return std::make_shared<tls::FileWatcherCertificateProvider>(files.private_key, files.certificate, files.peer_ca,
                                                               kRefreshSeconds);
}

}  // namespace

absl::StatusOr<std::shared_ptr<grpc::ServerCredentials>> ServerCredentialsOf(const TlsFiles& files) {
  if (!files.Any()) return grpc::InsecureServerCredentials();
  if (files.certificate.empty()) return absl::InvalidArgumentError("TLS: a server needs a certificate and its key");
  TESSERA_RETURN_IF_ERROR(Check(files));
  tls::TlsServerCredentialsOptions options(Watch(files));
  options.watch_identity_key_cert_pairs();
  options.set_cert_request_type(GRPC_SSL_DONT_REQUEST_CLIENT_CERTIFICATE);
  if (!files.peer_ca.empty()) {
    options.watch_root_certs();
    options.set_cert_request_type(GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY);
  }
  return tls::TlsServerCredentials(options);
}

absl::StatusOr<std::shared_ptr<grpc::ChannelCredentials>> ChannelCredentialsOf(const TlsFiles& files) {
  if (!files.Any()) return grpc::InsecureChannelCredentials();
  if (files.peer_ca.empty()) return absl::InvalidArgumentError("TLS: a client needs the CA of its server");
  TESSERA_RETURN_IF_ERROR(Check(files));
  tls::TlsChannelCredentialsOptions options;
  options.set_certificate_provider(Watch(files));
  options.watch_root_certs();
  if (!files.certificate.empty()) options.watch_identity_key_cert_pairs();
  return tls::TlsCredentials(options);
}

}  // namespace tessera::rpc
