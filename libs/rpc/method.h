// Inside libs/rpc only: a served method, and what its requests must pass before their handler. No gRPC here.
#pragma once

#include <google/protobuf/message.h>

#include <array>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "metrics/metrics.h"
#include "rpc/server.h"
#include "tessera/common/v1/options.pb.h"

namespace google::protobuf::io {
class ZeroCopyInputStream;
}

namespace tessera::rpc {

inline constexpr size_t kTextBytesMax = 4'096;
inline constexpr int kNestingMax = 32;

// Immutable once the server has started.
class Method {
 public:
  enum class Kind { kUnary, kStream };

  Method(std::string_view name, Kind kind, const google::protobuf::Message& prototype, Handler handler,
         Server::OnError on_error, bool needs_token);

  // FailedPrecondition as Server::Start says; takes roles, scope and the brand's field from the descriptor.
  absl::Status Bind();

  // PermissionDenied ROLE_MISSING, or BRAND_NOT_ALLOWED for scope ALL_BRANDS.
  absl::Status Authorise(const Caller& caller) const;

  // Null if the bytes are no request of the method; WhyMalformed then tells why, naming the field if it can.
  std::unique_ptr<google::protobuf::Message> Parse(google::protobuf::io::ZeroCopyInputStream& bytes) const;
  absl::Status WhyMalformed(std::string_view bytes) const;
  // BRAND_NOT_ALLOWED; FIELD_INVALID that names a field with unfit text (base/text.h).
  absl::Status Check(const google::protobuf::Message& request, const Caller* caller) const;

  // An answer as the caller gets it.
  void Count(const absl::Status& status, absl::Duration latency) const;

  const std::string name;  // "package.Service/Method"
  const Kind kind;
  const Handler handler;
  const Server::OnError on_error;  // may be null
  const bool needs_token;

 private:
  absl::Status CheckBrand(const google::protobuf::Message& request, const Caller& caller) const;

  const std::unique_ptr<google::protobuf::Message> prototype_;
  std::vector<std::string> roles_;
  common::v1::Scope scope_ = common::v1::SCOPE_UNSPECIFIED;
  const google::protobuf::FieldDescriptor* brand_field_ = nullptr;
  std::array<metrics::Counter*, 17> calls_{};  // by code
  metrics::Histogram* latency_ = nullptr;
};

// "NOT_FOUND".
std::string_view CodeName(absl::StatusCode code);

}  // namespace tessera::rpc
