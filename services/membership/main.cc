// membership: resolved events in, balances and tiers out. Wiring only.
#include "engine/service_main.h"
#include "services/membership/service.h"

namespace {

namespace membership = tessera::membership;
namespace engine = tessera::engine;

absl::StatusOr<engine::ServiceParts> MakeParts(const tessera::KeyFile&) {
  engine::ServiceParts parts;
  parts.name = "membership";
  parts.files = membership::EmbeddedFiles();
  parts.service = membership::NewService();
  parts.apis = {membership::RegisterApi};
  parts.topics = {"tessera.membership.events.v1", "tessera.membership.answers.v1", "tessera.membership.deadletters.v1",
                  ""};
  parts.topics_in = {{.name = "tessera.oneid.customer.v1", .partitions = engine::kSlots}};
  parts.partitioned_tables = membership::PartitionedTables();
  return parts;
}

}  // namespace

int main(int argc, char** argv) {
  return engine::ServiceMain(argc, argv, "membership", membership::EmbeddedFiles(), MakeParts);
}
