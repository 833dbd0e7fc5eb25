#include "engine/partitions.h"

#include <algorithm>

#include "absl/strings/str_format.h"
#include "base/log.h"
#include "base/status.h"
#include "pg/tx.h"

namespace tessera::engine {
namespace {

using pg::Statement;

constexpr int kPeriodsAhead = 2;

// The first day of the period that holds `day`, moved by `periods`.
absl::CivilDay StartOf(absl::CivilDay day, PartitionPeriod period, int periods) {
  switch (period) {
    case PartitionPeriod::kDay:
      return day + periods;
    case PartitionPeriod::kWeek: {
      const absl::CivilDay monday = absl::NextWeekday(day, absl::Weekday::monday) - 7;
      return monday + absl::civil_diff_t{7} * periods;
    }
    case PartitionPeriod::kMonth:
      return absl::CivilDay(absl::CivilMonth(day) + periods);
  }
  return day;
}

// The service's role may make no table; a function of the schema's owner does (migrations/0004).
// Rows of the coming period may lie in the default partition already, if maintenance was late; they are few and stay.
absl::Status Create(pg::Connection& connection, const PartitionedTable& table, absl::CivilDay start,
                    absl::CivilDay end) {
  const auto made = connection.Execute("SELECT make_partition('" + table.name + "', '" + absl::FormatCivilTime(start) +
                                       "', '" + absl::FormatCivilTime(end) + "')");
  if (made.ok()) return absl::OkStatus();
  // IF NOT EXISTS does not help against another instance that makes it at the same moment.
  const std::string sqlstate = ErrorInfoOf(made.status())->metadata["sqlstate"];
  const bool is_there = sqlstate == "42P07" || pg::KindOf(sqlstate) == pg::ErrorKind::kData;
  return is_there ? absl::OkStatus() : made.status();
}

// The partitions of `table` whose range ended before `end`; names end in the first day, _YYYYMMDD.
absl::StatusOr<std::vector<std::string>> EndedPartitions(pg::Connection& connection, const PartitionedTable& table,
                                                         absl::Time end) {
  static constexpr Statement kList = {"list_partitions",
                                      "SELECT c.relname::text FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid "
                                      "WHERE i.inhparent = $1::text::regclass ORDER BY c.relname"};
  pg::Tx tx(connection, "list_partitions", pg::Extent::kStatement);
  std::vector<std::string> ended;
  for (const pg::Row row : tx.Run(kList, table.name)) {
    const std::string name = row.Get<std::string>(0);
    std::string digits = name.substr(std::min(name.size(), table.name.size() + 1));
    if (digits.size() != 8 || digits.find_first_not_of("0123456789") != std::string::npos) continue;
    absl::CivilDay start(std::stoi(digits.substr(0, 4)), std::stoi(digits.substr(4, 2)), std::stoi(digits.substr(6)));
    if (absl::FromCivil(StartOf(start, table.period, 1), absl::UTCTimeZone()) <= end) ended.push_back(name);
  }
  TESSERA_RETURN_IF_ERROR(tx.status());
  return ended;
}

// True if the relay has published every row of the outbox partition.
absl::StatusOr<bool> Relayed(pg::Connection& connection, const std::string& partition) {
  const auto left = connection.Execute("SELECT 1 FROM " + partition +
                                       " o JOIN relay_cursor c USING (log, slot) WHERE o.base_seq >= c.next_seq "
                                       "LIMIT 1");
  if (!left.ok()) return left.status();
  return left->empty();
}

}  // namespace

std::vector<PartitionedTable> EnginePartitionedTables() {
  return {{"outbox", PartitionPeriod::kDay, absl::Hours(7 * 24)},
          {"channel_event", PartitionPeriod::kWeek, absl::Hours(5 * 7 * 24)}};
}

absl::Status MaintainPartitions(pg::Connection& connection, const std::vector<PartitionedTable>& tables,
                                absl::Time now) {
  const absl::CivilDay today = absl::ToCivilDay(now, absl::UTCTimeZone());
  for (const PartitionedTable& table : tables) {
    for (int i = 0; i <= kPeriodsAhead; ++i) {
      TESSERA_RETURN_IF_ERROR(
          Create(connection, table, StartOf(today, table.period, i), StartOf(today, table.period, i + 1)));
    }
    if (table.keep == absl::InfiniteDuration()) continue;
    TESSERA_ASSIGN_OR_RETURN(const auto ended, EndedPartitions(connection, table, now - table.keep));
    for (const std::string& name : ended) {
      if (table.name == "outbox") {
        TESSERA_ASSIGN_OR_RETURN(const bool relayed, Relayed(connection, name));
        if (!relayed) continue;
      }
      TESSERA_RETURN_IF_ERROR(
          connection.Execute("SELECT drop_partition('" + table.name + "', '" + name + "')").status());
      LogInfo("partition dropped", {{"table", name}});
    }
  }
  return absl::OkStatus();
}

}  // namespace tessera::engine
