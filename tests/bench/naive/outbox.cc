#include "tests/bench/naive/outbox.h"

#include "base/murmur2.h"
#include "engine/engine_store.h"
#include "tessera/engine/v1/outbox.pb.h"

namespace tessera::bench::naive {

void Publish(pg::Tx& tx, const engine::Published& event, const engine::Cause& cause, absl::Time now) {
  static constexpr pg::Statement kPublish = {
      "naive_publish",
      "WITH s AS (UPDATE slot SET next_seq = next_seq + 1 WHERE log = $1 AND slot = $2 RETURNING next_seq - 1 AS seq) "
      "INSERT INTO outbox (log, slot, base_seq, event_count, events, posted_time) SELECT $1, $2, s.seq, 1, $3, $4 "
      "FROM s"};
  engine::v1::OutboxEvents packed;
  engine::v1::OutboxEvent& out = *packed.add_events();
  out.set_key(event.key);
  out.set_id(UuidV7Of(cause.time, {cause.brand, cause.id, event.type}).ToString());
  out.set_type(event.type);
  out.set_time_us(absl::ToUnixMicros(event.time));
  out.set_subject(event.subject);
  out.set_brand_id(event.brand);
  out.set_correlation_id(cause.correlation_id);
  out.set_causation_id(cause.id);
  out.set_traceparent(cause.traceparent);
  out.set_data(event.data);
  tx.Run(kPublish, static_cast<int16_t>(event.log), int32_t{KafkaPartition(event.key, engine::kSlots)},
         pg::Bytes{packed.SerializeAsString()}, now);
}

}  // namespace tessera::bench::naive
