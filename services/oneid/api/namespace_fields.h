// Namespaces and brands between the API and the domain. Pure functions.
#pragma once

#include "absl/status/statusor.h"
#include "services/oneid/domain/group_config.h"
#include "tessera/oneid/v1/admin_service.pb.h"
#include "tessera/oneid/v1/namespace.pb.h"

namespace tessera::oneid {

// InvalidArgument that names the field by its path below "namespace".
absl::StatusOr<Namespace> NamespaceOf(const v1::Namespace& message);
v1::Namespace ToProto(const Namespace& ns);

// InvalidArgument that names the field by its path below `path`, such as "brands[2]".
absl::StatusOr<Brand> BrandOf(const v1::BrandSettings& message, std::string_view path);
v1::BrandSettings ToProto(const Brand& brand);

}  // namespace tessera::oneid
