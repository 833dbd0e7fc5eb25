#include "tests/bench/ours/customer_facts.h"

#include "base/clock.h"
#include "base/murmur2.h"
#include "engine/engine_store.h"
#include "events/cloud_event.h"
#include "tests/bench/load/earn_load.h"

namespace tessera::bench {

void PushFact(RecordFeed& feed, const std::string& id, const std::string& key, const std::string& type,
              const google::protobuf::Message& data) {
  events::CloudEvent event;
  event.id = id;
  event.source = "bench/oneid";
  event.type = "com.tessera.oneid." + type + ".v1";
  event.datacontenttype = "application/protobuf";
  event.time = Clock::System().Now();
  event.extensions = {{"brandid", kBrand}};
  event.data = data.SerializeAsString();
  kafka::Record record;
  record.partition = KafkaPartition(key, engine::kSlots);
  record.timestamp = *event.time;
  record.headers = EncodeHeaders(event);
  record.value = event.data;
  feed.Push(std::move(record));
}

}  // namespace tessera::bench
