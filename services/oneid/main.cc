// oneid: channel events in, customers out. Wiring only.
#include "engine/service_main.h"
#include "services/oneid/service.h"

namespace {

namespace oneid = tessera::oneid;
namespace engine = tessera::engine;

constexpr int32_t kChannelPartitions = 16;

absl::StatusOr<engine::ServiceParts> MakeParts(const tessera::KeyFile& keys) {
  oneid::ServiceOptions options;
  options.keys = keys;
  const std::string channel_topic = options.channel_topic;

  engine::ServiceParts parts;
  parts.name = "oneid";
  parts.files = oneid::EmbeddedFiles();
  // It holds personal data in plain text: it is kept for a week only.
  parts.topics_in = {{.name = channel_topic, .partitions = kChannelPartitions, .retention = absl::Hours(7 * 24)}};
  for (const std::string& topic : options.answer_topics) parts.topics_in.push_back({.name = topic, .partitions = 16});
  parts.service = oneid::NewService(std::move(options));
  parts.apis = {oneid::RegisterApi};
  parts.extra_api = [channel_topic](tessera::rpc::Server& server, tessera::kafka::Producer& producer,
                                    const engine::TopicNames& names) {
    oneid::RegisterIntake(server, oneid::NewKafkaSink(producer, names.AtBroker(channel_topic), kChannelPartitions));
  };
  parts.topics = {"tessera.oneid.customer.v1", "", "tessera.oneid.deadletters.v1", "tessera.oneid.identity.v1"};
  parts.partitioned_tables = oneid::PartitionedTables();
  parts.gauges = oneid::Gauges();
  return parts;
}

}  // namespace

int main(int argc, char** argv) { return engine::ServiceMain(argc, argv, "oneid", oneid::EmbeddedFiles(), MakeParts); }
