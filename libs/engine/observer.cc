#include "engine/observer.h"

#include <optional>

#include "base/status.h"
#include "metrics/metrics.h"

namespace tessera::engine {
namespace {

using pg::Statement;

// Every second: of what may pile up, not more than so many rows are counted.
const std::vector<ObservedGauge>& EngineGauges() {
  static const auto* const gauges = new std::vector<ObservedGauge>{
      {"tessera_parked_records",
       "Records set aside, up to 100,000",
       {"observe_parked", "SELECT count(*) FROM (SELECT FROM parked LIMIT 100000) p"}},
      {"tessera_parked_keys",
       "Keys whose records wait behind one that was set aside, of 100,000 records",
       {"observe_parked_keys",
        "SELECT count(*) FROM (SELECT DISTINCT topic, partition, record_key FROM (SELECT * FROM parked LIMIT 100000) "
        "p) k"}},
      {"tessera_waiting_events",
       "Events that wait for what they need, up to 100,000",
       {"observe_waiting", "SELECT count(*) FROM (SELECT FROM waiting LIMIT 100000) w"}},
      {"tessera_waiting_oldest_seconds",
       "Age of the event that has waited longest",
       {"observe_waiting_oldest",
        "SELECT (SELECT extract(epoch FROM now() - posted_time)::int8 FROM waiting ORDER BY waiting_id LIMIT 1)"}},
      {"tessera_timers_overdue",
       "Timers that are due, up to 100,000",
       {"observe_timers",
        "SELECT count(*) FROM (SELECT FROM timer WHERE due_time <= now() ORDER BY due_time LIMIT 100000) t"}},
      {"tessera_timers_overdue_seconds",
       "How long the timer that is due longest has been",
       {"observe_timers_oldest",
        "SELECT extract(epoch FROM now() - min(due_time))::int8 FROM timer WHERE due_time <= now()"}},
  };
  return *gauges;
}

void Tell(pg::Tx& tx, const ObservedGauge& gauge) {
  for (const pg::Row row : tx.Run(gauge.statement)) {
    const auto value = row.Get<std::optional<int64_t>>(0).value_or(0);
    metrics::GetGauge(gauge.metric, gauge.help).Set(static_cast<double>(value));
  }
}

}  // namespace

Observer::Observer(LogTopics topics, pg::ConnectionOptions connection, std::vector<ObservedGauge> gauges)
    : topics_(std::move(topics)), gauges_(std::move(gauges)), session_(std::move(connection)) {}

absl::Status Observer::Step() {
  TESSERA_RETURN_IF_ERROR(session_.Ensure());
  pg::Tx tx(*session_, "observe", pg::Extent::kStatement);
  ObserveRelay(tx);
  for (const ObservedGauge& gauge : EngineGauges()) Tell(tx, gauge);
  for (const ObservedGauge& gauge : gauges_) Tell(tx, gauge);
  return tx.status();
}

void Observer::ObserveRelay(pg::Tx& tx) const {
  static constexpr Statement kRelay = {
      "observe_relay",
      "SELECT d.log, sum(d.behind)::int8, coalesce(max(extract(epoch FROM now() - o.posted_time)), 0)::int8 "
      "FROM (SELECT s.log, s.slot, c.next_seq, c.posted_time, s.next_seq - c.next_seq AS behind "
      "FROM slot s JOIN relay_cursor c USING (log, slot)) d "
      "LEFT JOIN LATERAL (SELECT b.posted_time FROM outbox b WHERE d.behind > 0 AND b.log = d.log AND b.slot = d.slot "
      "AND b.base_seq >= d.next_seq AND b.posted_time >= d.posted_time ORDER BY b.base_seq LIMIT 1) o ON true "
      "GROUP BY d.log"};
  for (const pg::Row row : tx.Run(kRelay)) {
    const std::string& topic = topics_[static_cast<size_t>(row.Get<int16_t>(0))];
    if (topic.empty()) continue;
    const metrics::Labels labels = {{"topic", topic}};
    metrics::GetGauge("tessera_relay_lag_events", "Events committed and not yet published", labels)
        .Set(static_cast<double>(row.Get<int64_t>(1)));
    metrics::GetGauge("tessera_relay_lag_seconds", "Age of the oldest event that is not yet published", labels)
        .Set(static_cast<double>(row.Get<int64_t>(2)));
  }
}

}  // namespace tessera::engine
