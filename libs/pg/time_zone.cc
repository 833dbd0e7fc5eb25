#include "pg/time_zone.h"

#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "base/strings.h"
#include "base/time_zone.h"

namespace tessera::pg {

absl::TimeZone ZoneOf(Tx& tx, std::string_view name) {
  const auto zone = FindTimeZone(name);
  if (zone) return *zone;
  tx.Reject(MakeError(absl::StatusCode::kFailedPrecondition,
                      absl::StrCat("this machine's time zone data has no ", ToAbsl(name)),
                      {"TIME_ZONE_UNKNOWN", "tessera", {}}));
  return absl::UTCTimeZone();
}

}  // namespace tessera::pg
