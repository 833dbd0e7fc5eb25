// Checks and conversions of request fields that several methods share. Pure functions.
#pragma once

#include <google/protobuf/timestamp.pb.h>

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "base/status.h"
#include "services/oneid/domain/command.h"

namespace tessera::oneid {

// A mutating call as the domain and the engine need it.
struct ApiCall {
  Command command;
  BrandId brand;
  RequestId request_id;
};

// InvalidArgument that names the field if it has not the right form.
absl::StatusOr<BrandId> BrandField(std::string_view text, std::string_view field = "brand_id");
template <class IdType>
absl::StatusOr<IdType> IdField(std::string_view text, std::string_view field) {
  const auto id = IdType::Parse(text);
  if (!id) return InvalidField(field, "must be a UUID");
  return *id;
}

// NotFound with a reason of this service.
absl::Status Unknown(std::string_view reason, std::string_view message);
absl::Status BrandUnknown();

// The value so that a person recognises it but nobody learns it: "+86*******5678", "a***@example.com", "t1***".
std::string Masked(std::string_view value);

}  // namespace tessera::oneid
