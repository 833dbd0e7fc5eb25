// Times as google.protobuf.Timestamp, to the microsecond, which is what Postgres keeps. Pure; thread-safe.
#pragma once

#include <google/protobuf/timestamp.pb.h>

#include <string_view>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace tessera {

// The time must be finite: an infinite one has no timestamp, its field stays unset.
google::protobuf::Timestamp ToTimestamp(absl::Time time);

// The time of a field that somebody sent. InvalidArgument, with the field named, unless it lies between 1970 and 9999.
absl::StatusOr<absl::Time> TimeField(const google::protobuf::Timestamp& timestamp, std::string_view field);

}  // namespace tessera
