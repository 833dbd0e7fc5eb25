#include "base/proto_time.h"

#include <google/protobuf/util/time_util.h>

#include "base/check.h"
#include "base/status.h"

namespace tessera {

using google::protobuf::util::TimeUtil;

google::protobuf::Timestamp ToTimestamp(absl::Time time) {
  TESSERA_CHECK(time != absl::InfiniteFuture() && time != absl::InfinitePast());
  return TimeUtil::MicrosecondsToTimestamp(absl::ToUnixMicros(time));
}

absl::StatusOr<absl::Time> TimeField(const google::protobuf::Timestamp& timestamp, std::string_view field) {
  if (timestamp.seconds() < 0 || timestamp.seconds() > TimeUtil::kTimestampMaxSeconds || timestamp.nanos() < 0 ||
      timestamp.nanos() > 999'999'999) {
    return InvalidField(field, "must lie between 1970 and 9999");
  }
  return absl::FromUnixMicros(TimeUtil::TimestampToMicroseconds(timestamp));
}

}  // namespace tessera
